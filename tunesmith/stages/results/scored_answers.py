"""What answers in a file are worth: the record of `evaluate --answers`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tunesmith.stages.results.record_json import FOR_PEOPLE, as_dict
from tunesmith.stages.results.scores import Scores

if TYPE_CHECKING:
    from tunesmith.report.record import RunRecord
    from tunesmith.stages.execution.opened_run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredAnswers:
    """The scores of answers that existed already.

    Attributes:
        scores: As after training.
        columns: What was read as what, and what was not read.
        dropped: Rows left out, by reason.
        report: The page.
        summary: Lines for people.
    """

    scores: Scores
    columns: Mapping[str, Any]
    dropped: Mapping[str, int]
    report: str
    summary: tuple[str, ...] = field(default=(), metadata=FOR_PEOPLE)

    @classmethod
    def of(
        cls,
        scores: Mapping[str, Any],
        *,
        columns: Mapping[str, Any],
        dropped: Mapping[str, int],
        record: "RunRecord",
        run: "Run",
    ) -> "ScoredAnswers":
        """The record of scores that were just written."""
        from tunesmith.report.summary import summary_lines

        lines = [*_column_lines(columns, dropped), "", *summary_lines(record)]
        return cls(
            scores=Scores.from_dict(scores),
            columns=columns,
            dropped=dropped,
            report=str(run.folder.page),
            summary=tuple(lines),
        )

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith evaluate --answers --json`."""
        record = as_dict(self)
        del record["scores"]
        return {**self.scores.to_dict(), **record}


def _column_lines(columns: Mapping[str, Any], dropped: Mapping[str, int]) -> Iterator[str]:
    told = {
        "question": columns["asked"],
        "reference": [columns["reference"]] if columns["reference"] else [],
        "answers": [f"{name!r} of {model}" for model, name in columns["answers"].items()],
        "marks": [f"{name!r}: {' of '.join(one)}" for name, one in columns["scores"].items()],
        "preferences": [name for name in columns["preference"] or () if name],
        "not read": columns["not_read"],
    }
    for name, found in told.items():
        if found:
            yield f"{name}: {', '.join(found)}"
    if dropped:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in dropped.items())
        yield f"rows left out: {sum(dropped.values()):,} ({reasons})"
