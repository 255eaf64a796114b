"""Votes between two models at a time -> how strong each is, with intervals.

Bradley and Terry (1952): a model wins with the odds of its strength to the other's; a tie is half
a win for both. Every model also has one imagined vote, half won and half lost, spread evenly over
the others: a model that has won every vote stays finite. Solved by Newton's method, all resamples
at once. Intervals: rows are weighed at random, each with all its votes, and so are the imagined
ones (see `evaluation.interval`); for two models with a vote a row this is Jeffreys' interval.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tunesmith.evaluation.interval import FloatArray, RowScores, mean_interval, middle, resamples
from tunesmith.evaluation.judge.rates import Rate

_IMAGINED = 0.5  # of a vote won, and as much lost, by each model against all others
_RESAMPLES = 2_000
_MOST_STEPS = 60
_CLOSE = 1e-7
_RIDGE = 1e-12  # no two models are without any vote between them, but as good as
_ELO = 400 / np.log(10)  # 400 points are odds of 10 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PairwiseOutcome:
    """One vote: of the answers of two models to a row.

    Attributes:
        row: Whose votes belong together.
        first: A model.
        second: The other.
        score: 1 where the first is better, 0 where the second is, 0.5 for neither.
    """

    row: str
    first: str
    second: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStrength:
    """How one model stands among the others.

    Attributes:
        model: Its name.
        strength: In Elo points around the models' mean: 400 are odds of 10 to 1.
        low: Of the 95 % interval.
        high: Of the 95 % interval.
        votes: How many it was in.
        win_rate: Wins and half the ties, in percent of its votes.
    """

    model: str
    strength: float
    low: float
    high: float
    votes: int
    win_rate: Rate

    def to_json(self) -> dict[str, Any]:
        """The record of `tunesmith arena --json`."""
        return asdict(self)


def model_strengths(
    outcomes: Sequence[PairwiseOutcome], *, seed: int = 0
) -> tuple[ModelStrength, ...]:
    """All models that were voted on, the strongest first.

    Args:
        outcomes: Votes.
        seed: Same votes and seed, same intervals.
    """
    if not outcomes:
        return ()
    models = sorted({name for one in outcomes for name in (one.first, one.second)})
    tables = _row_tables(outcomes, models)  # (N, M, M)
    points = _strengths(tables.sum(axis=0)[None] + _imagined(len(models)))[0]
    drawn = _drawn_strengths(tables, seed)
    ranges = [middle(drawn[:, i], float(points[i])) for i in range(len(models))]
    found = [
        ModelStrength(
            model=model,
            strength=float(points[i]),
            low=ranges[i][0],
            high=ranges[i][1],
            votes=sum(model in (one.first, one.second) for one in outcomes),
            win_rate=win_rate(outcomes, model, seed=seed),
        )
        for i, model in enumerate(models)
    ]
    return tuple(sorted(found, key=lambda one: -one.strength))


def win_rate(outcomes: Sequence[PairwiseOutcome], model: str, *, seed: int = 0) -> Rate:
    """The share of a model's votes that it won, ties half; votes of a row belong together."""
    rows: dict[str, list[float]] = {}
    for one in outcomes:
        if model in (one.first, one.second):
            won = one.score if model == one.first else 1 - one.score
            rows.setdefault(one.row, []).append(100 * won)
    if not rows:
        return Rate(value=None, low=None, high=None, count=0)
    scores = RowScores(
        scores=np.array([np.mean(won) for won in rows.values()]),
        weights=np.array([float(len(won)) for won in rows.values()]),
    )
    interval = mean_interval(scores, bounds=(0.0, 100.0), seed=seed)
    assert interval is not None
    count = int(scores.weights.sum())
    return Rate(value=scores.mean, low=interval[0], high=interval[1], count=count)


def _row_tables(outcomes: Sequence[PairwiseOutcome], models: Sequence[str]) -> FloatArray:
    """Wins of each model over each other, a table a row."""
    places = {model: i for i, model in enumerate(models)}
    rows = {row: i for i, row in enumerate(dict.fromkeys(one.row for one in outcomes))}
    tables = np.zeros((len(rows), len(models), len(models)))
    for one in outcomes:
        row, first, second = rows[one.row], places[one.first], places[one.second]
        tables[row, first, second] += one.score
        tables[row, second, first] += 1 - one.score
    return tables


def _drawn_strengths(tables: FloatArray, seed: int) -> FloatArray:
    """Strengths after weighing the rows again and again, (R, M)."""
    num_rows, num_models, _ = tables.shape
    rng, flat = np.random.default_rng(seed), tables.reshape(num_rows, -1)
    found = []
    for weights in resamples(num_rows, rng, most=_RESAMPLES):
        wins = (weights @ flat).reshape(-1, num_models, num_models)
        found.append(_strengths(wins + rng.gamma(_imagined(num_models), size=wins.shape)))
    return np.concatenate(found)


def _imagined(num_models: int) -> FloatArray:
    """Wins that each model is given over each other, (M, M)."""
    shape = np.full((num_models, num_models), _IMAGINED / (num_models - 1))
    np.fill_diagonal(shape, 0)
    return shape


def _strengths(wins: FloatArray) -> FloatArray:
    """The most likely strengths in Elo points around their mean, (R, M).

    Args:
        wins: (R, M, M), of the model of the row over that of the column.
    """
    met = wins + wins.transpose(0, 2, 1)
    won, num_models = wins.sum(axis=2), wins.shape[1]
    diagonal = np.arange(num_models)
    strengths = np.zeros(won.shape)  # (R, M), natural logarithms of odds
    for _ in range(_MOST_STEPS):
        chance = _chance(strengths[:, :, None] - strengths[:, None, :])
        slope = won - (met * chance).sum(axis=2)
        spread = met * chance * (1 - chance)
        bend = 1 / num_models - spread  # the sum of strengths stays 0
        bend[:, diagonal, diagonal] += spread.sum(axis=2) + _RIDGE
        step = np.clip(np.linalg.solve(bend, slope[..., None])[..., 0], -1.0, 1.0)
        strengths = np.clip(strengths + step, -30.0, 30.0)
        if np.abs(step).max() < _CLOSE:
            break
    centred: FloatArray = _ELO * (strengths - strengths.mean(axis=1, keepdims=True))
    return centred


def _chance(odds: FloatArray) -> FloatArray:
    """The logistic function."""
    found: FloatArray = 1 / (1 + np.exp(-odds))
    return found
