"""A collection -> the pairs of rows that say nearly the same, each verified exactly.

Rows are candidates where they agree in a band of their signatures. What a rough estimate (256
bits) shows to be far apart is passed over; of the rest the word 3-grams are compared. In a
crowd that shares one band (texts from one form) each row is compared with its nearest
neighbours, by id, and with the first, so that time stays linear in the rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from tunesmith.examples.collection import Collection, Rows
from tunesmith.examples.fingerprints import (
    HASH_BITS,
    MAX_BATCH,
    NUM_BANDS,
    NUM_PERMUTATIONS,
    Uint64s,
)

_NEIGHBOURS = 8  # of a crowd; smaller ones are compared each with each
_MAX_COMPARED = 64  # exact comparisons a row, as the later one of a pair
_DEVIATIONS = 3.5  # how unlucky an estimate may be before a pair is passed over
_LOW_BITS = np.uint64((1 << 32) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Rows that resemble each other, in order; `first < second`.

    `is_complete` says that every pair with a common band was looked at: there was no crowd.
    """

    first: Rows
    second: Rows
    similarity: npt.NDArray[np.float64]
    is_complete: bool


def near_duplicates(
    collection: Collection, is_kept: npt.NDArray[np.bool_], *, threshold: float
) -> Pairs:
    """Find pairs of long rows whose word 3-grams have at least this Jaccard similarity.

    Args:
        collection: Finished.
        is_kept: (rows,) which rows count; equal ones should have gone before.
        threshold: 0.5 to 1. A pair at 0.5 is found with a probability of 98 %.
    """
    places = np.flatnonzero(is_kept[collection.long_rows] & (threshold <= 1))
    # By id, so that the neighbours in a crowd do not depend on the order of the rows.
    places = places[np.argsort(collection.ids[collection.long_rows[places]], kind="stable")]
    search = _Search(collection, places, threshold)
    found: list[Uint64s] = []
    similarities: list[npt.NDArray[np.float64]] = []
    for pairs in search.candidates():
        similarity = _compared(collection, pairs)
        found.append(pairs[similarity >= threshold])
        similarities.append(similarity[similarity >= threshold])
    pairs = np.concatenate(found) if found else np.zeros(0, dtype=np.uint64)
    order = np.argsort(pairs)
    first, second = _ends(pairs[order])
    return Pairs(
        first=collection.long_rows[first],
        second=collection.long_rows[second],
        similarity=np.concatenate(similarities)[order] if found else np.zeros(0),
        is_complete=search.is_complete,
    )


@dataclass(slots=True)
class _Search:
    """A walk through the bands; a pair is (first place << 32) | second place."""

    collection: Collection
    places: Rows
    threshold: float
    is_complete: bool = True

    def candidates(self) -> Iterator[Uint64s]:
        """The new pairs of each band."""
        seen = np.zeros(0, dtype=np.uint64)
        num_compared = np.zeros(len(self.collection.counts), dtype=np.uint16)
        for number in range(NUM_BANDS):
            keys = self.collection.band(number)[self.places].astype(np.uint64)
            ordered = np.sort((keys << np.uint64(32)) | np.arange(len(keys), dtype=np.uint64))
            parts = [np.zeros(0, dtype=np.uint64), *map(self._likely, self._meetings(ordered))]
            pairs = np.unique(np.concatenate(parts))
            pairs = pairs[~_is_in(pairs, seen)]
            is_left = num_compared[_ends(pairs)[1]] < _MAX_COMPARED
            self.is_complete &= bool(is_left.all())
            pairs = pairs[is_left]
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
        for lag in range(1, _NEIGHBOURS + 1):
            later = np.flatnonzero(rank >= lag)
            if not len(later):
                return
            yield self._pairs(numbers[later - lag], numbers[later])
        later = np.flatnonzero(rank > _NEIGHBOURS)
        self.is_complete &= not len(later)
        yield self._pairs(numbers[start[later]], numbers[later])

    def _pairs(self, one: Rows, two: Rows) -> Uint64s:
        first = np.minimum(self.places[one], self.places[two]).astype(np.uint64)
        second = np.maximum(self.places[one], self.places[two]).astype(np.uint64)
        pairs: Uint64s = (first << np.uint64(32)) | second
        return pairs

    def _likely(self, pairs: Uint64s) -> Uint64s:
        """Those whose sizes and sketches let the threshold be possible."""
        first, second = _ends(pairs)
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


def _compared(collection: Collection, pairs: Uint64s) -> npt.NDArray[np.float64]:
    """The exact similarity of each pair."""
    parts = [np.zeros(0)]
    for start in range(0, len(pairs), MAX_BATCH):
        first, second = _ends(pairs[start : start + MAX_BATCH])
        places = np.stack([first, second], axis=1).ravel()
        sizes = collection.counts[places].astype(np.int64)
        grams = np.concatenate([collection.shingles(int(place)) for place in places])
        number = np.repeat(np.arange(len(places), dtype=np.uint64) // np.uint64(2), sizes)
        together = np.sort((number << np.uint64(HASH_BITS)) | grams)
        shared = together[1:][together[1:] == together[:-1]] >> np.uint64(HASH_BITS)
        num_shared = np.bincount(shared, minlength=len(first))
        parts.append(num_shared / (sizes[0::2] + sizes[1::2] - num_shared))
    return np.concatenate(parts)


def _ends(pairs: Uint64s) -> tuple[Rows, Rows]:
    first, second = pairs >> np.uint64(32), pairs & _LOW_BITS
    return first.astype(np.int64), second.astype(np.int64)


def _is_in(values: Uint64s, ordered: Uint64s) -> npt.NDArray[np.bool_]:
    places = np.searchsorted(ordered, values)
    found = np.zeros(len(values), dtype=np.bool_)
    inside = places < len(ordered)
    found[inside] = ordered[places[inside]] == values[inside]
    return found
