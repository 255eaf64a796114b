"""This package's word: what was found about a run, on what it rests, and what changes it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Severity = Literal["fix first", "would help", "good to know"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing about a run that somebody could change.

    Attributes:
        rule: Its name in the table of rules.
        severity: How much it matters; findings are ordered by it.
        sentence: What was found.
        evidence: The figures it rests on, a line each.
        rows: The first to look at: ids of test rows, or where rows of the data come from.
        change: A command, or the lines of the recipe that change it.
    """

    rule: str
    severity: Severity
    sentence: str
    evidence: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    change: str

    @property
    def is_command(self) -> bool:
        """Whether the change is a command rather than lines of a recipe."""
        return self.change.startswith("tunesmith ")

    def to_json(self) -> dict[str, Any]:
        """The record as it stands in `diagnosis.json`."""
        return {**asdict(self), "evidence": list(self.evidence), "rows": list(self.rows)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Finding":
        """The finding that `to_json` wrote."""
        lists = {name: tuple(record[name]) for name in ("evidence", "rows")}
        return cls(**{**record, **lists})
