"""A model's answers, one after the other -> counts, and from them rates with intervals.

Of a row no text is kept. All rates but `fit` are shares of answers, so their intervals are
Jeffreys' and take no resampling.
"""

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from tunesmith.evaluation.grade import Score
from tunesmith.evaluation.interval import RowScores, mean_interval, share_interval
from tunesmith.evaluation.usability.fault_signs import SIGNS
from tunesmith.evaluation.usability.forms import CHECKABLE
from tunesmith.evaluation.usability.row_signs import RowSigns

FAULTY, RIGHT, CHECKED, AGREES, FIT = "faulty", "right", "right_checked", "right_text", "fit"
NEAR, FAR = "near", "far"
BAND_LIMIT = 0.5  # similarity of questions from which on a row is near
_MAX_ROWS = 20


@dataclass(slots=True)
class Tally:
    """What was found in a model's answers so far."""

    num_failed: int = 0
    hits: Counter[str] = field(default_factory=Counter)  # by rate
    totals: Counter[str] = field(default_factory=Counter)
    rows: dict[str, list[str]] = field(default_factory=dict)  # the first of each rate's misses
    fits: "array[float]" = field(default_factory=lambda: array("d"))
    forms: Counter[str] = field(default_factory=Counter)  # of references
    groups: dict[str, Counter[str]] = field(default_factory=dict)  # right and total, by group
    against_constant: Counter[str] = field(default_factory=Counter)

    def add(self, found: RowSigns, *, group: str, is_commonest: bool) -> None:
        """Count one row.

        Args:
            found: In the answer.
            group: Of the row.
            is_commonest: Whether the group's commonest training answer is the reference.
        """
        if found.failure is not None:
            self.num_failed += 1
            return
        for sign in SIGNS:
            self._count(sign, sign in found.signs, found, is_good=False)
        self._count(FAULTY, bool(found.signs), found, is_good=False)
        self.forms[found.form] += 1
        is_checked = found.form in CHECKABLE
        for rate in (RIGHT, CHECKED if is_checked else AGREES):
            self._count(rate, found.is_right, found, is_good=True)
        if found.similarity is not None:
            band = NEAR if found.similarity >= BAND_LIMIT else FAR
            self._count(band, found.is_right, found, is_good=True)
        if found.fit is not None:
            self.fits.append(found.fit)
        if is_checked:
            self.groups.setdefault(group, Counter()).update(right=found.is_right, total=1)
        if found.form == "label":
            self.against_constant.update(
                rows=1,
                right=found.is_right,
                constant=is_commonest,
                gained=found.is_right > is_commonest,
                lost=found.is_right < is_commonest,
            )

    @property
    def count(self) -> int:
        """How many answers were looked at."""
        return self.totals[FAULTY]

    def rates(self) -> dict[str, Score]:
        """All rates that rest on a row."""
        found = {rate: self._share(rate) for rate, total in self.totals.items() if total}
        if self.fits:
            found[FIT] = self._fit()
        return found

    def weakest(self, count: int) -> Iterable[tuple[str, int, int]]:
        """The groups of which fewest are right: name, right, all."""
        found = [(name, one["right"], one["total"]) for name, one in self.groups.items()]
        return sorted(found, key=lambda one: (one[1] / one[2], -one[2]))[:count]

    def _count(self, rate: str, is_hit: bool, found: RowSigns, *, is_good: bool) -> None:
        self.totals[rate] += 1
        self.hits[rate] += is_hit
        rows = self.rows.setdefault(rate, [])
        if is_hit != is_good and len(rows) < _MAX_ROWS:
            rows.append(found.example_id)

    def _share(self, rate: str) -> Score:
        hits, total = self.hits[rate], self.totals[rate]
        low, high = share_interval(hits, total)
        failed = self.num_failed
        return Score(value=100 * hits / total, low=low, high=high, count=total, failed=failed)

    def _fit(self) -> Score:
        fits = np.array(self.fits)
        rows = RowScores(scores=fits, weights=np.ones(len(fits)))
        low, high = mean_interval(rows, bounds=(0.0, 100.0)) or (None, None)
        return Score(value=rows.mean, low=low, high=high, count=len(fits), failed=self.num_failed)
