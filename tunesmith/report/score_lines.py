"""RunRecord -> a line a metric: the models' scores side by side, difference and verdict."""

from collections.abc import Mapping
from dataclasses import dataclass

from tunesmith.evaluation.grade import Comparison, Score
from tunesmith.language.retell import as_shown
from tunesmith.language.translate import listing, translate
from tunesmith.report.judge_facts import trust_of
from tunesmith.report.number_text import (
    NOTHING,
    digits_of,
    interval,
    number,
    p_text,
    shown_title,
    signed,
)
from tunesmith.report.record import BASE, TUNED, RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine:
    """One metric's scores, and tuned against base, or against a rival."""

    metric: str
    scores: Mapping[str, Score]  # by model
    comparison: Comparison | None
    trust: str | None = None  # of the judge, where the metric is its

    @property
    def name(self) -> str:
        """The metric as people write it."""
        return shown_title(self.metric)

    @property
    def title(self) -> str:
        """The same, and whether its judge can be trusted, on one line."""
        if self.trust is None:
            return self.name
        return translate("{metric} ({trust})", metric=self.name, trust=as_shown(self.trust))

    @property
    def digits(self) -> int:
        """Digits after the point."""
        return digits_of(self.metric)

    def value(self, model: str) -> str:
        """The score as text."""
        return number(self.scores[model].value, self.digits) if model in self.scores else NOTHING

    def interval(self, model: str) -> str:
        """Its interval as text."""
        score = self.scores.get(model)
        return interval(score.low, score.high, self.digits) if score else NOTHING

    @property
    def difference(self) -> str:
        """Tuned minus the other as text."""
        return signed(self.comparison.difference if self.comparison else None, self.digits)

    @property
    def difference_interval(self) -> str:
        """Its interval as text."""
        if self.comparison is None:
            return NOTHING
        return interval(self.comparison.low, self.comparison.high, self.digits, sign=True)

    @property
    def p_text(self) -> str:
        """`p = 0.012` or a dash."""
        return p_text(self.comparison) if self.comparison else NOTHING

    @property
    def verdict(self) -> str:
        """In words; a dash where there is nothing to compare."""
        return self.comparison.verdict if self.comparison else NOTHING


def score_lines(record: RunRecord) -> list[ScoreLine]:
    """The metrics from 0 to 100, in the order of `scores.json`."""
    return [_line(record, metric) for metric in record.scores if metric != "loss"]


def loss_line(record: RunRecord) -> ScoreLine | None:
    """The loss on the test set, in nats per token."""
    return _line(record, "loss") if "loss" in record.scores else None


def rival_lines(record: RunRecord) -> list[tuple[str, ScoreLine]]:
    """Each model beside base and tuned, with tuned compared with it, a line a metric."""
    return [
        (rival, _line(record, metric, first=rival))
        for rival in record.models
        if rival not in (BASE, TUNED)
        for metric in record.scores
        if record.comparison(metric, rival) is not None
    ]


def untuned_comparisons(record: RunRecord) -> list[str]:
    """Models that were compared with each other where none of them was tuned, a line each."""
    return [
        translate(
            "{metric}, {second} against {first}: {value} ({range}), {verdict}, {p}",
            metric=shown_title(one.metric),
            second=one.second,
            first=one.first,
            value=signed(one.difference, 1),
            range=interval(one.low, one.high, 1, sign=True),
            verdict=as_shown(one.verdict),
            p=p_text(one),
        )
        for one in record.comparisons
        if one.difference is not None and TUNED not in (one.first, one.second)
    ]


def failure_lines(record: RunRecord) -> list[str]:
    """What could not be graded and what was cut off, a sentence each."""
    by_reason: dict[tuple[str, str, int], list[str]] = {}
    for metric in record.scores:
        for model in record.models:
            for reason, count in record.failures.get((metric, model), {}).items():
                by_reason.setdefault((model, reason, count), []).append(shown_title(metric))
    lines = [
        translate(
            "{model}: {count:,} failed under {metrics} ({reason}); not in the score.",
            model=model,
            count=count,
            metrics=listing(*metrics),
            reason=as_shown(reason),
        )
        for (model, reason, count), metrics in by_reason.items()
    ]
    for model, answers in record.answers.items():
        if answers.num_cut:
            lines.append(
                translate(
                    "{model}: {count:,} of {total:,} answers were cut off at max_new_tokens; "
                    "graded as they stand.",
                    model=model,
                    count=answers.num_cut,
                    total=answers.num_answers,
                )
            )
        if answers.num_near_ties:
            lines.append(
                translate(
                    "{model}: {count:,} of {total:,} answers hang on two nearly equal tokens; "
                    "another batch size may write them otherwise.",
                    model=model,
                    count=answers.num_near_ties,
                    total=answers.num_answers,
                )
            )
    return lines


def _line(record: RunRecord, metric: str, *, first: str = BASE) -> ScoreLine:
    return ScoreLine(
        metric=metric,
        scores=record.scores[metric],
        comparison=record.comparison(metric, first),
        trust=trust_of(record, metric),
    )
