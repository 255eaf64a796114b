"""Whoever looks at one test set again and again is not told "better" by chance."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist

import pytest

from tunesmith.evaluation.grade import Comparison, ComparisonOutcome
from tunesmith.evaluation.verdict import overall_verdict
from tunesmith.language.translate import in_language
from tunesmith.rounds.look_levels import (
    LookStanding,
    look_standing,
    smallest_difference,
    verdict_after_looks,
)
from tunesmith.rounds.look_log import HeldOut, Look

TEST = HeldOut(hash="0" * 16, num_rows=100, sample=("0",))
NORMAL = NormalDist()


def difference(value: float, *, metric: str = "chrf", error: float = 1.0) -> Comparison:
    """A difference with the interval and p-value of a normal error."""
    p_value = math.erfc(abs(value) / error / math.sqrt(2))
    low, high = value - 1.959964 * error, value + 1.959964 * error
    outcome: ComparisonOutcome = "no difference shown"
    if p_value < 0.05:
        outcome = "better" if value > 0 else "worse"
    return Comparison(
        metric=metric, first="base", second="tuned", difference=value, low=low, high=high,
        p_value=p_value, verdict=outcome, count=100,
    )  # fmt: skip


def looks_at(*rounds: Sequence[Comparison]) -> list[Look]:
    """Each round's scores, seen once."""
    return [
        Look(
            time="", who="", command="run", run=f"{number}", test=TEST, scores={},
            comparisons=tuple(seen), choice=f"{number}",
        )
        for number, seen in enumerate(rounds)
    ]  # fmt: skip


def standing(*rounds: float) -> LookStanding:
    """Of the round that follows these."""
    found = look_standing(looks_at(*([difference(r)] for r in rounds)), "new", [difference(1.0)])
    assert found is not None
    return found


def test_the_first_look_changes_nothing() -> None:
    own = [difference(2.1)]
    assert look_standing([], "0", own) is None
    assert look_standing(looks_at(own, [difference(0.2)]), "0", own) is None  # seen again
    assert verdict_after_looks(own, None) == overall_verdict(own)


@pytest.mark.parametrize(("num_before", "level"), [(1, 0.025), (2, 0.05 / 6), (19, 0.05 / 380)])
def test_the_error_is_spent_look_by_look(num_before: int, level: float) -> None:
    found = standing(*[0.3] * num_before)
    assert found.place == num_before + 1
    assert found.levels == {"chrf": pytest.approx(level)}


def test_a_gain_that_holds_hands_its_level_on_and_a_loss_does_not() -> None:
    assert standing(5.0, 5.0, 5.0).levels["chrf"] == 0.05
    assert standing(0.1, 5.0).levels["chrf"] == pytest.approx(0.025 + 0.05 / 6)
    assert standing(5.0, 0.1).levels["chrf"] == pytest.approx(0.05 / 6)
    assert standing(-5.0, -5.0).levels["chrf"] == pytest.approx(0.05 / 6)


def test_the_sentence_names_looks_and_the_difference_that_choosing_explains() -> None:
    own, found = [difference(2.5)], standing(*[0.1] * 6)
    verdict = verdict_after_looks(own, found)
    needed = smallest_difference(own[0], found)
    assert needed == pytest.approx(NORMAL.inv_cdf(1 - 0.05 / 42 / 2), rel=1e-3)
    assert verdict.outcome == "no difference shown"
    assert verdict.sentence.endswith(
        "The test set has been looked at 7 times; a difference of less than 3.2 points of chrF "
        "may be chance by choosing."
    )
    assert overall_verdict(own).outcome == "better"
    assert verdict_after_looks([difference(3.3)], found).outcome == "better"
    assert verdict_after_looks([difference(3.2)], found).outcome == "no difference shown"
    with in_language("zh"):
        assert "7 次" in verdict_after_looks(own, found).sentence


def test_the_difference_that_is_named_is_the_one_that_the_verdict_takes() -> None:
    """An exact p-value of few rows may say less than the interval: then it decides."""
    found = standing(*[0.1] * 6)
    weak = replace(difference(3.3), p_value=0.002)
    needed = smallest_difference(weak, found)
    assert needed is not None
    assert needed > 3.3
    assert verdict_after_looks([weak], found).outcome == "no difference shown"
    for p_value in (0.0, 1.0):
        odd = smallest_difference(replace(weak, p_value=p_value), found)
        assert odd == pytest.approx(3.24, abs=0.01)


def test_what_nothing_was_compared_by_is_told_as_before() -> None:
    empty = Comparison(
        metric="chrf", first="base", second="tuned", difference=None, low=None, high=None,
        p_value=None, verdict="no difference shown", count=0,
    )  # fmt: skip
    found = LookStanding(place=3, levels={"chrf": 0.01})
    assert verdict_after_looks([empty], found) == overall_verdict([empty])
    assert LookStanding.from_json(found.to_json()) == found


def test_twenty_rounds_of_noise_are_seldom_called_better() -> None:
    """All share the base model's luck, as tunings that are compared with one base do."""
    rng = random.Random(5)
    called, alone, trials = 0, 0, 600
    for _ in range(trials):
        luck = rng.gauss(0, math.sqrt(0.5))
        rounds = [difference(luck + rng.gauss(0, math.sqrt(0.5))) for _ in range(20)]
        looks = looks_at(*([one] for one in rounds))
        shown = [n for n, one in enumerate(rounds) if one.verdict == "better"]
        alone += bool(shown)
        called += any(
            verdict_after_looks(
                [rounds[n]], look_standing(looks[:n], f"{n}", [rounds[n]])
            ).outcome == "better"
            for n in shown
        )  # fmt: skip
    assert alone / trials > 0.12  # so much is said by chance without a correction
    assert called / trials <= 0.05
