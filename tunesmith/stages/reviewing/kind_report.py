"""Kinds of a run's failures -> each with its rate, its check, and what that says of all answers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tunesmith.rounds.kind_check import CheckedAnswer, KindCheck
from tunesmith.rounds.kind_rates import UNNAMED, KindRate
from tunesmith.rounds.prevalence import CheckQuality, corrected_rate
from tunesmith.rounds.proposed_check import Label, proposed_check, quality_of
from tunesmith.stages.reviewing.review_desk import ReviewDesk

Interval = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindReport:
    """What is known of a kind.

    Attributes:
        rate: By what the person said alone.
        check: How a program finds it; None where nobody has said and nothing could be proposed.
        is_accepted: Whether a person wrote or accepted the check; a proposed one counts nothing.
        quality: The check against what the person said.
        num_found: Answers in which it finds the kind, of all that were given.
        corrected: Rate, low and high in percent of all answers, the check's errors taken out; None
            where it is not known well enough.
    """

    rate: KindRate
    check: KindCheck | None = None
    is_accepted: bool = False
    quality: CheckQuality | None = None
    num_found: int | None = None
    corrected: Interval | None = None

    @property
    def best(self) -> Interval | None:
        """The rate to go by: the narrower interval of the two."""
        counted = self.rate.rate, self.rate.low, self.rate.high
        if None in counted:
            return self.corrected
        own = (float(self.rate.rate or 0), float(self.rate.low or 0), float(self.rate.high or 0))
        if self.corrected is None or not self.is_accepted:
            return own
        return min((own, self.corrected), key=lambda one: one[2] - one[1])

    def to_json(self) -> dict[str, Any]:
        """The record of `tunesmith review --json`."""
        rate, quality = self.rate, self.quality
        found: dict[str, Any] = {"kind": rate.name, "seen": rate.num_seen, "reviewed": rate.count}
        found |= {"rate": rate.rate, "low": rate.low, "high": rate.high}
        if self.check is None or quality is None:
            return found
        corrected = None
        if self.corrected is not None:
            corrected = dict(zip(("rate", "low", "high"), self.corrected, strict=True))
        return {
            **found,
            "check": {
                **self.check.to_json(),
                "is_accepted": self.is_accepted,
                "true_positive_rate": 100 * quality.true_rate,
                "false_positive_rate": 100 * quality.false_rate,
                "labelled": [quality.num_kind, quality.num_other],
                "found": self.num_found,
                "corrected": corrected,
            },
        }


def kind_reports(desk: ReviewDesk) -> list[KindReport]:
    """All kinds that this person has named for these answers, the most frequent first."""
    return [_report(desk, rate) for rate in desk.rates()]


def labels_of(desk: ReviewDesk, kind: str) -> list[Label]:
    """What the person said of the answers, for one kind; what was unsure is no label."""
    return [
        Label(id=row, is_kind=one.kind == kind, answered=desk.rows[row].answered)
        for row, one in desk.reviewed().items()
        if one.judgement == "right" or (one.judgement == "wrong" and one.kind is not None)
    ]


def count_found(check: KindCheck, answers: Iterable[CheckedAnswer]) -> tuple[int, int]:
    """In how many answers a check finds its kind, of how many it could tell."""
    told = [found for found in map(check.finds, answers) if found is not None]
    return sum(told), len(told)


def _report(desk: ReviewDesk, rate: KindRate) -> KindReport:
    kind = desk.book.kinds.get(rate.name)
    told = labels_of(desk, rate.name) if rate.name != UNNAMED else []
    stored = kind.check if kind is not None else None
    check = stored or proposed_check(told)
    if check is None:
        return KindReport(rate=rate)
    return _checked(desk, rate, check, told, is_accepted=stored is not None)


def _checked(
    desk: ReviewDesk,
    rate: KindRate,
    check: KindCheck,
    told: Sequence[Label],
    *,
    is_accepted: bool,
) -> KindReport:
    quality = quality_of(check, told)
    num_found, count = count_found(check, (one.answered for one in desk.rows.values()))
    is_countable = quality.is_known and count > 0
    return KindReport(
        rate=rate,
        check=check,
        is_accepted=is_accepted,
        quality=quality,
        num_found=num_found,
        corrected=corrected_rate(num_found, count, quality) if is_countable else None,
    )
