"""Scores of rows -> how far their mean may lie from the truth, and whether two models differ.

*Interval*: the Bayesian bootstrap (Rubin 1981): rows are weighed again and again by random
exponential weights, and the middle 95 % of the means is the interval. To the rows comes one
imagined row, half of it at the lowest possible score and half at the highest. For scores
that are only 0 or 100 this is Jeffreys' interval exactly; it holds its 95 % on 10 rows, and
five rows of 100 give "63 to 100", not "100 to 100", as the plain bootstrap would.

*Difference*: the same over row pairs (a paired bootstrap), the imagined row spread over minus
the largest difference seen, 0, 0 and plus that. The p-value is that of swapping the two models'
scores row by row: all swaps up to 13 differing rows, else a random 10,000. Where every row that
differs does so by as much, as for scores of 0 and 100, the share of swaps is a binomial's tail
and is computed as that: McNemar's exact test, for any number of rows.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

FloatArray = NDArray[np.float64]
Bounds = tuple[float, float]

NUM_RESAMPLES = 10_000
_LEVELS = (0.025, 0.975)
_MAX_DRAWS = 100_000_000  # beyond 10,000 rows fewer resamples do; the time stays the same
_CHUNK_DRAWS = 2_000_000  # 16 MB of weights at a time
_KEPT_DRAWS = 5_000_000  # 40 MB
_ALL_SWAPS = 13  # up to 8,192 swaps are all tried
_EQUAL = 1e-9  # differences this close, relative to their size, are equally large


@dataclass(frozen=True, slots=True, kw_only=True)
class RowScores:
    """One model's scores and the rows' weights, in the rows' order."""

    scores: FloatArray  # (N,)
    weights: FloatArray  # (N,)

    @property
    def mean(self) -> float:
        """The weighted mean."""
        return float((self.scores * self.weights).sum() / self.weights.sum())


def mean_interval(rows: RowScores, *, bounds: Bounds | None, seed: int = 0) -> Bounds | None:
    """The 95 % interval of a weighted mean.

    Args:
        rows: Scores and weights.
        bounds: Lowest and highest score there can be; None if there are none, and the
            lowest and highest seen take their place.
        seed: Same rows and seed, same interval.

    Returns:
        Low and high with the mean between them, or None where the rows say nothing: there
        are none, or without bounds they are all equal.
    """
    if len(rows.scores) == 0:
        return None
    if bounds is None:
        bounds = float(rows.scores.min()), float(rows.scores.max())
        if bounds[0] == bounds[1]:
            return None
    means = []
    for weights, drawn in _mean_draws(len(rows.scores), seed):
        imagined = drawn * rows.weights.mean()  # (R, 2)
        sums = weights @ (rows.scores * rows.weights) + imagined @ np.array(bounds)
        means.append(sums / (weights @ rows.weights + imagined.sum(axis=1)))
    return middle(np.concatenate(means), rows.mean)


def share_interval(hits: int, count: int) -> Bounds:
    """The 95 % interval of a share in percent: `mean_interval` of scores 0 and 100, at once."""
    point = 100 * hits / count
    low, high = (
        100 * float(stats.beta.ppf(level, hits + 0.5, count - hits + 0.5)) for level in _LEVELS
    )
    return min(low, point), max(high, point)


def difference_interval(
    first: RowScores, second: RowScores, *, bounds: Bounds | None, seed: int = 0
) -> Bounds:
    """The 95 % interval of `second`'s mean minus `first`'s over the same rows, in pairs."""
    draws = difference_draws(first, second, bounds=bounds, seed=seed)
    return middle(draws, second.mean - first.mean)


def difference_draws(
    first: RowScores, second: RowScores, *, bounds: Bounds | None, seed: int = 0
) -> FloatArray:
    """Differences of the two means after weighing the row pairs again and again at random."""
    largest = float(np.abs(second.scores - first.scores).max())
    if largest == 0 and bounds is not None:
        largest = bounds[1] - bounds[0]
    share = (first.weights.mean() + second.weights.mean()) / 2
    differences = []
    rng = np.random.default_rng(seed)
    for weights in resamples(len(first.scores), rng):
        means, totals = zip(*(_means(weights, rows) for rows in (first, second)), strict=True)
        seen = (totals[0] + totals[1]) / 2
        imagined = rng.gamma(0.25, size=(len(weights), 4)) * share
        sums = seen * (means[1] - means[0]) + largest * (imagined[:, 0] - imagined[:, 1])
        differences.append(sums / (seen + imagined.sum(axis=1)))
    return np.concatenate(differences)


def swap_p_value(first: RowScores, second: RowScores, *, seed: int = 0) -> float:
    """How often a difference as large appears when the models are swapped row by row."""
    change = _changes(first, second)
    if change.shape[1] == 0:
        return 1.0
    sizes = change[0]
    if not change[1].any() and np.ptp(np.abs(sizes)) <= _EQUAL * np.abs(sizes).max():
        return float(stats.binomtest(int(np.sum(sizes > 0)), len(sizes)).pvalue)
    swapped = swapped_differences(first, second, seed=seed)
    num_as_large = as_large(swapped, second.mean - first.mean)
    if change.shape[1] <= _ALL_SWAPS:
        return num_as_large / len(swapped)
    return (1 + num_as_large) / (1 + len(swapped))


def swapped_differences(first: RowScores, second: RowScores, *, seed: int = 0) -> FloatArray:
    """The differences of the means after swapping the models row by row: all ways or many."""
    change = _changes(first, second)
    sums = np.stack([_totals(first), _totals(second)]).sum(axis=2)  # (2, 2)
    found = []
    for swapped in _swaps(change.shape[1], np.random.default_rng(seed)):
        moved = swapped @ change.T  # (R, 2)
        after_first, after_second = sums[0] + moved, sums[1] - moved
        found.append(
            after_second[:, 0] / after_second[:, 1] - after_first[:, 0] / after_first[:, 1]
        )
    return np.concatenate(found)


def as_large(differences: FloatArray, observed: float) -> int:
    """How many differences are as large as the observed one, give or take rounding."""
    return int(np.sum(np.abs(differences) >= abs(observed) * (1 - 1e-9) - 1e-12))


def _changes(first: RowScores, second: RowScores) -> FloatArray:
    """What a swap moves of sum and weight, (2, N), for the rows on which the models differ."""
    change = _totals(second) - _totals(first)
    return change[:, np.any(change != 0, axis=0)]


def _totals(rows: RowScores) -> FloatArray:
    return np.stack([rows.scores * rows.weights, rows.weights])


def _means(weights: FloatArray, rows: RowScores) -> tuple[FloatArray, FloatArray]:
    totals = weights @ rows.weights
    return weights @ (rows.scores * rows.weights) / totals, totals


def middle(values: FloatArray, point: float) -> Bounds:
    """The middle 95 %, stretched to the point where that lies outside (all rows at a bound)."""
    low, high = (float(value) for value in np.quantile(values, _LEVELS))
    return min(low, point), max(high, point)


def _mean_draws(num_rows: int, seed: int) -> Iterable[tuple[FloatArray, FloatArray]]:
    """Weights of the rows and of the imagined one, a chunk at a time."""
    is_small = num_rows * NUM_RESAMPLES <= _KEPT_DRAWS
    return _kept_draws(num_rows, seed) if is_small else _draws(num_rows, seed)


@lru_cache(maxsize=1)
def _kept_draws(num_rows: int, seed: int) -> tuple[tuple[FloatArray, FloatArray], ...]:
    """The last draws: metrics and models are scored on as many rows, one after the other."""
    return tuple(_draws(num_rows, seed))


def _draws(num_rows: int, seed: int) -> Iterator[tuple[FloatArray, FloatArray]]:
    rng = np.random.default_rng(seed)
    for weights in resamples(num_rows, rng):
        yield weights, rng.gamma(0.5, size=(len(weights), 2))


def resamples(
    num_rows: int, rng: np.random.Generator, *, most: int = NUM_RESAMPLES
) -> Iterator[FloatArray]:
    """Weights of the rows, (R, N) a chunk; R is at most `most`, and less beyond 10,000 rows."""
    for size in _chunks(num_rows, most):
        yield rng.standard_exponential((size, num_rows))


def _swaps(num_rows: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Which rows are swapped, (R, N) of 0 and 1: all ways where they are few."""
    if num_rows <= _ALL_SWAPS:
        ways = np.arange(2**num_rows)[:, None]
        yield ((ways >> np.arange(num_rows)) & 1).astype(np.float64)
        return
    for size in _chunks(num_rows):
        yield rng.integers(0, 2, size=(size, num_rows), dtype=np.int8).astype(np.float64)


def _chunks(num_rows: int, most: int = NUM_RESAMPLES) -> Iterator[int]:
    left = min(most, max(2_000, _MAX_DRAWS // num_rows))
    size = max(1, _CHUNK_DRAWS // num_rows)
    while left > 0:
        yield min(size, left)
        left -= size
