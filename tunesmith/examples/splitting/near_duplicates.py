"""MinHash and its bands: a collection -> pairs of rows that say nearly the same, verified.

Rows are candidates where they agree in a band of their signatures; up to 1,000 rows all are.
What a rough estimate (256 bits) shows to be far apart is passed over; of the rest the word
3-grams are compared. In a crowd that shares one band (texts from one form) each row is compared
with its nearest neighbours, by id, and with the first, so that time stays linear in the rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from tunesmith.examples.splitting.collection import Collection, Rows
from tunesmith.examples.splitting.fingerprints import (
    HASH_BITS,
    MAX_BATCH,
    NUM_BANDS,
    NUM_PERMUTATIONS,
    Uint64s,
)

MAX_EXHAUSTIVE = 1000  # rows that are compared each with each
_MIN_NEIGHBOURS = 8  # of a crowd; smaller ones are compared each with each
_MIN_COMPARED = 64  # exact comparisons a row may have, as the later one of a pair
_EFFORT = 300_000  # few rows may have more of both, up to this many in all
_DEVIATIONS = 3.5  # how unlucky an estimate may be before a pair is passed over
_LOW_BITS = np.uint64((1 << 32) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarPairs:
    """Rows that resemble each other, in order; `first < second`.

    `is_exhaustive` says that each was compared with each.
    """

    first: Rows
    second: Rows
    similarity: npt.NDArray[np.float64]
    is_exhaustive: bool


def near_duplicates(
    collection: Collection, is_kept: npt.NDArray[np.bool_], *, threshold: float
) -> SimilarPairs:
    """Find pairs of long rows whose word 3-grams have at least this Jaccard similarity.

    Args:
        collection: Finished.
        is_kept: (rows,) which rows count; equal ones should have gone before.
        threshold: 0.5 to 1. A pair at 0.5 is found with a probability of 98 %.
    """
    places = np.flatnonzero(is_kept[collection.long_rows] & (threshold <= 1))
    # Numbered by id, so that what is found in a crowd does not depend on the order of the rows:
    # the look that scoring takes at train and test sees what preparing saw.
    places = places[np.argsort(collection.ids[collection.long_rows[places]], kind="stable")]
    search = _Search(collection, places, threshold)
    found: list[Uint64s] = []
    similarities: list[npt.NDArray[np.float64]] = []
    for pairs in search.candidates():
        similarity = _compared(collection, places, pairs)
        found.append(pairs[similarity >= threshold])
        similarities.append(similarity[similarity >= threshold])
    one, two = _ends(np.concatenate(found) if found else np.zeros(0, dtype=np.uint64))
    rows = np.sort(collection.long_rows[places[np.stack([one, two])]], axis=0)
    order = np.lexsort((rows[1], rows[0]))
    return SimilarPairs(
        first=rows[0][order],
        second=rows[1][order],
        similarity=np.concatenate(similarities)[order] if found else np.zeros(0),
        is_exhaustive=len(places) <= MAX_EXHAUSTIVE,
    )


@dataclass(slots=True)
class _Search:
    """A walk through the bands; a pair is (number << 32) | higher number, among `places`."""

    collection: Collection
    places: Rows
    threshold: float

    def candidates(self) -> Iterator[Uint64s]:
        """The new pairs of each band; all, where the rows are few."""
        if len(self.places) <= MAX_EXHAUSTIVE:
            yield self._likely(_pairs(*np.triu_indices(len(self.places), 1)))
        else:
            yield from self._from_bands()

    def _from_bands(self) -> Iterator[Uint64s]:
        seen = np.zeros(0, dtype=np.uint64)
        max_compared = max(_MIN_COMPARED, _EFFORT // len(self.places))
        num_compared = np.zeros(len(self.places), dtype=np.uint16)
        for number in range(NUM_BANDS):
            keys = self.collection.band(number)[self.places].astype(np.uint64)
            ordered = np.sort((keys << np.uint64(32)) | np.arange(len(keys), dtype=np.uint64))
            parts = [np.zeros(0, dtype=np.uint64), *map(self._likely, self._meetings(ordered))]
            pairs = np.unique(np.concatenate(parts))
            pairs = pairs[~_is_in(pairs, seen)]
            pairs = pairs[num_compared[_ends(pairs)[1]] < max_compared]
            if len(pairs):
                seen = np.sort(np.concatenate([seen, pairs]))
                np.add.at(num_compared, _ends(pairs)[1], 1)
                yield pairs

    def _meetings(self, ordered: Uint64s) -> Iterator[Uint64s]:
        """Pairs with an equal key, from keys with numbers below them, in order."""
        keys, numbers = ordered >> np.uint64(32), (ordered & _LOW_BITS).astype(np.int64)
        is_start = np.r_[True, keys[1:] != keys[:-1]][: len(keys)]
        start = np.maximum.accumulate(np.where(is_start, np.arange(len(keys)), 0))
        rank = np.arange(len(keys)) - start  # within those of its key
        neighbours = max(_MIN_NEIGHBOURS, _EFFORT // len(self.places))
        for lag in range(1, neighbours + 1):
            later = np.flatnonzero(rank >= lag)
            if not len(later):
                return
            yield _pairs(numbers[later - lag], numbers[later])
        later = np.flatnonzero(rank > neighbours)
        yield _pairs(numbers[start[later]], numbers[later])

    def _likely(self, pairs: Uint64s) -> Uint64s:
        """Those whose sizes and sketches let the threshold be possible."""
        first, second = (self.places[ends] for ends in _ends(pairs))
        counts, sketches = self.collection.counts, self.collection.sketches
        smaller = np.minimum(counts[first], counts[second])
        is_possible = smaller >= self.threshold * np.maximum(counts[first], counts[second])
        pairs, first, second = pairs[is_possible], first[is_possible], second[is_possible]
        differing = np.bitwise_count(sketches[first] ^ sketches[second])
        share = (1 - self.threshold) / 2  # of the bits that differ, on average, at the threshold
        deviation = sqrt(max(0.0, share * (1 - share)) * NUM_PERMUTATIONS)
        allowed = share * NUM_PERMUTATIONS + _DEVIATIONS * deviation
        likely: Uint64s = pairs[differing.sum(axis=1, dtype=np.int64) <= allowed]
        return likely


def _compared(collection: Collection, places: Rows, pairs: Uint64s) -> npt.NDArray[np.float64]:
    """The exact similarity of each pair."""
    parts = [np.zeros(0)]
    for start in range(0, len(pairs), MAX_BATCH):
        first, second = _ends(pairs[start : start + MAX_BATCH])
        both = places[np.stack([first, second], axis=1).ravel()]
        sizes = collection.counts[both].astype(np.int64)
        grams = np.concatenate([collection.shingles(place) for place in both.tolist()])
        number = np.repeat(np.arange(len(both), dtype=np.uint64) // np.uint64(2), sizes)
        together = np.sort((number << np.uint64(HASH_BITS)) | grams)
        shared = together[1:][together[1:] == together[:-1]] >> np.uint64(HASH_BITS)
        num_shared = np.bincount(shared, minlength=len(first))
        parts.append(num_shared / (sizes[0::2] + sizes[1::2] - num_shared))
    return np.concatenate(parts)


def _pairs(lower: Rows, higher: Rows) -> Uint64s:
    pairs: Uint64s = (lower.astype(np.uint64) << np.uint64(32)) | higher.astype(np.uint64)
    return pairs


def _ends(pairs: Uint64s) -> tuple[Rows, Rows]:
    first, second = pairs >> np.uint64(32), pairs & _LOW_BITS
    return first.astype(np.int64), second.astype(np.int64)


def _is_in(values: Uint64s, ordered: Uint64s) -> npt.NDArray[np.bool_]:
    places = np.searchsorted(ordered, values)
    found = np.zeros(len(values), dtype=np.bool_)
    inside = places < len(ordered)
    found[inside] = ordered[places[inside]] == values[inside]
    return found
