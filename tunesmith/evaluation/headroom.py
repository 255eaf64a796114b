"""Scores of models that are not tuned -> what tuning can gain, and whether the pairs are good ones.

Tuning pays where a model is so-so: it does part of the task, so that the knowledge is there, and is
far from the references. Limits are on the 0 to 100 of the main metric, and an interval has to lie
beyond one as a whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tunesmith.evaluation.grade import Score

Task = Literal["next to nothing", "so-so", "good already", "cannot be told"]
Pairs = Literal[
    "better",
    "worse",
    "no difference shown",
    "no judge",
    "judge not to be trusted",
    "no bigger model",
]
NOTHING_BELOW, GOOD_ABOVE = 10.0, 90.0
_EVEN = 50.0  # of a win rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """What there is to gain.

    Attributes:
        metric: That it is measured by.
        best: The model that does best untuned.
        task: How well that model does it.
        gain: From its score to the references'.
        pairs: The references against the bigger model's own answers, by the judge.
        bigger: Which model that is.
    """

    metric: str
    best: str
    task: Task
    gain: float | None
    pairs: Pairs
    bigger: str | None


def headroom(
    scores: Mapping[str, Mapping[str, Score]],
    *,
    main: str,
    untuned: Sequence[str],
    rivals: Sequence[str],
    is_judge_trusted: bool,
) -> Headroom:
    """Read what there is to gain out of the scores.

    Args:
        scores: By metric and model; `win_rate`, where a judge compared, is against the references.
        main: The metric to go by.
        untuned: Ways to ask the model that is to be tuned.
        rivals: The bigger models, in the recipe's order.
        is_judge_trusted: Whether what it made of planted answers allows to believe it.
    """
    by_model = scores[main]
    own = {name: one for name, one in by_model.items() if name in untuned and _known(one)}
    best = max(own, key=lambda name: own[name].value or 0.0, default="base")
    value = own[best].value if best in own else None
    bigger = max(rivals, key=lambda name: _value(by_model.get(name)), default=None)
    return Headroom(
        metric=main,
        best=best,
        task=_task(own.get(best)),
        gain=None if value is None else 100.0 - value,
        pairs=_pairs(scores.get("win_rate"), bigger, is_judge_trusted),
        bigger=bigger,
    )


def _known(score: Score) -> bool:
    return score.value is not None


def _value(score: Score | None) -> float:
    return -1.0 if score is None or score.value is None else score.value


def _task(score: Score | None) -> Task:
    if score is None or score.low is None or score.high is None:
        return "cannot be told"
    if score.high < NOTHING_BELOW:
        return "next to nothing"
    if score.low > GOOD_ABOVE:
        return "good already"
    is_between = score.low >= NOTHING_BELOW and score.high <= GOOD_ABOVE
    return "so-so" if is_between else "cannot be told"


def _pairs(
    win_rates: Mapping[str, Score] | None, bigger: str | None, is_judge_trusted: bool
) -> Pairs:
    """The bigger model's wins are the references' losses."""
    if bigger is None:
        return "no bigger model"
    score = (win_rates or {}).get(bigger)
    if score is None or score.low is None or score.high is None:
        return "no judge"
    if not is_judge_trusted:
        return "judge not to be trusted"
    if score.high < _EVEN:
        return "better"
    return "worse" if score.low > _EVEN else "no difference shown"
