"""What differs between runs, and where data went: the records of `compare` and `publish`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tunesmith.evaluation.grade import Comparison
from tunesmith.stages.results.record_json import FOR_PEOPLE, IF_SET, as_dict


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsCompared:
    """What differs between two sides of runs, and whether it mattered.

    Attributes:
        sides: The runs of A and of B.
        claim: Of what the verdict speaks.
        rows: Test rows that all share, and that each side has.
        differences: In recipe, data, model and engine.
        metrics: The mean of each side and run, by metric.
        comparisons: B minus A, metric by metric.
        verdict: Over all metrics: an outcome and a sentence.
        looks: Which choice on the test set the comparison is; None for the first.
        answers: The rows whose answers differ most.
        forced: What was compared though it should not be, and the reason; None if nothing.
        report: The Markdown file; None where none was asked for.
        summary: Lines for people.
    """

    sides: Mapping[str, tuple[str, ...]]
    claim: str
    rows: Mapping[str, int]
    differences: Mapping[str, object]
    metrics: Mapping[str, object]
    comparisons: tuple[Comparison, ...]
    verdict: Mapping[str, str]
    answers: tuple[Mapping[str, object], ...]
    forced: Mapping[str, object] | None
    looks: Mapping[str, object] | None = field(default=None, metadata=IF_SET)
    report: str | None = field(default=None, metadata=IF_SET)
    summary: tuple[str, ...] = field(default=(), metadata=FOR_PEOPLE)

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith compare --json`."""
        return as_dict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Where data went.

    Attributes:
        url: Of the data set.
        revision: The commit.
        rows: By split.
        forced: The reason to publish what still holds people's data; None without one.
        leaks: How many rows of each kind hold it; None without a reason.
    """

    url: str
    revision: str
    rows: Mapping[str, int]
    forced: str | None = field(default=None, metadata=IF_SET)
    leaks: Mapping[str, int] | None = field(default=None, metadata=IF_SET)

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith publish --json`."""
        return as_dict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedModel:
    """Where a model went.

    Attributes:
        url: Of the model.
        revision: The commit.
        files: What went there, with their sizes in bytes.
        headline: What its card says first.
        forced: The reason to publish what would have been refused; None without one.
        refused: What that was; None without a reason.
    """

    url: str
    revision: str
    files: Mapping[str, int]
    headline: str
    forced: str | None = field(default=None, metadata=IF_SET)
    refused: tuple[str, ...] | None = field(default=None, metadata=IF_SET)

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith publish --model --json`."""
        return as_dict(self)
