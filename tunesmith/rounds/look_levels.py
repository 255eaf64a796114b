"""Looks at one test set -> how small a p-value has to be at this look, and the verdict by that.

Whoever tunes again and again and looks each time will see "better" by chance some day. So the
error that may be made is spent look by look (the fallback procedure, Wiens 2003: Holm's method
where the comparisons come one after the other and none can wait for the last): 0.05 at the first
look, as without any correction, and 0.05 / (k (k - 1)) at the k-th, which is another 0.05 over
all that may follow. A look whose "better" holds hands what it spent on to the next, as Holm's
method does, and never more than 0.05. Half of what is spent is for "better", the other half for
"worse": "better" is said wrongly, of any number of looks, with a probability of 5 % at most.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

from tunesmith.evaluation.grade import Comparison
from tunesmith.evaluation.score import SIGNIFICANCE
from tunesmith.evaluation.token_metrics import BESIDE_TEXT
from tunesmith.evaluation.verdict import ON_ROWS, Verdict, metric_title, overall_verdict
from tunesmith.language.translate import sentences, translate
from tunesmith.rounds.look_log import Look, choices_in

_USUAL = 1.959964  # standard errors of a 95 % interval
_TINY, _CERTAIN = 1e-12, 0.9  # p-values beyond which no error can be read from them


@dataclass(frozen=True, slots=True, kw_only=True)
class LookStanding:
    """Which choice on a test set a run's scores are, and the level of each metric there."""

    place: int
    levels: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """The record as it stands in `scores.json`."""
        return {"place": self.place, "levels": dict(self.levels)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "LookStanding":
        """The standing that `to_json` wrote."""
        return cls(place=int(record["place"]), levels=dict(record["levels"]))


def look_standing(
    looks: Sequence[Look], choice: str, comparisons: Sequence[Comparison]
) -> LookStanding | None:
    """Where a state of scores stands among all that were seen of a test set.

    Args:
        looks: At this test set, in order.
        choice: The state; it stands where it was seen first, else behind all others.
        comparisons: Those that it holds.

    Returns:
        None for the first, of which nothing is corrected.
    """
    earlier = []
    for seen, look in choices_in(looks).items():
        if seen == choice:
            break
        earlier.append(look)
    if not earlier:
        return None
    metrics = dict.fromkeys(one.metric for one in comparisons)
    levels = {metric: _level([_tried(look, metric) for look in earlier]) for metric in metrics}
    return LookStanding(place=len(earlier) + 1, levels=levels)


def verdict_after_looks(
    comparisons: Sequence[Comparison],
    standing: LookStanding | None,
    *,
    opening: str = ON_ROWS,
) -> Verdict:
    """The verdict of `overall_verdict`, with p-values corrected for the looks before this one."""
    if standing is None:
        return overall_verdict(comparisons, opening=opening)
    corrected = corrected_comparisons(comparisons, standing)
    found = overall_verdict(corrected, opening=opening)
    told = looks_sentence(comparisons, standing)
    return replace(found, sentence=sentences(found.sentence, told))


def looks_sentence(comparisons: Sequence[Comparison], standing: LookStanding) -> str:
    """How often the test set was looked at, and which differences that explains."""
    measured = [one for one in comparisons if one.p_value is not None]
    texts = [one for one in measured if one.metric not in BESIDE_TEXT]
    told = [(one, smallest_difference(one, standing)) for one in (texts or measured)]
    shown = [(metric_title(one.metric), value) for one, value in told if value]
    if not shown:
        return ""
    return translate(
        "The test set has been looked at {place} times; a difference of less than {points:.1f} "
        "points of {metric} may be chance by choosing.",
        place=standing.place,
        metric=shown[0][0],
        points=shown[0][1],
    )


def smallest_difference(comparison: Comparison, standing: LookStanding) -> float | None:
    """From where on a difference is more than chance, by interval and by p-value.

    The interval is stretched to the level, and the error that the p-value speaks of as well: of
    the two what takes more, as a verdict takes both.
    """
    difference, low, high = comparison.difference, comparison.low, comparison.high
    if difference is None or low is None or high is None:
        return None
    half = difference - low if difference > 0 else high - difference
    level = standing.levels.get(comparison.metric, SIGNIFICANCE)
    errors = [half / _USUAL]
    if comparison.p_value is not None and _TINY < comparison.p_value < _CERTAIN:
        errors.append(abs(difference) / NormalDist().inv_cdf(1 - comparison.p_value / 2))
    return max(errors) * NormalDist().inv_cdf(1 - level / 2)


def corrected_comparisons(
    comparisons: Sequence[Comparison], standing: LookStanding | None
) -> Sequence[Comparison]:
    """Comparisons with p-values and verdicts that pay for the looks before this one."""
    if standing is None:
        return comparisons
    return [_corrected(one, standing) for one in comparisons]


def _corrected(comparison: Comparison, standing: LookStanding) -> Comparison:
    """With the p-value that its level makes of it, and the verdict by that."""
    smallest = smallest_difference(comparison, standing)
    if comparison.p_value is None or smallest is None:
        return comparison
    level = standing.levels.get(comparison.metric, SIGNIFICANCE)
    p_value = min(1.0, comparison.p_value * SIGNIFICANCE / level)
    is_shown = p_value < SIGNIFICANCE and abs(comparison.difference or 0.0) > smallest
    verdict = comparison.verdict if is_shown else "no difference shown"
    return replace(comparison, p_value=p_value, verdict=verdict)


def _level(earlier: Sequence[float]) -> float:
    """The level of the next look, from the p-values of "better" before it (1: none was shown)."""
    spare = 0.0
    for place, p_value in enumerate(earlier, start=1):
        level = min(SIGNIFICANCE, _own_share(place) + spare)
        spare = level if p_value < level else 0.0
    return min(SIGNIFICANCE, _own_share(len(earlier) + 1) + spare)


def _own_share(place: int) -> float:
    return SIGNIFICANCE / max(1, place * (place - 1))


def _tried(look: Look, metric: str) -> float:
    """The p-value by which a look showed "better", times its metrics; 1 where it did not."""
    texts = [one for one in look.comparisons if one.metric not in BESIDE_TEXT]
    for one in look.comparisons:
        if one.metric == metric and one.verdict == "better" and one.p_value is not None:
            return one.p_value * max(1, len(texts))
    return 1.0
