"""Scores after tuning on more and more rows -> what twice the rows would bring, with an interval.

A score approaches its highest (a loss its lowest) as a power of the rows: y(n) = a - b n^-c
(Hestness et al. 2017). For a given exponent the law is a straight line in n^-c. Exponents are
weighed by how well they fit, so that what few sizes cannot tell stands in the interval. Each of
many draws weighs test rows (as `interval` does) and moves each mean by the spread between seeds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tunesmith.evaluation.interval import Bounds, middle

FloatArray = NDArray[np.float64]
Doubling = Literal["gain", "next to nothing", "loss", "not told"]

_EXPONENTS = np.geomspace(0.1, 2.0, 24)
_DRAWS = 2_000
_SMALL = 1.0  # points that nobody would write twice the rows for
_WIDE = 12.0  # points between low and high at which an interval around 0 says nothing
_MISFIT = 0.03  # of what was gained so far: how far the truth may lie from any such law


@dataclass(frozen=True, slots=True, kw_only=True)
class DoublingGain:
    """What twice the rows would bring: the middle of the draws, and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def outcome(self) -> Doubling:
        """What the interval, in points, says in words."""
        if self.low > 0:
            return "gain"
        if self.high < 0:
            return "loss"
        if self.high <= _SMALL or (self.high - self.low < _WIDE / 4 and self.value <= _SMALL):
            return "next to nothing"
        return "not told"


def doubling_gain(
    sizes: Sequence[int],
    scores: Sequence[FloatArray],
    *,
    bounds: Bounds | None,
    weights: FloatArray | None = None,
    seed: int = 0,
) -> DoublingGain:
    """The gain from the largest of the sizes to twice as many rows.

    Args:
        sizes: Numbers of training rows, K of them, rising; at least three.
        scores: Of each size (S, R): of every seed and test row; the same R rows everywhere.
        bounds: The lowest and highest score there can be; None if there are none.
        weights: Of the test rows, (R,); all alike if not given.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    rows = np.stack([one.mean(axis=0) for one in scores])  # (K, R)
    shares = np.ones(rows.shape[1]) if weights is None else weights
    spread = _spread_of_seeds(scores, shares)
    means = rows @ shares / shares.sum()
    noise = np.hypot(spread, _MISFIT * np.ptp(means))
    drawn = _drawn_means(rows, shares, rng) + rng.normal(0, 1, (_DRAWS, len(sizes))) * noise
    gains = _gains(np.array(sizes, dtype=np.float64), drawn, noise, rng)
    gains += rng.normal(0, 1, _DRAWS) * noise * np.sqrt(2)  # the next two means vary as well
    if bounds is not None:
        gains = np.clip(gains, bounds[0] - means[-1], bounds[1] - means[-1])
    value = float(np.median(gains))
    low, high = middle(gains, value)
    return DoublingGain(value=value, low=low, high=high)


def _spread_of_seeds(scores: Sequence[FloatArray], shares: FloatArray) -> float:
    """The standard error of a size's mean over its seeds, pooled over the sizes."""
    means = [one @ shares / shares.sum() for one in scores]
    pairs = [(one.var(ddof=1), len(one)) for one in means if len(one) > 1]
    if not pairs:
        return float(np.std(np.diff([one.mean() for one in means])) / 2)
    variance = np.mean([variance / count for variance, count in pairs])
    # A spread that few seeds show is known badly; the factor makes room for that.
    return float(np.sqrt(variance * (1 + 2 / sum(count - 1 for _, count in pairs))))


def _drawn_means(rows: FloatArray, shares: FloatArray, rng: np.random.Generator) -> FloatArray:
    """The means of all sizes, (draws, K), over test rows that are weighed at random."""
    drawn = np.empty((_DRAWS, len(rows)))
    step = max(1, 2_000_000 // rows.shape[1])
    for start in range(0, _DRAWS, step):
        count = min(step, _DRAWS - start)
        weighed = rng.standard_exponential((count, rows.shape[1])) * shares
        drawn[start : start + count] = weighed @ rows.T / weighed.sum(axis=1, keepdims=True)
    return drawn


def _gains(
    sizes: FloatArray, drawn: FloatArray, noise: float, rng: np.random.Generator
) -> FloatArray:
    """For each draw the law with one exponent, taken as often as it fits well; (draws,)."""
    gains, errors = [], []
    for exponent in _EXPONENTS:
        powers = sizes**-exponent / sizes[-1] ** -exponent  # (K,), the last of them 1
        centred = powers - powers.mean()
        slopes = drawn @ centred / (centred @ centred)  # (draws,)
        fitted = drawn.mean(axis=1, keepdims=True) + slopes[:, None] * centred
        errors.append(((drawn - fitted) ** 2).sum(axis=1))
        gains.append(slopes * (2.0**-exponent - 1))
    squares = np.stack(errors, axis=1)  # (draws, exponents)
    scale = np.maximum(noise**2, squares.min(axis=1, keepdims=True) / max(1, len(sizes) - 2))
    logs = -squares / (2 * np.maximum(scale, 1e-12))
    chances = np.exp(logs - logs.max(axis=1, keepdims=True)).cumsum(axis=1)
    picked = (chances < rng.random((len(drawn), 1)) * chances[:, -1:]).sum(axis=1)
    found: FloatArray = np.stack(gains, axis=1)[np.arange(len(drawn)), picked]
    return found
