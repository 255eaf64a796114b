"""Several runs a side over the same rows -> their difference, its interval and its p-value.

Runs (of one recipe, with other seeds) and rows are both a sample: a claim about a recipe has to
hold for other seeds and other rows. The difference of the two sides' means is resampled in two
independent parts (Clark 1973: treatments x items, subjects within treatments):

*Runs*: the difference of the run means around its value, as Student's t over the spread of the
run means within the sides, with as many degrees of freedom as there are runs beyond one a side.
With two or three runs a side exchanging them could never show anything (6 or 20 ways), and
drawing them with replacement would show far too much. This part holds what is particular to a
run, and the noise of its answers.

*Rows*: the difference of the two sides' row means, swapped row by row for the p-value, weighed at
random for the interval, as for two models. It is scaled down to the part that the noise of the
answers does not explain, which the runs' part holds already: to how differently the recipes do
on different rows.

A claim about a recipe takes the claim about these very models too: of the two p-values the
larger counts, and of the two intervals what either holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from tunesmith.evaluation.interval import (
    Bounds,
    FloatArray,
    RowScores,
    as_large,
    difference_draws,
    middle,
    swap_p_value,
    swapped_differences,
)

_RUN_DRAWS = 2**32  # added to the seed, so that runs are not drawn with the rows' numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`second` minus `first`, its 95 % interval, and how easily chance would do as much."""

    value: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spread:
    """What the runs say: standard error and freedom of their part, and the rows' share."""

    run_error: float
    freedom: int
    row_scale: float  # 0 to 1


def compare_runs(
    first: Sequence[RowScores], second: Sequence[RowScores], *, bounds: Bounds | None, seed: int = 0
) -> Difference:
    """Compare two sides of one or more runs.

    Args:
        first: The scores of each run of a side, over the same rows in the same order.
        second: Those of the other side, over the same rows.
        bounds: Lowest and highest score there can be, if any.
        seed: Of the resampling.

    Returns:
        With several runs on both sides what holds for other seeds and rows; with one run on
        either side what holds for these models on rows like these.
    """
    one, two = mean_of_runs(first), mean_of_runs(second)
    value = two.mean - one.mean
    draws = difference_draws(one, two, bounds=bounds, seed=seed)
    low, high = middle(draws, value)
    p_value = swap_p_value(one, two, seed=seed)
    if min(len(first), len(second)) == 1:
        return Difference(value=value, low=low, high=high, p_value=p_value)
    spread = _spread(first, second)
    moved = value + spread.row_scale * (draws - value)
    wide = middle(moved + _run_errors(spread, len(moved), seed), value)
    swaps = swapped_differences(one, two, seed=seed)
    swaps = np.tile(swaps, -(-len(draws) // len(swaps)))  # all ways of few rows, several times
    chance = spread.row_scale * swaps + _run_errors(spread, len(swaps), seed)
    return Difference(
        value=value,
        low=min(low, wide[0]),
        high=max(high, wide[1]),
        p_value=max(p_value, (1 + as_large(chance, value)) / (1 + len(chance))),
    )


def mean_of_runs(runs: Sequence[RowScores]) -> RowScores:
    """One side's score of each row, over its runs."""
    if len(runs) == 1:
        return runs[0]
    weights = np.stack([run.weights for run in runs])  # (K, N)
    scores = np.stack([run.scores for run in runs])
    return RowScores(
        scores=(scores * weights).sum(axis=0) / weights.sum(axis=0), weights=weights.mean(axis=0)
    )


def _spread(first: Sequence[RowScores], second: Sequence[RowScores]) -> _Spread:
    """Mean squares of runs within sides, of row differences between them, and of what is left."""
    sides = [np.stack([_contributions(run) for run in side]) for side in (first, second)]
    share = sum(1 / len(side) for side in sides)
    freedom = sum(len(side) - 1 for side in sides)
    num_rows = sides[0].shape[1]
    row_freedom = max(1, num_rows - 1)
    of_runs = sum(_squares(side.mean(axis=1)) for side in sides) / freedom
    of_rows = _squares(sides[1].mean(axis=0) - sides[0].mean(axis=0)) / row_freedom
    noise = sum(_squares(_without_runs_and_rows(side)) for side in sides) / freedom / row_freedom
    explained = noise * share / of_rows if of_rows > 0 else 0.0
    return _Spread(
        run_error=float(np.sqrt(of_runs * share)),
        freedom=freedom,
        row_scale=float(np.sqrt(max(0.0, 1.0 - explained))),
    )


def _contributions(run: RowScores) -> FloatArray:
    """What each row adds to a weighted mean, as numbers whose plain mean it is."""
    shares: FloatArray = run.weights / run.weights.mean()
    return run.mean + shares * (run.scores - run.mean)


def _squares(values: FloatArray) -> float:
    """The sum of squared deviations from the mean."""
    return float(((values - values.mean()) ** 2).sum())


def _without_runs_and_rows(side: FloatArray) -> FloatArray:
    left: FloatArray = side - side.mean(axis=0) - side.mean(axis=1, keepdims=True) + side.mean()
    return left


def _run_errors(spread: _Spread, num_draws: int, seed: int) -> FloatArray:
    """Student's t at evenly spaced levels, shuffled: its tails are too heavy for random ones."""
    levels = (np.arange(num_draws) + 0.5) / num_draws
    errors: FloatArray = spread.run_error * stats.t.ppf(levels, spread.freedom)
    return np.random.default_rng(seed + _RUN_DRAWS).permutation(errors)
