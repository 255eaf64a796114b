"""What answers are worth: the records of `evaluate`, made from `scores.json`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tunesmith.errors import MissingError
from tunesmith.evaluation.grade import Comparison, Score
from tunesmith.evaluation.headline import headline_of
from tunesmith.evaluation.usability.usability import Usability
from tunesmith.rounds.look_levels import LookStanding
from tunesmith.stages.results.record_json import FOR_PEOPLE, IF_SET, as_dict, known_fields

if TYPE_CHECKING:
    from tunesmith.report.record import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeResult:
    """Who judged, and whether to believe it.

    Attributes:
        name: Of the judge.
        prompt: The version of what it was asked.
        trust: The verdict on it, the reasons, and the figures they rest on.
        pairwise_prompt: The version of what it was asked of pairs; None without pairs.
        against: With whom every model was compared; None without pairs.
        preferences: What decided pairs, by model; None without pairs.
        summary: Lines for people, where only the judge was tried.
    """

    name: str
    prompt: str
    trust: Mapping[str, object]
    pairwise_prompt: str | None = field(default=None, metadata=IF_SET)
    against: str | None = field(default=None, metadata=IF_SET)
    preferences: Mapping[str, object] | None = field(default=None, metadata=IF_SET)
    summary: tuple[str, ...] = field(default=(), metadata=FOR_PEOPLE)

    @property
    def verdict(self) -> str:
        """`usable`, `with care` or `do not use`."""
        return str(self.trust["verdict"])

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "JudgeResult":
        """The record that stands in `scores.json`."""
        return known_fields(cls, record, summary=tuple(record.get("summary", ())))

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith evaluate --check-judge --json`."""
        return as_dict(self)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Scores:
    """The scores of every model under every metric, and the comparisons with `tuned`.

    `scores["chrf"]["tuned"].value` is a number from 0 to 100, or None where no row counts.

    Attributes:
        schema: Of the record.
        normalisation: The version of how texts are made comparable.
        metrics: By metric and model.
        loss: By model, in nats per token of the references; None where it was not measured.
        comparisons: Of every other model with `tuned`, metric by metric.
        judge: None without one.
        usability: Whether each model's answers can be used, and on what that rests.
        headline: A title of two parts, better and usable, and the sentences below it.
        probes: What the base model knew and the tuned one forgot; None where nothing was asked.
        benchmarks: What lm_eval found of both; None without.
        groups: Scores by task, source, tag and kind (reads, writes); None where there is one group.
        looks: Which choice on the test set these scores are; None for the first.
    """

    schema: int
    normalisation: int | str | None = None
    metrics: Mapping[str, Mapping[str, Score]]
    loss: Mapping[str, Score] | None = field(default=None, metadata=IF_SET)
    comparisons: tuple[Comparison, ...] = ()
    judge: JudgeResult | None = field(default=None, metadata=IF_SET)
    usability: Usability | None = field(default=None, metadata=IF_SET)
    headline: Mapping[str, str] | None = field(default=None, metadata=IF_SET)
    probes: Mapping[str, Any] | None = field(default=None, metadata=IF_SET)
    benchmarks: Mapping[str, Any] | None = field(default=None, metadata=IF_SET)
    groups: Mapping[str, Any] | None = field(default=None, metadata=IF_SET)
    looks: Mapping[str, Any] | None = field(default=None, metadata=IF_SET)

    def __repr__(self) -> str:
        models = {name for models in self.metrics.values() for name in models}
        return f"Scores(metrics={sorted(self.metrics)}, models={sorted(models)})"

    def __iter__(self) -> Iterator[str]:
        yield from self.metrics

    def __getitem__(self, metric: str) -> Mapping[str, Score]:
        """The scores under a metric, by model; `loss` is one too.

        Raises:
            MissingError: There is no such metric; the others are named.
        """
        known = {**self.metrics, **({} if self.loss is None else {"loss": self.loss})}
        if metric in known:
            return known[metric]
        cure = f"There are: {', '.join(known)}."
        raise MissingError(f"the run has no scores under {metric!r}", where="scores", cure=cure)

    @property
    def verdict(self) -> str:
        """Whether tuned can be used and is better than base, in a title and sentences."""
        found = headline_of(self._record().verdict, self.usability)
        return f"{found.title}. {found.sentence}"

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Scores":
        """The record that stands in `scores.json`."""
        judge, usability = record.get("judge"), record.get("usability")
        return known_fields(
            cls,
            record,
            metrics={name: _by_model(models) for name, models in record["metrics"].items()},
            loss=_by_model(record["loss"]) if "loss" in record else None,
            comparisons=tuple(map(Comparison.from_json, record.get("comparisons", ()))),
            judge=None if judge is None else JudgeResult.from_dict(judge),
            usability=None if usability is None else Usability.from_json(usability),
        )

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith evaluate --json`."""
        return as_dict(self)

    def _record(self) -> "RunRecord":
        from tunesmith.report.notebook import scores_alone

        scores = {**self.metrics, **({} if self.loss is None else {"loss": self.loss})}
        judge = {} if self.judge is None else self.judge.to_dict()
        looks = None if self.looks is None else LookStanding.from_json(self.looks)
        return scores_alone(scores, self.comparisons, judge, self.usability, looks)

    def _repr_html_(self) -> str:
        from tunesmith.report.notebook import framed, score_tables, verdict

        record = self._record()
        return framed(verdict(record), score_tables(record))


def _by_model(models: Mapping[str, Any]) -> dict[str, Score]:
    return {model: Score.from_json(score) for model, score in models.items()}
