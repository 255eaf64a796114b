"""Counts and rates -> the sentences that say what is wrong with answers, and what is right."""

from collections import Counter
from collections.abc import Mapping

from tunesmith.evaluation.grade import Score
from tunesmith.evaluation.usability.fault_signs import SIGNS
from tunesmith.evaluation.usability.tally import FAULTY, RIGHT, Tally

_CHANCE = 50
_NO_FIT = 60
_NUM_GROUPS = 3
_WEAK = 0.5
_MAX_SIGNS = 3
_TASK = "task:"
_MAX_NAME = 40


def usable_sentence(tally: Tally, rates: Mapping[str, Score]) -> str:
    """What speaks for answers that can be used."""
    faulty, right = rates[FAULTY], rates[RIGHT]
    faults = _of(tally.hits[FAULTY], faulty, "answers", ("has a fault", "have a fault"))
    return f"{faults}; {_percent(right)} are right."


def fault_sentence(tally: Tally, score: Score) -> str:
    """How many answers cannot be used, and for which reasons."""
    num_faulty = tally.hits[FAULTY]
    if not num_faulty:
        return (
            f"None of {score.count:,} answers has a fault, but as few leave room for "
            f"{score.high:.0f} % of faulty ones."
        )
    ranked = sorted(SIGNS, key=lambda sign: -tally.hits[sign])
    told = [_sign(sign, tally.hits[sign]) for sign in ranked[:_MAX_SIGNS] if tally.hits[sign]]
    many = _of(num_faulty, score, "answers", ("cannot be used", "cannot be used"))
    return f"{many}: {', '.join(told)}."


def wrong_sentence(tally: Tally, score: Score) -> str:
    """How many of the answers that can be checked are right, and where fewest are."""
    right = round((score.value or 0) * score.count / 100)
    told = _of(right, score, "answers that can be checked", ("is right", "are right"))
    weak = [
        f"{_name(name)} ({hits:,} of {total:,})"
        for name, hits, total in tally.weakest(_NUM_GROUPS)
        if name and hits < _WEAK * total
    ]
    return f"{told}; weakest: {', '.join(weak)}." if weak else f"{told}."


def fit_sentence(tally: Tally, score: Score) -> str:
    """How well texts fit their own question."""
    value = score.value or 0
    how = "no better than" if value < _NO_FIT else "only a little better than"
    if (score.low or 0) < _CHANCE <= value - 10:
        how = "not surely better than"
    return (
        f"The {score.count:,} longer answers fit their own questions {how} other people's "
        f"({value:.0f} of 100; {_CHANCE} is chance)."
    )


def disagreement_sentence(tally: Tally, score: Score) -> str:
    """How many texts agree with their reference."""
    agree = round((score.value or 0) * score.count / 100)
    told = _of(agree, score, "longer answers", ("agrees", "agree"))
    return f"{told} with the reference; whether the others are true takes a reader or a judge."


def constant_sentence(counted: Counter[str]) -> str:
    """That one and the same answer to everything does as well."""
    return (
        f"The commonest label, given to every question, is right {counted['constant']:,} times of "
        f"{counted['rows']:,}, the model {counted['right']:,} times."
    )


def beyond_sentence(near: Score, far: Score) -> str:
    """That questions unlike those of training are answered worse."""
    return (
        f"Of {far.count:,} questions unlike any of training {_percent(far)} are answered right, "
        f"of {near.count:,} like them {_percent(near)}."
    )


def _of(hits: int, score: Score, what: str, verbs: tuple[str, str]) -> str:
    if not hits:
        return f"None of {score.count:,} {what} {verbs[0]}"
    verb = verbs[0] if hits == 1 else verbs[1]
    return (
        f"{hits:,} of {score.count:,} {what} {verb} "
        f"({score.value:.0f} %, {score.low:.0f} to {score.high:.0f})"
    )


def _sign(sign: str, hits: int) -> str:
    return f"{hits:,} {SIGNS[sign].one if hits == 1 else SIGNS[sign].several}"


def _percent(score: Score) -> str:
    return f"{score.value:.0f} %"


def _name(group: str) -> str:
    name = group.removeprefix(_TASK)
    return name if len(name) <= _MAX_NAME else f"{name[:_MAX_NAME]}..."
