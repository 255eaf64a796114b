"""A search finds the rate at which a loss is lowest, whatever the model would be."""

import math

import pytest

from tunesmith.training.search.find_rate import Ladder, RateSearch, Trial, vertex, within_range

LADDER = Ladder(middle=3e-4, num_steps=32, trial_steps=32, num_trials=9)


def _search(best: float, ladder: Ladder = LADDER) -> tuple[float, list[Trial]]:
    """Where a loss is a parabola over the rate's logarithm, and far above it nothing is."""

    def attempt(rate: float, steps: int) -> float | None:
        distance = math.log(rate / best, 3)
        return None if distance > 2.5 else 1 + distance**2

    told: list[Trial] = []
    search = RateSearch(ladder, attempt, told.append)
    return search.best_rate(), told


@pytest.mark.parametrize("best", [1e-5, 1e-4, 2e-4, 3e-4, 1e-3, 1e-2])
def test_the_lowest_loss_is_found_on_both_sides_of_the_middle(best: float) -> None:
    found, _ = _search(best)
    assert 1 / 1.3 < found / best < 1.3


def test_trials_of_a_long_training_stand_higher_and_its_rate_does_not() -> None:
    ladder = Ladder(middle=3e-4, num_steps=3_200, trial_steps=32, num_trials=9)
    higher = ladder.rate(0, 32) / ladder.rate(0)
    assert 2 < higher < 6
    found, trials = _search(3e-4 * higher, ladder)
    assert found == pytest.approx(3e-4, rel=0.15)
    assert trials[0].learning_rate == ladder.rate(0, 32)


@pytest.mark.parametrize("num_trials", [3, 4, 7, 9])
def test_no_more_trials_are_made_than_are_paid(num_trials: int) -> None:
    ladder = Ladder(middle=3e-4, num_steps=32, trial_steps=8, num_trials=num_trials)
    _, trials = _search(1.0, ladder)
    assert sum(trial.steps for trial in trials) <= 8 * num_trials


def test_where_every_trial_diverges_the_rate_is_below_all_of_them() -> None:
    search = RateSearch(LADDER, lambda rate, steps: None, lambda trial: None)
    assert search.best_rate() < min(trial.learning_rate for trial in search.trials)


def test_the_last_bits_of_a_loss_decide_nothing() -> None:
    def search(noise: float) -> float:
        losses = {place: 2.0 + noise * place for place in range(-5, 6)}
        rates = iter(losses.values())
        return RateSearch(LADDER, lambda rate, steps: next(rates), lambda trial: None).best_rate()

    assert search(1e-9) == search(-1e-9) == search(0.0)


def test_a_parabola_has_its_lowest_place_between_the_trials() -> None:
    assert vertex({-1: 2.0, 0: 1.0, 1: 1.5}) == pytest.approx(1 / 6)
    assert vertex({0: 1.0, 1: 1.5}) == 0
    assert -0.5 <= vertex({-1: 1.0, 0: 1.0, 1: math.inf}) <= 0


@pytest.mark.parametrize(
    ("tested", "expected"),
    [
        ([], 1e-3),
        ([(1e-4, 2.0), (1e-3, 1.0)], 1e-3),  # no rise was seen
        ([(1e-4, 2.0), (1e-3, 1.0), (2e-3, 9.0)], 5e-4),
        ([(1e-4, 2.0), (2e-3, None)], 5e-4),
        ([(1e-3, 2.0), (1.5, None)], 5e-3),
    ],
)
def test_trials_begin_below_the_rate_at_which_the_loss_rises(
    tested: list[tuple[float, float | None]], expected: float
) -> None:
    assert within_range(1e-3, tested) == pytest.approx(expected)
