"""Counts and rates -> the sentences that say what is wrong with answers, and what is right."""

from collections import Counter
from collections.abc import Mapping

from tunesmith.evaluation.grade import Score
from tunesmith.evaluation.usability.fault_signs import SIGNS
from tunesmith.evaluation.usability.tally import FAULTY, RIGHT, Tally
from tunesmith.language.translate import Plural, listing, message, translate

_CHANCE = 50
_NO_FIT = 60
_NUM_GROUPS = 3
_WEAK = 0.5
_MAX_SIGNS = 3
_TASK = "task:"
_MAX_NAME = 40


_FAULTS = Plural(
    "{count:,} of {total:,} answers has a fault ({share:.0f} %, {low:.0f} to {high:.0f}); "
    "{right:.0f} % are right.",
    "{count:,} of {total:,} answers have a fault ({share:.0f} %, {low:.0f} to {high:.0f}); "
    "{right:.0f} % are right.",
)
_RIGHT = Plural(
    "{count:,} of {total:,} answers that can be checked is right ({share:.0f} %, {low:.0f} to "
    "{high:.0f})",
    "{count:,} of {total:,} answers that can be checked are right ({share:.0f} %, {low:.0f} to "
    "{high:.0f})",
)
_AGREE = Plural(
    "{count:,} of {total:,} longer answers agrees ({share:.0f} %, {low:.0f} to {high:.0f}) with "
    "the reference; whether the others are true takes a reader or a judge.",
    "{count:,} of {total:,} longer answers agree ({share:.0f} %, {low:.0f} to {high:.0f}) with "
    "the reference; whether the others are true takes a reader or a judge.",
)
_FITS = (
    message(
        "The {count:,} longer answers fit their own questions no better than other people's "
        "({value:.0f} of 100; {chance} is chance)."
    ),
    message(
        "The {count:,} longer answers fit their own questions only a little better than other "
        "people's ({value:.0f} of 100; {chance} is chance)."
    ),
    message(
        "The {count:,} longer answers fit their own questions not surely better than other "
        "people's ({value:.0f} of 100; {chance} is chance)."
    ),
)


def usable_sentence(tally: Tally, rates: Mapping[str, Score]) -> str:
    """What speaks for answers that can be used."""
    faulty, right = rates[FAULTY], rates[RIGHT]
    hits = tally.hits[FAULTY]
    if hits:
        return _FAULTS.of(hits, **_share(faulty), right=right.value)
    return translate(
        "None of {total:,} answers has a fault; {right:.0f} % are right.",
        total=faulty.count,
        right=right.value,
    )


def fault_sentence(tally: Tally, score: Score) -> str:
    """How many answers cannot be used, and for which reasons."""
    num_faulty = tally.hits[FAULTY]
    if not num_faulty:
        return translate(
            "None of {total:,} answers has a fault, but as few leave room for {high:.0f} % of "
            "faulty ones.",
            total=score.count,
            high=score.high,
        )
    ranked = sorted(SIGNS, key=lambda sign: -tally.hits[sign])
    told = [_sign(sign, tally.hits[sign]) for sign in ranked[:_MAX_SIGNS] if tally.hits[sign]]
    return translate(
        "{count:,} of {total:,} answers cannot be used ({share:.0f} %, {low:.0f} to {high:.0f}): "
        "{signs}.",
        count=num_faulty,
        signs=listing(*told),
        **_share(score),
    )


def wrong_sentence(tally: Tally, score: Score) -> str:
    """How many of the answers that can be checked are right, and where fewest are."""
    right = round((score.value or 0) * score.count / 100)
    told = _RIGHT.of(right, **_share(score))
    if not right:
        told = translate(
            "None of {total:,} answers that can be checked is right", total=score.count
        )
    weak = [
        translate("{name} ({hits:,} of {total:,})", name=_name(name), hits=hits, total=total)
        for name, hits, total in tally.weakest(_NUM_GROUPS)
        if name and hits < _WEAK * total
    ]
    if not weak:
        return f"{told}."
    return translate("{finding}; weakest: {groups}.", finding=told, groups=listing(*weak))


def fit_sentence(tally: Tally, score: Score) -> str:
    """How well texts fit their own question."""
    value = score.value or 0
    how = 0 if value < _NO_FIT else 1
    if (score.low or 0) < _CHANCE <= value - 10:
        how = 2
    return translate(_FITS[how], count=score.count, value=value, chance=_CHANCE)


def disagreement_sentence(tally: Tally, score: Score) -> str:
    """How many texts agree with their reference."""
    agree = round((score.value or 0) * score.count / 100)
    if agree:
        return _AGREE.of(agree, **_share(score))
    return translate(
        "None of {total:,} longer answers agrees with the reference; whether the others are true "
        "takes a reader or a judge.",
        total=score.count,
    )


def constant_sentence(counted: Counter[str]) -> str:
    """That one and the same answer to everything does as well."""
    return translate(
        "The commonest label, given to every question, is right {count:,} times of {total:,}, the "
        "model {hits:,} times.",
        count=counted["constant"],
        total=counted["rows"],
        hits=counted["right"],
    )


def beyond_sentence(near: Score, far: Score) -> str:
    """That questions unlike those of training are answered worse."""
    return translate(
        "Of {far:,} questions unlike any of training {share:.0f} % are answered right, of "
        "{near:,} like them {value:.0f} %.",
        far=far.count,
        share=far.value,
        near=near.count,
        value=near.value,
    )


def _share(score: Score) -> dict[str, object]:
    """What a sentence tells of a rate."""
    return {"total": score.count, "share": score.value, "low": score.low, "high": score.high}


def _sign(sign: str, hits: int) -> str:
    told = SIGNS[sign].one if hits == 1 else SIGNS[sign].several
    return translate("{count:,} {sign}", count=hits, sign=told)


def _name(group: str) -> str:
    name = group.removeprefix(_TASK)
    return name if len(name) <= _MAX_NAME else f"{name[:_MAX_NAME]}..."
