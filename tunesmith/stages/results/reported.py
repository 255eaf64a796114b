"""What a run comes to: the records of `report`, `run` and `demo`."""

from dataclasses import dataclass, field
from pathlib import Path

from tunesmith.report.advice.finding import Finding
from tunesmith.stages.results.prepared import Prepared
from tunesmith.stages.results.record_json import FOR_PEOPLE, as_dict
from tunesmith.stages.results.scores import Scores
from tunesmith.stages.results.trained import Trained


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The report of a run.

    Attributes:
        report: The path of the page; report.md, curves.svg and diagnosis.json lie beside it.
        diagnosis: What stands out about the run, and what changes it; the gravest first.
        summary: Its essence, in lines of text.
    """

    report: str
    diagnosis: tuple[Finding, ...] = field(default=(), repr=False)
    summary: tuple[str, ...] = field(default=(), metadata=FOR_PEOPLE, repr=False)

    @property
    def page(self) -> Path:
        """The page, which opens in a browser."""
        return Path(self.report)

    def __str__(self) -> str:
        return "\n".join(self.summary)

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith report --json`."""
        return as_dict(self)

    def _repr_html_(self) -> str:
        from tunesmith.language.translate import in_language
        from tunesmith.report.notebook import framed, loss_curve, score_tables, verdict
        from tunesmith.report.record import read_run_record

        record = read_run_record(self.page.parent)
        with in_language(record.language):
            return framed(verdict(record), score_tables(record), loss_curve(record))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopResult:
    """What each stage of the whole loop returned, one after the other."""

    prepared: Prepared
    trained: Trained
    scores: Scores
    written: Report

    @property
    def summary(self) -> tuple[str, ...]:
        """The report's essence, in lines of text."""
        return self.written.summary

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith run --json`."""
        return {
            **self.prepared.to_dict(),
            **self.trained.to_dict(),
            "scores": self.scores.to_dict(),
            **self.written.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstration:
    """The whole loop on what ships with the package, and its story in lines of text."""

    loop: LoopResult
    story: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith demo --json`."""
        return {**self.loop.to_dict(), "story": list(self.story)}
