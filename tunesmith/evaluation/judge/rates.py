"""How often something happened among so many -> a share in percent with its interval."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tunesmith.evaluation.interval import RowScores, mean_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share of `count` cases, 0 to 100, with its 95 % interval; None where there are none."""

    value: float | None
    low: float | None
    high: float | None
    count: int

    def to_json(self) -> dict[str, Any]:
        """The record as it stands in `scores.json`."""
        return asdict(self)


def rate_of(cases: Iterable[float]) -> Rate:
    """The mean of cases that are each 0 to 100."""
    scores = np.array(list(cases), dtype=np.float64)
    if not len(scores):
        return Rate(value=None, low=None, high=None, count=0)
    rows = RowScores(scores=scores, weights=np.ones(len(scores)))
    interval = mean_interval(rows, bounds=(0.0, 100.0))
    assert interval is not None
    return Rate(value=rows.mean, low=interval[0], high=interval[1], count=len(scores))


def share_of(cases: Iterable[bool]) -> Rate:
    """The share of cases that are true."""
    return rate_of(100.0 * case for case in cases)
