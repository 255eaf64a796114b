"""Labelled answers -> the check that tells a kind of failure best, for a person to accept or not.

It is chosen on one half of the labelled answers and measured on the other; which half a
row falls to is a matter of its id. Nothing is proposed that does not tell the kind in both.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from scipy import stats

from tunesmith.examples.splitting.words import words_of
from tunesmith.rounds.kind_check import CheckedAnswer, KindCheck, Rule
from tunesmith.rounds.prevalence import CheckQuality, check_quality

_LENGTHS: tuple[tuple[Rule, float], ...] = (
    ("shorter", 0.4), ("shorter", 0.6), ("shorter", 0.8),
    ("longer", 1.25), ("longer", 1.6), ("longer", 2.5),
)  # fmt: skip
_MOST_WORDS = 150
_LEAST_POWER = 0.5  # true less false rate, in each half
_MOST_CHANCE = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a person said of one answer, for one kind.

    Attributes:
        id: Of the row.
        is_kind: Whether it is of the kind.
        answered: What was asked and answered.
    """

    id: str
    is_kind: bool
    answered: CheckedAnswer


def proposed_check(told: Sequence[Label]) -> KindCheck | None:
    """The best check, or None where none tells the kind from the rest."""
    chosen_on = [one for one in told if not is_measured_on(one.id)]
    if sum(one.is_kind for one in chosen_on) < 2:
        return None
    best, power = None, _LEAST_POWER
    for check in _candidates(chosen_on):
        quality = _quality(check, chosen_on)
        if quality.true_rate - quality.false_rate > power:
            best, power = check, quality.true_rate - quality.false_rate
    return best if best is not None and _holds(quality_of(best, told)) else None


def _holds(quality: CheckQuality) -> bool:
    """Whether a check tells a kind on the half that did not choose it, and not by chance."""
    missed, right = quality.num_kind - quality.num_found, quality.num_other - quality.num_false
    table = np.array([[quality.num_found, missed], [quality.num_false, right]])
    chance = float(stats.fisher_exact(table, alternative="greater").pvalue)
    power = quality.true_rate - quality.false_rate
    return quality.is_known and power > _LEAST_POWER and chance < _MOST_CHANCE


def quality_of(check: KindCheck, told: Sequence[Label]) -> CheckQuality:
    """How well a check tells a kind; one that was proposed, on the rows that did not choose it."""
    rows = [one for one in told if is_measured_on(one.id)] if check.is_proposed else told
    return _quality(check, rows)


def is_measured_on(row: str) -> bool:
    """Whether a row's label measures proposed checks, rather than choosing them."""
    return blake2b(b"half " + row.encode(), digest_size=1).digest()[0] % 2 == 0


def _quality(check: KindCheck, told: Sequence[Label]) -> CheckQuality:
    return check_quality((one.is_kind, check.finds(one.answered)) for one in told)


def _candidates(told: Sequence[Label]) -> Iterator[KindCheck]:
    kinds = [one.answered for one in told if one.is_kind]
    yield KindCheck(rule="capitals", is_proposed=True)
    by_words: tuple[tuple[Rule, list[str]], ...] = (
        ("contains", _said(kinds)),
        ("lacks", _left_out(kinds)),
    )
    for rule, words in by_words:  # before lengths: they look at the answer alone
        for word in words:
            yield KindCheck(rule=rule, value=word, is_proposed=True)
    for sign in dict.fromkeys(sign for one in kinds for sign in sorted(one.signs)):
        yield KindCheck(rule="sign", value=sign, is_proposed=True)
    for rule, limit in _LENGTHS:
        yield KindCheck(rule=rule, limit=limit, is_proposed=True)


def _said(answers: Sequence[CheckedAnswer]) -> list[str]:
    """Words of the answers that their references do not have, the most frequent first."""
    return _frequent([{*words_of(one.text)} - {*words_of(one.reference or "")} for one in answers])


def _left_out(answers: Sequence[CheckedAnswer]) -> list[str]:
    """Words of the references that the answers do not have."""
    return _frequent([{*words_of(one.reference or "")} - {*words_of(one.text)} for one in answers])


def _frequent(sets: Sequence[set[str]]) -> list[str]:
    counts = Counter(word for one in sets for word in sorted(one))
    return [word for word, count in counts.most_common(_MOST_WORDS) if count > 1]
