"""What twice the rows would bring: known laws come back, and intervals hold what comes."""

import numpy as np
import pytest

from tunesmith.evaluation.power_law import DoublingGain, FloatArray, doubling_gain

SIZES = (100, 200, 400, 800)


def law(size: float, *, top: float = 90.0, drop: float = 400.0, power: float = 0.6) -> float:
    return float(top - drop * size**-power)


def scores(
    sizes: tuple[int, ...], *, noise: float, rows: int = 150, seeds: int = 3, seed: int = 0
) -> list[FloatArray]:
    """Of each size (S, R): answers right or wrong, by the law's chance and a seed's luck."""
    rng = np.random.default_rng(seed)
    hard = rng.uniform(0, 1, rows)
    chances = [law(n) / 100 + rng.normal(0, noise, (seeds, 1)) for n in sizes]
    return [100.0 * (hard < chance) for chance in chances]


def test_a_law_without_noise_is_found() -> None:
    exact = [np.full((2, 50), law(size)) for size in SIZES]
    gain = doubling_gain(SIZES, exact, bounds=(0, 100))
    assert gain.low <= law(1600) - law(800) <= gain.high
    assert gain.value == pytest.approx(law(1600) - law(800), abs=1.0)
    assert gain.outcome == "gain"


def test_the_interval_holds_the_next_doubling_in_nineteen_of_twenty() -> None:
    """Drawn from the law itself, with 80 rows and three seeds a size."""
    held = 0
    for seed in range(20):
        drawn = scores((*SIZES, 1600), noise=0.02, rows=80, seed=seed)
        gain = doubling_gain(SIZES, drawn[:4], bounds=(0, 100), seed=seed)
        held += gain.low <= drawn[4].mean() - drawn[3].mean() <= gain.high
    assert held >= 18


def test_equal_scores_bring_next_to_nothing() -> None:
    equal = [np.full((2, 60), 80.0) for _ in SIZES]
    assert doubling_gain(SIZES, equal, bounds=(0, 100)).outcome == "next to nothing"


def test_a_score_cannot_pass_its_bounds() -> None:
    steep = [np.full((2, 60), value) for value in (40.0, 60.0, 80.0, 99.0)]
    gain = doubling_gain(SIZES, steep, bounds=(0, 100))
    assert gain.high <= 1.0


def test_noise_is_no_gain() -> None:
    rng = np.random.default_rng(1)
    noisy = [rng.normal(50, 25, (1, 8)) for _ in SIZES]
    assert doubling_gain(SIZES, noisy, bounds=(0, 100)).outcome == "not told"


@pytest.mark.parametrize(
    ("value", "low", "high", "outcome"),
    [
        (3.0, 1.0, 6.0, "gain"),
        (-3.0, -6.0, -1.0, "loss"),
        (0.1, -0.8, 0.9, "next to nothing"),
        (2.0, -4.0, 9.0, "not told"),
    ],
)
def test_words_follow_the_interval(value: float, low: float, high: float, outcome: str) -> None:
    assert DoublingGain(value=value, low=low, high=high).outcome == outcome
