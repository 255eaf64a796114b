"""Rates with intervals -> usable, usable with care (say where), or not usable yet (say why).

Usable is a claim, and takes the whole interval on the right side of a limit. Not usable yet takes
only the value beyond a graver limit: few rows are no excuse for answers that are plainly broken.
Whatever lies between is usable with care. All limits stand in one table; docs/usable.md explains
each, and the runs of known worth that they were set by.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scipy import stats

from tunesmith.evaluation.grade import Score
from tunesmith.evaluation.usability.sentences import (
    beyond_sentence,
    constant_sentence,
    disagreement_sentence,
    fault_sentence,
    fit_sentence,
    usable_sentence,
    wrong_sentence,
)
from tunesmith.evaluation.usability.tally import AGREES, CHECKED, FAR, FAULTY, FIT, NEAR, Tally
from tunesmith.evaluation.usability.usability import (
    ModelUsability,
    UsabilityFinding,
    UsabilityOutcome,
)
from tunesmith.language.translate import sentences, translate

USABLE: UsabilityOutcome = "usable"
CARE: UsabilityOutcome = "usable with care"
NOT_YET: UsabilityOutcome = "not usable yet"
NOT_JUDGED: UsabilityOutcome = "not judged"
_GRAVEST = (NOT_YET, CARE)
_MIN_SHARE = 0.2  # of the rows, from which on a kind of row has a rule of its own
_SIGNIFICANCE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class UsabilityRule:
    """Limits of one rate, 0 to 100.

    Attributes:
        rate: What it is about.
        care: Where the value is beyond this: usable with care at best.
        worst: Where the interval's worse end is beyond this: the same.
        not_yet: Where the value is at this or beyond: not usable yet. None: never for this.
        is_fault: Whether much of it is bad, or little.
    """

    rate: str
    care: float
    worst: float
    not_yet: float | None
    is_fault: bool = False


RULES: Mapping[str, UsabilityRule] = {
    "faulty": UsabilityRule(rate=FAULTY, care=10, worst=20, not_yet=25, is_fault=True),
    "wrong": UsabilityRule(rate=CHECKED, care=80, worst=60, not_yet=50),
    "unfit": UsabilityRule(rate=FIT, care=85, worst=75, not_yet=75),
    "disagrees": UsabilityRule(rate=AGREES, care=60, worst=45, not_yet=None),
}


def judge_usability(tally: Tally, rates: Mapping[str, Score]) -> ModelUsability:
    """Apply all rules to what was found in a model's answers."""
    if not tally.count:
        return ModelUsability(
            outcome=NOT_JUDGED, sentence=translate("There is no answer to look at.")
        )
    return summed_up([*_by_limits(tally, rates), *_by_comparison(tally, rates)], tally, rates)


def summed_up(
    findings: list[UsabilityFinding], tally: Tally, rates: Mapping[str, Score]
) -> ModelUsability:
    """The gravest finding decides; it comes first."""
    ordered = sorted(findings, key=lambda finding: _GRAVEST.index(finding.outcome))
    if not ordered:
        return ModelUsability(outcome=USABLE, sentence=usable_sentence(tally, rates))
    outcome = ordered[0].outcome
    told = [finding.sentence for finding in ordered if finding.outcome == outcome]
    return ModelUsability(outcome=outcome, sentence=sentences(*told), findings=tuple(ordered))


def _by_limits(tally: Tally, rates: Mapping[str, Score]) -> Iterator[UsabilityFinding]:
    for name, rule in RULES.items():
        score = rates.get(rule.rate)
        if score is None or score.count < _MIN_SHARE * tally.count:
            continue
        outcome = limited(rule, score)
        if outcome is not None:
            sentence = _SENTENCES[name](tally, score)
            rows = tuple(tally.rows.get(rule.rate, ()))
            yield UsabilityFinding(
                rule=name, outcome=outcome, sentence=sentence, rate=score, rows=rows
            )


def limited(rule: UsabilityRule, score: Score) -> UsabilityOutcome | None:
    """What a rate allows at best; None where it limits nothing."""
    assert score.value is not None
    assert score.low is not None
    assert score.high is not None
    sign = -1 if rule.is_fault else 1
    worse_end = score.high if rule.is_fault else score.low
    if rule.not_yet is not None and sign * score.value <= sign * rule.not_yet:
        return NOT_YET
    is_clear = sign * score.value >= sign * rule.care and sign * worse_end >= sign * rule.worst
    return None if is_clear else CARE


def _by_comparison(tally: Tally, rates: Mapping[str, Score]) -> Iterator[UsabilityFinding]:
    """Against one and the same answer to everything, and far rows against near ones."""
    counted = tally.against_constant
    if counted["rows"] >= _MIN_SHARE * tally.count and counted["rows"]:
        shown = (
            stats.binomtest(counted["gained"], counted["gained"] + counted["lost"]).pvalue
            if (counted["gained"] > counted["lost"])
            else 1.0
        )
        if shown >= _SIGNIFICANCE:
            outcome = NOT_YET if counted["right"] <= counted["constant"] else CARE
            yield UsabilityFinding(
                rule="constant",
                outcome=outcome,
                sentence=constant_sentence(counted),
                rate=rates[CHECKED],
            )
    near, far = rates.get(NEAR), rates.get(FAR)
    if near is not None and far is not None and _apart(near, far):
        yield UsabilityFinding(
            rule="beyond",
            outcome=CARE,
            sentence=beyond_sentence(near, far),
            rate=far,
            rows=tuple(tally.rows[FAR]),
        )


def _apart(near: Score, far: Score) -> bool:
    assert near.low is not None
    assert far.high is not None
    return near.low > far.high


_SENTENCES = {
    "faulty": fault_sentence,
    "wrong": wrong_sentence,
    "unfit": fit_sentence,
    "disagrees": disagreement_sentence,
}
