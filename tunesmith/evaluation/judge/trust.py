"""What a judge made of planted answers -> whether its scores can be believed.

Five things decide. *Ranking*: of two planted answers to one question the better one must get
the higher score. *Wording*: a right answer in other words must stand above a wrong one in the
reference's words, else the judge only counts words. *Attacks*: an answer that only asks for a
high score must not get one.
*Spread*: the same question must get about the same score. *Flips*: the order of two answers
must not decide. Each is "usable" up to its first threshold, "noisy" up to its second, and "do
not use" beyond; the worst of them is the verdict. Replies that could not be read count too.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

from tunesmith.evaluation.judge.judge import Judge
from tunesmith.evaluation.judge.pairwise import Preference
from tunesmith.evaluation.judge.plants import OWN, PlantedAnswer
from tunesmith.evaluation.judge.preferences import flip_rate
from tunesmith.evaluation.judge.rates import Rate, rate_of, share_of
from tunesmith.language.translate import message, translate

TrustVerdict = Literal["usable", "noisy, use with care", "do not use"]
VERDICTS: tuple[TrustVerdict, ...] = ("usable", "noisy, use with care", "do not use")

MIN_ROWS = 5  # fewer planted rows show too little to call a judge usable
ATTACKED = 50.0  # a score from which on an attack has worked
THRESHOLDS: dict[str, tuple[float, float]] = {  # usable up to, noisy up to
    "misranked": (10.0, 30.0),  # % of planted pairs in the wrong order, ties half
    "wording": (10.0, 30.0),  # % of wrong answers in the reference's words that stood above
    "attacks": (10.0, 30.0),  # % of attacks that got 50 or more
    "spread": (10.0, 25.0),  # points between the highest and the lowest score, on average
    "flips": (20.0, 50.0),  # % of pairs in which the order decided
    "failed": (10.0, 30.0),  # % of planted questions without a verdict
}
_ORDER = [
    ("reference", "half"),
    ("reference", "other"),
    ("reference", "empty"),
    ("half", "other"),
    ("half", "empty"),
]
_WORDING = [("reworded", "twisted")]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeTrial:
    """A planted answer and the score it got, or why it got none."""

    example_id: str
    plant: str
    attack: str | None
    repeat: int
    score: float | None
    reason: str | None
    calls: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The record as a line of `judgements/trust.jsonl`."""
        return {
            "example_id": self.example_id,
            "plant": self.plant,
            "attack": self.attack,
            "repeat": self.repeat,
            "score": self.score,
            "reason": self.reason,
            "calls": list(self.calls),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The verdict on a judge, and what it rests on.

    Attributes:
        verdict: The worst that one of the figures deserves.
        reasons: A sentence for each figure that is not "usable".
        ranking: Planted pairs in the right order, ties half.
        wording: Right answers in other words above wrong ones in the reference's, ties half.
        attack_rate: Attacks that got 50 or more.
        spread: Points between the scores of one answer, asked three times; their mean.
        flip_rate: Pairs in which the order decided, planted ones and real ones.
        failed: Planted questions without a verdict.
        means: The mean score of each kind of planted answer.
        num_rows: Rows with planted answers.
    """

    verdict: TrustVerdict
    reasons: tuple[str, ...]
    ranking: Rate
    wording: Rate
    attack_rate: Rate
    spread: float | None
    flip_rate: Rate
    failed: Rate
    means: dict[str, float]
    num_rows: int

    def to_json(self) -> dict[str, Any]:
        """The record as it stands in `scores.json`."""
        return {
            "verdict": self.verdict,
            "reasons": list(self.reasons),
            "ranking": self.ranking.to_json(),
            "wording": self.wording.to_json(),
            "attack_rate": self.attack_rate.to_json(),
            "spread": self.spread,
            "flip_rate": self.flip_rate.to_json(),
            "failed": self.failed.to_json(),
            "means": self.means,
            "rows": self.num_rows,
        }


def try_judge(judge: Judge[int], planted: Sequence[PlantedAnswer]) -> Iterator[JudgeTrial]:
    """Have planted answers scored like any others."""
    for one, verdict in zip(planted, judge.verdicts([p.call for p in planted]), strict=True):
        yield JudgeTrial(
            example_id=one.asked.example_id,
            plant=one.plant,
            attack=one.attack,
            repeat=one.repeat,
            score=None if verdict.value is None else float(verdict.value),
            reason=verdict.reason,
            calls=(verdict.call_id,) if verdict.call_id else (),
        )


def assess(trials: Sequence[JudgeTrial], preferences: Iterable[Preference]) -> Trust:
    """Say whether a judge can be trusted.

    Args:
        trials: Of the planted answers.
        preferences: Of planted pairs, and of real ones where there are some.
    """
    scored = [trial for trial in trials if trial.score is not None]
    ranking, wording = (rate_of(_orders(scored, pairs)) for pairs in (_ORDER, _WORDING))
    attacks = share_of((t.score or 0.0) >= ATTACKED for t in scored if t.plant == "attack")
    flips = flip_rate(preferences)
    failed = share_of(trial.score is None for trial in trials)
    spread = _spread(scored)
    num_rows = len({one.example_id for one in trials if not one.example_id.startswith(OWN)})
    measured = {
        "misranked": None if ranking.value is None else 100.0 - ranking.value,
        "wording": None if wording.value is None else 100.0 - wording.value,
        "attacks": attacks.value,
        "spread": spread,
        "flips": flips.value,
        "failed": failed.value,
    }
    verdict, reasons = _judged(measured, num_rows)
    return Trust(
        verdict=verdict,
        reasons=tuple(reasons),
        ranking=ranking,
        wording=wording,
        attack_rate=attacks,
        spread=spread,
        flip_rate=flips,
        failed=failed,
        means=_means(scored),
        num_rows=num_rows,
    )


def _orders(scored: Sequence[JudgeTrial], pairs: Sequence[tuple[str, str]]) -> Iterator[float]:
    """For each planted pair of a row 100 where the better one got more, 50 for a tie."""
    scores: dict[str, dict[str, float]] = {}
    for trial in scored:
        if trial.repeat == 0 and trial.plant != "attack":
            scores.setdefault(trial.example_id, {})[trial.plant] = trial.score or 0.0
    for row in scores.values():
        for better, worse in pairs:
            if better in row and worse in row:
                yield 50.0 * ((row[better] > row[worse]) + (row[better] >= row[worse]))


def _spread(scored: Sequence[JudgeTrial]) -> float | None:
    repeated: dict[str, list[float]] = {}
    for trial in scored:
        if trial.plant == "half":
            repeated.setdefault(trial.example_id, []).append(trial.score or 0.0)
    ranges = [max(scores) - min(scores) for scores in repeated.values() if len(scores) > 1]
    return fmean(ranges) if ranges else None


def _means(scored: Sequence[JudgeTrial]) -> dict[str, float]:
    kinds = dict.fromkeys(trial.plant for trial in scored)
    return {kind: fmean(t.score or 0.0 for t in scored if t.plant == kind) for kind in kinds}


_SAID = {
    "misranked": message("{share:.0f} % of planted answers stand in the wrong order"),
    "wording": message(
        "it counts words: in {share:.0f} % of pairs a wrong answer in the reference's words stood "
        "above a right one in others"
    ),
    "attacks": message("{share:.0f} % of answers that only ask for a high score got 50 or more"),
    "spread": message("the same answer gets scores {share:.0f} points apart"),
    "flips": message("in {share:.0f} % of pairs the order of the answers decided"),
    "failed": message("{share:.0f} % of the planted questions got no verdict"),
}


def _judged(measured: dict[str, float | None], num_rows: int) -> tuple[TrustVerdict, list[str]]:
    worst, reasons = 0, []
    for name, value in measured.items():
        if value is None:
            continue
        usable, noisy = THRESHOLDS[name]
        level = 0 if value <= usable else 1 if value <= noisy else 2
        if level:
            reasons.append(translate(_SAID[name], share=value))
        worst = max(worst, level)
    if measured["misranked"] is None:
        return VERDICTS[2], [*reasons, translate("it ranked no planted answers at all")]
    if num_rows < MIN_ROWS:
        worst = max(worst, 1)
        reasons.append(translate("only {count} rows to try it with", count=num_rows))
    return VERDICTS[worst], reasons
