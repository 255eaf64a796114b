"""What models that are not tuned make of the validation rows: the record of `evaluate --before`."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from tunesmith.evaluation.headroom import Headroom
from tunesmith.stages.results.scores import Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class UntunedScores:
    """What there is to gain before anything is trained.

    Attributes:
        scores: By metric and model, against the references of the validation rows.
        models: Who was asked.
        rows: Validation rows.
        headroom: What tuning can gain, and whether the pairs are better than a bigger model's.
        run: The folder of the run.
    """

    scores: Scores
    models: tuple[str, ...]
    rows: int
    headroom: Headroom
    run: str

    @property
    def summary(self) -> tuple[str, ...]:
        """Lines for people."""
        return tuple(self._lines())

    def _lines(self) -> Iterator[str]:
        from tunesmith.report.advice.headroom_lines import headroom_lines

        return headroom_lines(self.headroom, self.scores.metrics, self.models, self.rows)

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith evaluate --before --json`."""
        told = {"models": list(self.models), "rows": self.rows, "run": self.run}
        return {**self.scores.to_dict(), **told, "headroom": asdict(self.headroom)}
