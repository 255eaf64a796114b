"""What the next round changes: the record of `next`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tunesmith.stages.results.record_json import FOR_PEOPLE, as_dict


@dataclass(frozen=True, slots=True, kw_only=True)
class NextRound:
    """A round that was planned.

    Attributes:
        run: Whose answers were reviewed.
        recipe: The next recipe; None where nothing was written.
        tasks: What to do, the most useful first.
        changes: What differs in the next recipe, key by key.
        corrected: Rows that are added.
        left_out: Rows that are taken out.
        refused: Corrections that would have leaked a test row.
        summary: The same for a person.
    """

    run: str
    recipe: str | None
    tasks: Sequence[Mapping[str, Any]]
    changes: Sequence[str]
    corrected: int
    left_out: int
    refused: Sequence[str] = ()
    summary: tuple[str, ...] = field(default=(), metadata=FOR_PEOPLE, repr=False)

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith next --json`."""
        return as_dict(self)
