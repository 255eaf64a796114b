"""Preferences and lengths of answers -> the win rate if both answers were equally long.

The idea of AlpacaEval 2 (Dubois and others 2024, arXiv 2404.04475): a logistic regression of
the preference on tanh of the difference in length over its standard deviation, read off at a
difference of 0. Their term for how hard a question is takes many models' answers to the same
questions and is left out. The interval is that of the same fit under the random weights of
`evaluation.interval`, with its one imagined row: half of it won and half of it lost.
"""

import numpy as np
from numpy.typing import NDArray

from tunesmith.evaluation.judge.rates import Rate

FloatArray = NDArray[np.float64]

_NUM_RESAMPLES = 2_000
_RESAMPLES_AT_ONCE = 200
_LEVELS = (0.025, 0.975)
_NUM_STEPS = 50
_LARGEST_STEP = 2.0
_RIDGE = np.array([1e-6, 0.1])  # of the two coefficients; keeps the effect of length finite


def length_controlled(scores: FloatArray, differences: FloatArray, *, seed: int = 0) -> Rate:
    """The win rate at equal length.

    Args:
        scores: 100 for a win, 50 for a tie, 0 for a loss; or anything between.
        differences: Length of the model's answer minus the opponent's, in characters.
        seed: Of the resampling.

    Returns:
        The rate with its interval; without a value where all differences are equal, for then
        the rows do not tell what length does.
    """
    spread = float(differences.std()) if len(differences) else 0.0
    if spread == 0.0:
        return Rate(value=None, low=None, high=None, count=len(scores))
    features = np.stack([np.ones(len(scores)), np.tanh(differences / spread)])  # (2, N)
    targets = scores / 100.0
    value = float(_rates(features, targets, np.ones((1, len(scores))), np.zeros((1, 2)))[0])
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(_NUM_RESAMPLES // _RESAMPLES_AT_ONCE):
        weights = rng.standard_exponential((_RESAMPLES_AT_ONCE, len(scores)))
        imagined = rng.gamma(0.5, size=(_RESAMPLES_AT_ONCE, 2))  # lost, won
        drawn.append(_rates(features, targets, weights, imagined))
    low, high = (float(bound) for bound in np.quantile(np.concatenate(drawn), _LEVELS))
    return Rate(value=value, low=min(low, value), high=max(high, value), count=len(scores))


def _rates(
    features: FloatArray, targets: FloatArray, weights: FloatArray, imagined: FloatArray
) -> FloatArray:
    """Fit R weighted regressions at once by Newton's method; their rates at no difference.

    Args:
        features: (2, N), the first row ones.
        targets: (N,), 0 to 1.
        weights: (R, N).
        imagined: (R, 2), the weights of a loss and of a win at no difference.
    """
    fitted = np.zeros((len(weights), 2))  # (R, 2)
    for _ in range(_NUM_STEPS):
        shares = _sigmoid(fitted @ features)  # (R, N)
        level = _sigmoid(fitted[:, 0])  # (R,)
        residuals = weights * (targets - shares)
        slope = residuals @ features.T - _RIDGE * fitted  # (R, 2)
        slope[:, 0] += imagined[:, 1] - imagined.sum(axis=1) * level
        bend = weights * shares * (1.0 - shares)  # (R, N)
        curve = np.einsum("rn,in,jn->rij", bend, features, features) + np.diag(_RIDGE)
        curve[:, 0, 0] += imagined.sum(axis=1) * level * (1.0 - level)
        step = np.linalg.solve(curve, slope[:, :, None])[:, :, 0]
        step = np.clip(step, -_LARGEST_STEP, _LARGEST_STEP)
        fitted += step
        if np.abs(step).max() < 1e-10:
            break
    return 100.0 * _sigmoid(fitted[:, 0])


def _sigmoid(values: FloatArray) -> FloatArray:
    return 0.5 * (1.0 + np.tanh(0.5 * values))
