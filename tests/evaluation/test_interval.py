"""Coverage, known values and degenerate cases of intervals and p-values."""

import numpy as np
import pytest
from scipy import stats

from tunesmith.evaluation.interval import (
    RowScores,
    difference_interval,
    mean_interval,
    swap_p_value,
    swapped_differences,
)

PERCENT = (0.0, 100.0)


def rows(scores: object, weights: object = None) -> RowScores:
    values = np.asarray(scores, dtype=np.float64)
    if weights is None:
        return RowScores(scores=values, weights=np.ones(len(values)))
    return RowScores(scores=values, weights=np.asarray(weights, dtype=np.float64))


@pytest.mark.parametrize(("num_right", "num_rows"), [(3, 10), (0, 5), (5, 5), (60, 80), (1, 200)])
def test_interval_of_right_and_wrong_is_jeffreys(num_right: int, num_rows: int) -> None:
    scores = np.repeat([100.0, 0.0], [num_right, num_rows - num_right])
    low, high = mean_interval(rows(scores), bounds=PERCENT) or (None, None)
    expected = stats.beta(num_right + 0.5, num_rows - num_right + 0.5).ppf([0.025, 0.975]) * 100
    if num_right == 0:
        expected[0] = 0
    if num_right == num_rows:
        expected[1] = 100
    assert low == pytest.approx(expected[0], abs=0.8)
    assert high == pytest.approx(expected[1], abs=0.8)


@pytest.mark.parametrize("score", [0.0, 37.0, 100.0])
@pytest.mark.parametrize("num_rows", [1, 2, 5, 30])
def test_equal_scores_do_not_claim_certainty(score: float, num_rows: int) -> None:
    low, high = mean_interval(rows([score] * num_rows), bounds=PERCENT) or (None, None)
    assert low is not None
    assert high is not None
    assert 0 <= low <= score <= high <= 100
    assert high - low > 100 / (2 * num_rows + 2)


def test_no_rows_and_unbounded_equal_rows_have_no_interval() -> None:
    assert mean_interval(rows([]), bounds=PERCENT) is None
    assert mean_interval(rows([2.5]), bounds=None) is None
    assert mean_interval(rows([2.5, 2.5]), bounds=None) is None
    low, high = mean_interval(rows([2.0, 3.0]), bounds=None) or (None, None)
    assert 2.0 <= low < 2.5 < high <= 3.0


def test_many_rows_give_the_textbook_interval() -> None:
    scores = np.random.default_rng(0).beta(2, 3, 4000) * 100
    low, high = mean_interval(rows(scores), bounds=PERCENT) or (None, None)
    half = 1.96 * scores.std(ddof=1) / np.sqrt(len(scores))
    assert low == pytest.approx(scores.mean() - half, abs=0.1 * half)
    assert high == pytest.approx(scores.mean() + half, abs=0.1 * half)


def test_a_weighted_score_counts_tokens_not_rows() -> None:
    weighted = rows([100.0, 0.0], [3, 1])
    assert weighted.mean == 75.0
    many = rows(np.tile([100.0, 0.0], 500), np.tile([3, 1], 500))
    low, high = mean_interval(many, bounds=PERCENT) or (None, None)
    assert low < 75.0 < high
    assert high - low < 10


def test_interval_is_a_function_of_rows_and_seed() -> None:
    scores = rows(np.arange(0, 100, 3))
    assert mean_interval(scores, bounds=PERCENT) == mean_interval(scores, bounds=PERCENT)
    assert mean_interval(scores, bounds=PERCENT) != mean_interval(scores, bounds=PERCENT, seed=1)


def draws(kind: str, num_rows: int, rng: np.random.Generator) -> np.ndarray:
    if kind == "right or wrong":
        return (rng.random(num_rows) < 0.3) * 100.0
    if kind == "nearly perfect":
        return np.where(rng.random(num_rows) < 0.95, 100.0, rng.random(num_rows) * 100)
    return rng.beta(2, 3, num_rows) * 100


@pytest.mark.parametrize("num_rows", [20, 60])
@pytest.mark.parametrize(
    ("kind", "truth"), [("right or wrong", 30.0), ("nearly perfect", 97.5), ("partial", 40.0)]
)
def test_the_interval_holds_the_truth_about_95_times_in_100(
    kind: str, truth: float, num_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tunesmith.evaluation.interval.NUM_RESAMPLES", 2000)
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(200):
        interval = mean_interval(rows(draws(kind, num_rows, rng)), bounds=PERCENT)
        held += interval is not None and interval[0] <= truth <= interval[1]
    assert 180 <= held <= 200


@pytest.mark.parametrize(
    ("num_gained", "num_lost"), [(0, 0), (1, 0), (9, 2), (6, 6), (7, 8), (27, 6), (400, 460)]
)
def test_p_value_of_right_and_wrong_is_mcnemars_exact_test(num_gained: int, num_lost: int) -> None:
    first = [0] * num_gained + [100] * num_lost + [100, 0] * 20
    second = [100] * num_gained + [0] * num_lost + [100, 0] * 20
    num_differing = num_gained + num_lost
    exact = stats.binomtest(num_gained, num_differing).pvalue if num_differing else 1.0
    assert swap_p_value(rows(first), rows(second)) == pytest.approx(exact, rel=1e-12)
    assert swap_p_value(rows(second), rows(first)) == pytest.approx(exact, rel=1e-12)


def test_random_swaps_and_the_binomials_tail_agree() -> None:
    first, second = rows([0] * 27 + [100] * 6), rows([100] * 27 + [0] * 6)
    swapped = swapped_differences(first, second)
    share = np.mean(np.abs(swapped) >= abs(second.mean - first.mean) - 1e-9)
    assert share == pytest.approx(swap_p_value(first, second), abs=5e-4)


def test_p_value_of_partial_scores_is_scipys_permutation_test() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.beta(2, 3, 10) * 100, rng.beta(3, 3, 10) * 100
    result = stats.permutation_test(
        (first, second), lambda a, b: np.mean(b - a), permutation_type="samples", n_resamples=np.inf
    )
    assert swap_p_value(rows(first), rows(second)) == pytest.approx(result.pvalue, rel=1e-9)


def test_five_rows_can_show_nothing() -> None:
    assert swap_p_value(rows([0] * 5), rows([100] * 5)) == pytest.approx(2 / 2**5)
    assert swap_p_value(rows([0] * 6), rows([100] * 6)) < 0.05


def test_equal_models_have_p_value_1_and_an_interval_around_0() -> None:
    same = rows([0.0, 50.0, 100.0])
    assert swap_p_value(same, same) == 1.0
    low, high = difference_interval(same, same, bounds=PERCENT)
    assert low < 0 < high


def test_difference_interval_narrows_with_pairs_that_move_together() -> None:
    rng = np.random.default_rng(3)
    ability = rng.random(100) * 80
    first, second = rows(ability), rows(ability + 10 + rng.normal(0, 3, 100))
    low, high = difference_interval(first, second, bounds=PERCENT)
    assert 8.5 < low < 10 < high < 11.5


def test_difference_interval_holds_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunesmith.evaluation.interval.NUM_RESAMPLES", 2000)
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(200):
        first = rng.beta(2, 4, 25) * 100
        second = np.clip(first + rng.exponential(8, 25) - 3, -50, 150)
        low, high = difference_interval(rows(first), rows(second), bounds=PERCENT)
        held += low <= 5.0 <= high
    assert 180 <= held <= 200
