"""A collection -> which rows repeat another, and which only resemble one."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import orjson

from tunesmith.examples.example import Example
from tunesmith.examples.splitting.collection import Collection, Rows
from tunesmith.examples.splitting.fingerprints import Uint64s
from tunesmith.examples.splitting.near_duplicates import SimilarPairs, near_duplicates
from tunesmith.examples.splitting.words import words_of
from tunesmith.recipe.recipe import ExamplesRecipe

EXACT_DUPLICATE = "exact duplicate"
NEAR_DUPLICATE = "near duplicate"
NEVER = 2.0  # a similarity that nothing has
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Why a row comes into no split.

    Attributes:
        reason: A name that is counted.
        others: The rows it stands against; the detail names them.
        words: What it has to do with them, to be followed by their places.
    """

    reason: str
    others: tuple[int, ...]
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """The rows that repeat another, and the pairs that only resemble each other.

    Attributes:
        left_out: The rows that repeat another one, which stays.
        is_kept: (rows,) the others.
        pairs: Of kept rows that resemble each other, from `group_near_duplicates` on.
    """

    left_out: dict[int, LeftOut]
    is_kept: Flags
    pairs: SimilarPairs


def find_duplicates(collection: Collection, recipe: ExamplesRecipe, rank: Rows) -> Duplicates:
    """Find what is said twice; of equal rows the one with the lowest rank stays.

    Rows that are equal but for case and punctuation, or nearly equal, are duplicates only where
    their system messages are equal too: a model is to be taught both voices.

    Args:
        collection: Finished.
        recipe: Its two thresholds; None switches one off.
        rank: (rows,) all different.
    """
    left_out: dict[int, LeftOut] = {}
    is_kept = np.ones(collection.num_rows, dtype=np.bool_)
    _leave_out_equal(
        collection.ids, rank, is_kept, left_out, (EXACT_DUPLICATE, "the same conversation as")
    )
    if recipe.drop_near_duplicates is not None:
        keys = collection.wholes ^ (collection.frames * np.uint64(0x9E3779B97F4A7C15))
        words = "equal but for case and punctuation to"
        _leave_out_equal(keys, rank, is_kept, left_out, (NEAR_DUPLICATE, words))
    thresholds = [
        threshold
        for threshold in (recipe.drop_near_duplicates, recipe.group_near_duplicates)
        if threshold is not None
    ]
    pairs = near_duplicates(collection, is_kept, threshold=min(thresholds, default=NEVER))
    if recipe.drop_near_duplicates is not None:
        _leave_out_similar(
            collection, pairs, recipe.drop_near_duplicates, rank, (is_kept, left_out)
        )
    stays = is_kept[pairs.first] & is_kept[pairs.second]
    stays &= pairs.similarity >= (recipe.group_near_duplicates or NEVER)
    pairs = SimilarPairs(
        first=pairs.first[stays],
        second=pairs.second[stays],
        similarity=pairs.similarity[stays],
        is_exhaustive=pairs.is_exhaustive,
    )
    return Duplicates(left_out=left_out, is_kept=is_kept, pairs=pairs)


def first_of_equal(keys: Uint64s, rank: Rows) -> Rows:
    """(rows,) for each row the one of the lowest rank that has the same key."""
    order = np.lexsort((rank, keys))
    ordered = keys[order]
    is_start = np.r_[True, ordered[1:] != ordered[:-1]][: len(order)]
    first = np.empty(len(keys), dtype=np.int64)
    first[order] = order[np.maximum.accumulate(np.where(is_start, np.arange(len(order)), 0))]
    return first


def _leave_out_equal(
    keys: Uint64s, rank: Rows, is_kept: Flags, left_out: dict[int, LeftOut], why: tuple[str, str]
) -> None:
    rows = np.flatnonzero(is_kept)
    first = rows[first_of_equal(keys[rows], rank[rows])]
    reason, words = why
    for row, other in zip(rows[first != rows].tolist(), first[first != rows].tolist(), strict=True):
        left_out[row] = LeftOut(reason=reason, others=(other,), words=words)
        is_kept[row] = False


def _leave_out_similar(
    collection: Collection,
    pairs: SimilarPairs,
    threshold: float,
    rank: Rows,
    found: tuple[Flags, dict[int, LeftOut]],
) -> None:
    """Drop a row where one before it, which stays, says nearly the same.

    Two questions about one long text do not: what is asked and answered has to be the same too.
    """
    is_kept, left_out = found
    frames = collection.frames
    close = pairs.similarity >= threshold
    close &= frames[pairs.first] == frames[pairs.second]
    one, two, similarity = pairs.first[close], pairs.second[close], pairs.similarity[close]
    is_in_order = rank[one] < rank[two]
    before, after = np.where(is_in_order, one, two), np.where(is_in_order, two, one)
    for place in np.lexsort((rank[before], rank[after])).tolist():
        other, row = int(before[place]), int(after[place])
        if is_kept[row] and is_kept[other] and _ask_the_same(collection, row, other, threshold):
            words = f"{similarity[place]:.0%} of the word triples are those of"
            left_out[row] = LeftOut(reason=NEAR_DUPLICATE, others=(other,), words=words)
            is_kept[row] = False


def _ask_the_same(collection: Collection, row: int, other: int, threshold: float) -> bool:
    """Whether rows with an input are alike without it; rows without any are, as far as it goes."""
    said = [_words_beside_input(collection, one) for one in (row, other)]
    if said[0] is None or said[1] is None:
        return True
    return len(said[0] & said[1]) >= threshold * len(said[0] | said[1])


def _words_beside_input(collection: Collection, row: int) -> set[str] | None:
    """The words of a row's texts but for inputs; None where it has none."""
    messages = Example.from_json(orjson.loads(collection.line(row))).messages
    if not any(message.input for message in messages):
        return None
    return {word for message in messages for word in words_of(message.content)}
