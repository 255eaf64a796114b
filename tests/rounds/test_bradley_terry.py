"""Strengths from votes: known values, finite ones, and intervals that hold."""

from collections.abc import Sequence

import numpy as np
import pytest

from tunesmith.evaluation.interval import share_interval
from tunesmith.rounds.bradley_terry import PairwiseOutcome, model_strengths, win_rate


def votes(
    pair: str, scores: Sequence[float], rows: Sequence[int] | None = None
) -> list[PairwiseOutcome]:
    """Votes between two models that are called by one letter each."""
    places = range(len(scores)) if rows is None else rows
    first, second = pair
    return [
        PairwiseOutcome(row=f"{pair}{row}", first=first, second=second, score=score)
        for row, score in zip(places, scores, strict=True)
    ]


def share_of_points(points: float) -> float:
    """Percent of votes that a model wins which lies as far above the mean of two."""
    return 100 / (1 + 10 ** (-2 * points / 400))


def test_odds_of_ten_to_one_are_four_hundred_points() -> None:
    found = model_strengths(
        votes("ab", [1.0] * 10_000 + [0.0] * 1_000, [n % 50 for n in range(11_000)])
    )
    assert [one.model for one in found] == ["a", "b"]
    assert found[0].strength - found[1].strength == pytest.approx(400, abs=1)
    assert found[0].strength + found[1].strength == pytest.approx(0, abs=1e-6)
    assert found[0].win_rate.value == pytest.approx(100 * 10 / 11)


def test_three_models_agree_with_the_odds_that_were_planted() -> None:
    odds = {"a": 4.0, "b": 2.0, "c": 1.0}
    outcomes: list[PairwiseOutcome] = []
    for one, two in ("ab", "bc", "ac"):
        share = odds[one] / (odds[one] + odds[two])
        wins = round(9_000 * share)
        scores = [1.0] * wins + [0.0] * (9_000 - wins)
        outcomes += votes(one + two, scores, [n % 20 for n in range(9_000)])
    found = {one.model: one.strength for one in model_strengths(outcomes)}
    assert found["a"] - found["b"] == pytest.approx(400 * np.log10(2), abs=0.5)
    assert found["a"] - found["c"] == pytest.approx(400 * np.log10(4), abs=0.5)


def test_whoever_stands_first_changes_nothing() -> None:
    one = model_strengths(votes("ab", [1, 1, 0, 0.5, 1]))
    two = model_strengths(votes("ba", [0, 0, 1, 0.5, 0]))
    assert [x.strength for x in one] == pytest.approx([x.strength for x in two])
    assert [x.win_rate.value for x in one] == [x.win_rate.value for x in two] == [70.0, 30.0]


def test_ties_are_half_a_win() -> None:
    ties = model_strengths(votes("ab", [0.5] * 20))
    split = model_strengths(votes("ab", [1.0, 0.0] * 10))
    assert [one.strength for one in ties] == pytest.approx([0, 0], abs=1e-6)
    assert [one.strength for one in split] == pytest.approx([0, 0], abs=1e-6)
    assert win_rate(votes("ab", [0.5] * 20), "a").value == 50


@pytest.mark.parametrize("number", [1, 3, 200])
def test_a_model_that_wins_every_vote_stays_finite(number: int) -> None:
    best, last = model_strengths(votes("ab", [1.0] * number))
    assert last.low <= last.strength < 0 < best.strength <= best.high < 6_000
    assert best.strength < model_strengths(votes("ab", [1.0] * 500))[0].strength


@pytest.mark.parametrize(("wins", "number"), [(3, 3), (7, 10), (0, 1), (55, 60)])
def test_of_two_models_the_interval_is_that_of_their_share(wins: int, number: int) -> None:
    """Jeffreys': of three votes that are all won, it says 47 to 100 % and not 100 to 100."""
    found = {
        one.model: one
        for one in model_strengths(votes("ab", [1.0] * wins + [0.0] * (number - wins)))
    }
    low, high = share_interval(wins, number)
    assert share_of_points(found["a"].low) == pytest.approx(low, abs=2.5)
    assert share_of_points(found["a"].high) == pytest.approx(high, abs=2.5)


def test_votes_of_one_row_are_no_news_to_each_other() -> None:
    """A hundred people on one row say less of the models than a hundred rows."""
    scores = [1.0, 0.0, 1.0, 1.0] * 25
    apart = model_strengths(votes("ab", scores))[0]
    together = model_strengths(votes("ab", scores, [n % 4 for n in range(100)]))[0]
    assert apart.strength == pytest.approx(together.strength)
    assert together.high - together.low > 2 * (apart.high - apart.low)
    assert apart.win_rate.count == together.win_rate.count == 100


def test_nothing_said_is_no_ranking() -> None:
    assert model_strengths([]) == ()
    assert win_rate(votes("ab", [1.0]), "c").value is None


@pytest.mark.slow
@pytest.mark.parametrize("number", [4, 20])
def test_intervals_of_three_models_hold_the_truth(number: int) -> None:
    """In 95 of 100 by design; 3 in each of 150 worlds, so at least 91 %."""
    rng, held = np.random.default_rng(7), 0
    odds = {"a": 3.0, "b": 1.0, "c": 0.8}
    logs = {name: 400 * np.log10(value) for name, value in odds.items()}
    for _ in range(150):
        outcomes = []
        for one, two in ("ab", "bc", "ac"):
            share = odds[one] / (odds[one] + odds[two])
            outcomes += votes(one + two, list((rng.random(number) < share).astype(float)))
        for found in model_strengths(outcomes):
            truth = logs[found.model] - np.mean([*logs.values()])
            held += found.low <= truth <= found.high
    assert held >= 0.91 * 450
