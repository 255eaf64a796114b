"""What two people, or a person and a judge, said of the same things -> Cohen's kappa.

Kappa (Cohen 1960) is the agreement beyond what their habits alone would give: 1 is always, 0 is
chance. No weights: labels have no order. The interval weighs rows at random, each with all that
was said of it, and with them one imagined word, half of it agreeing and half not.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tunesmith.evaluation.interval import FloatArray, middle, resamples

_RESAMPLES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far two agree.

    Attributes:
        first: Who.
        second: And who.
        count: Things that both spoke of.
        same: Percent of them of which they said the same; None where there are none.
        kappa: Cohen's; None where both said one and the same throughout, which tells nothing.
        low: Of its 95 % interval.
        high: Of its 95 % interval.
    """

    first: str
    second: str
    count: int
    same: float | None = None
    kappa: float | None = None
    low: float | None = None
    high: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The record."""
        return asdict(self)


def agreement(
    first: tuple[str, Mapping[Hashable, str]],
    second: tuple[str, Mapping[Hashable, str]],
    *,
    row_of: Callable[[Any], Hashable] = lambda thing: thing,
    seed: int = 0,
) -> Agreement:
    """Compare two over the things that both labelled.

    Args:
        first: A name, and its labels by thing.
        second: The other's.
        row_of: The row that a thing belongs to; things of a row are weighed together.
        seed: Same labels and seed, same interval.
    """
    (name, said), (other, also) = first, second
    shared = [thing for thing in said if thing in also]
    if not shared:
        return Agreement(first=name, second=other, count=0)
    words = sorted({*(said[one] for one in shared), *(also[one] for one in shared)})
    rows = {row: i for i, row in enumerate(dict.fromkeys(map(row_of, shared)))}
    tables = np.zeros((len(rows), len(words), len(words)))
    for thing in shared:
        tables[rows[row_of(thing)], words.index(said[thing]), words.index(also[thing])] += 1
    same = 100 * float(np.trace(tables.sum(axis=0))) / len(shared)
    known = Agreement(first=name, second=other, count=len(shared), same=same)
    if len(words) == 1:
        return known
    kappa = float(cohen_kappa(tables.sum(axis=0)[None])[0])
    low, high = middle(_drawn_kappas(tables, seed), kappa)
    return Agreement(**{**asdict(known), "kappa": kappa, "low": low, "high": high})


def cohen_kappa(tables: FloatArray) -> FloatArray:
    """Kappa of each of several tables of counts, (R, K, K) -> (R,)."""
    shares = tables / tables.sum(axis=(1, 2), keepdims=True)
    observed = np.trace(shares, axis1=1, axis2=2)
    chance = (shares.sum(axis=1) * shares.sum(axis=2)).sum(axis=1)
    found: FloatArray = (observed - chance) / np.maximum(1 - chance, 1e-12)
    return found


def _drawn_kappas(tables: FloatArray, seed: int) -> FloatArray:
    num_rows, num_words, _ = tables.shape
    shape = np.full((num_words, num_words), 0.5 / (num_words * (num_words - 1)))
    np.fill_diagonal(shape, 0.5 / num_words)
    rng, flat = np.random.default_rng(seed), tables.reshape(num_rows, -1)
    found = []
    for weights in resamples(num_rows, rng, most=_RESAMPLES):
        drawn = (weights @ flat).reshape(-1, num_words, num_words)
        found.append(cohen_kappa(drawn + rng.gamma(shape, size=drawn.shape)))
    return np.concatenate(found)
