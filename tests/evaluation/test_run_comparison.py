"""Several runs a side: limits in which the answer is known, and how often it is wrong."""

import numpy as np
import pytest
from scipy import stats

from tunesmith.evaluation.interval import RowScores, difference_interval, swap_p_value
from tunesmith.evaluation.run_comparison import compare_runs

PERCENT = (0.0, 100.0)


def side(scores: np.ndarray, weights: np.ndarray | None = None) -> list[RowScores]:
    """A run a line of (K, N) scores."""
    shares = np.ones(scores.shape[1]) if weights is None else weights
    return [RowScores(scores=run.astype(np.float64), weights=shares) for run in scores]


def drawn(
    rng: np.random.Generator,
    num_runs: int,
    num_rows: int,
    *,
    run_spread: float,
    noise: float = 10.0,
    difference: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Two sides over the same rows; noise makes rows differ, run_spread whole runs."""
    rows = rng.normal(50, 20, num_rows)
    runs = rng.normal(0, run_spread, (2, num_runs, 1))
    first, second = rows + runs + rng.normal(0, noise, (2, num_runs, num_rows))
    return first, second + difference


def test_one_run_a_side_is_the_comparison_of_two_models() -> None:
    rng = np.random.default_rng(0)
    first, second = (side(rng.beta(2, 3, (1, 40)) * 100) for _ in range(2))
    found = compare_runs(first, second, bounds=PERCENT)
    assert (found.low, found.high) == difference_interval(*first, *second, bounds=PERCENT)
    assert found.p_value == swap_p_value(*first, *second)


@pytest.mark.parametrize("num_runs", [2, 3, 5])
def test_where_runs_differ_far_more_than_rows_it_is_students_test_of_run_means(
    num_runs: int,
) -> None:
    first, second = drawn(
        np.random.default_rng(4), num_runs, 400, run_spread=30, noise=3, difference=55
    )
    means = first.mean(axis=1), second.mean(axis=1)
    expected = stats.ttest_ind(means[1], means[0])
    bounds = expected.confidence_interval(0.95)
    found = compare_runs(side(first), side(second), bounds=PERCENT)
    assert found.value == pytest.approx(means[1].mean() - means[0].mean())
    assert found.p_value == pytest.approx(expected.pvalue, rel=0.06)
    assert found.low == pytest.approx(bounds.low, rel=0.05)
    assert found.high == pytest.approx(bounds.high, rel=0.05)


def test_where_runs_of_a_side_answer_alike_the_rows_decide() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.beta(2, 3, (2, 30)) * 100
    found = compare_runs(side(np.stack([first] * 3)), side(np.stack([second] * 3)), bounds=PERCENT)
    alone = compare_runs(side(first[None]), side(second[None]), bounds=PERCENT)
    assert found.p_value == pytest.approx(alone.p_value, abs=0.01)
    assert (found.low, found.high) == pytest.approx((alone.low, alone.high))


def test_what_is_claimed_of_recipes_is_claimed_of_their_models_too() -> None:
    rng = np.random.default_rng(8)
    for _ in range(30):
        first, second = drawn(rng, 2, 25, run_spread=2, difference=4)
        found = compare_runs(side(first), side(second), bounds=PERCENT)
        models = [side(runs.mean(axis=0, keepdims=True)) for runs in (first, second)]
        alone = compare_runs(*models, bounds=PERCENT)
        assert found.p_value >= alone.p_value
        assert found.low <= alone.low < alone.high <= found.high


def test_the_same_runs_in_another_order_or_weight_give_the_same() -> None:
    first, second = drawn(np.random.default_rng(3), 3, 50, run_spread=3, difference=6)
    found = compare_runs(side(first), side(second), bounds=PERCENT)
    turned = compare_runs(side(first[::-1]), side(second[[1, 2, 0]]), bounds=PERCENT)
    assert turned.p_value == pytest.approx(found.p_value)
    weighed = np.full(50, 7.0)
    again = compare_runs(side(first, weighed), side(second, weighed), bounds=PERCENT)
    assert (again.value, again.p_value) == pytest.approx((found.value, found.p_value))
    back = compare_runs(side(second), side(first), bounds=PERCENT)
    assert back.value == pytest.approx(-found.value)
    assert back.p_value == pytest.approx(found.p_value, abs=0.01)
    assert (-back.high, -back.low) == pytest.approx((found.low, found.high), abs=0.4)


def test_a_ratio_over_tokens_is_compared_as_the_corpus_figure() -> None:
    rng = np.random.default_rng(6)
    weights = rng.integers(1, 30, 60).astype(np.float64)
    first, second = drawn(rng, 2, 60, run_spread=1, difference=12)
    found = compare_runs(side(first, weights), side(second, weights), bounds=PERCENT)
    means = [np.average(runs.mean(axis=0), weights=weights) for runs in (first, second)]
    assert found.value == pytest.approx(means[1] - means[0])
    assert found.low < found.value < found.high
    assert found.p_value < 0.1


def test_five_rows_show_nothing_however_many_runs_there_are() -> None:
    nothing, everything = side(np.zeros((6, 5))), side(np.full((6, 5), 100.0))
    assert compare_runs(nothing, everything, bounds=PERCENT).p_value > 0.05


@pytest.mark.parametrize("num_runs", [2, 3])
def test_a_plain_difference_between_recipes_is_shown(num_runs: int) -> None:
    rng = np.random.default_rng(9)
    shown = 0
    for _ in range(20):
        first, second = drawn(rng, num_runs, 100, run_spread=1, difference=15)
        found = compare_runs(side(first), side(second), bounds=PERCENT)
        shown += found.p_value < 0.05 and found.low > 0
    assert shown >= 19
