"""The words of this package, as records: Grade, Score, Comparison.

On disk: `grades/<metric>.jsonl` holds a grade a line; `scores.json` holds scores and
comparisons. Shapes are versioned by `SCHEMA`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tunesmith.files import read_json_lines

SCHEMA = 1
ComparisonOutcome = Literal["better", "worse", "no difference shown"]
CUT = "cut off at max_new_tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """One row's mark under one metric.

    `score` is None where grading failed, and `reason` says why; a reason beside a score is
    a remark on a row that counts. `weight` is the row's share in the score: 1 for a text
    metric, its trained tokens for a metric of tokens. `calls` name what a judge was asked.
    """

    example_id: str
    model: str
    metric: str
    score: float | None
    reason: str | None = None
    weight: float = 1.0
    calls: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The record as a line of `grades/<metric>.jsonl`."""
        record: dict[str, Any] = {
            "example_id": self.example_id,
            "model": self.model,
            "metric": self.metric,
            "score": self.score,
            "reason": self.reason,
        }
        if self.weight != 1.0:
            record["weight"] = self.weight
        if self.calls:
            record["calls"] = list(self.calls)
        return record

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Grade":
        """The grade that `to_json` wrote."""
        return cls(**{**record, "calls": tuple(record.get("calls", ()))})


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The weighted mean of a model's grades, its 95 % interval, and what it rests on.

    `value` is None where no row could be graded; `low` and `high` are None where the rows
    say nothing about their spread. `count` rows are in the value, `failed` rows are not; had
    each of those earned 0 or 100, the value would be `low_if_failed` or `high_if_failed`.
    """

    value: float | None
    low: float | None
    high: float | None
    count: int
    failed: int
    low_if_failed: float | None = None
    high_if_failed: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The record as it stands in `scores.json`; the bounds only where they differ."""
        record: dict[str, Any] = {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "count": self.count,
            "failed": self.failed,
        }
        if self.low_if_failed is not None:
            record["low_if_failed"] = self.low_if_failed
            record["high_if_failed"] = self.high_if_failed
        return record

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Score":
        """The score that `to_json` wrote."""
        return cls(**record)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`second` minus `first` over the `count` rows that both were graded on.

    `left_out` rows failed for one of them. The verdict is about `second`.
    """

    metric: str
    first: str
    second: str
    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None
    verdict: ComparisonOutcome
    count: int
    left_out: int = 0

    def to_json(self) -> dict[str, Any]:
        """The record as it stands in `scores.json`."""
        return {
            "metric": self.metric,
            "first": self.first,
            "second": self.second,
            "difference": self.difference,
            "low": self.low,
            "high": self.high,
            "p_value": self.p_value,
            "verdict": self.verdict,
            "count": self.count,
            "left_out": self.left_out,
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Comparison":
        """The comparison that `to_json` wrote."""
        return cls(**record)


def read_grades(path: Path) -> Iterator[Grade]:
    """The grades of one `grades/<metric>.jsonl`, one at a time."""
    return (Grade.from_json(record) for record in read_json_lines(path))
