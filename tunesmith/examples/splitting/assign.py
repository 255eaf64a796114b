"""A collection -> the split and the group of every row, and why the others are left out."""

from collections import Counter
from dataclasses import dataclass
from itertools import chain

import numpy as np

from tunesmith.examples.splitting.collection import Collection, Rows
from tunesmith.examples.splitting.duplicates import LeftOut, find_duplicates
from tunesmith.examples.splitting.groups import BRIDGES_SPLITS, make_groups
from tunesmith.examples.splitting.overlap import find_overlaps
from tunesmith.examples.splitting.split import (
    NO_SPLIT,
    RETIRED,
    SPLITS,
    TEST,
    TRAIN,
    VALIDATION,
    Split,
    SplitArray,
    draw_splits,
    fill_empty_splits,
)
from tunesmith.examples.splitting.split_memory import SplitMemory
from tunesmith.recipe.recipe import ExamplesRecipe

_BY_PRIORITY = (TEST, RETIRED, VALIDATION, TRAIN, NO_SPLIT)  # who stays where two cannot
RETIRED_TEST_ROW = "retired test row"


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitAssignment:
    """The split and the group of every row.

    Attributes:
        splits: (rows,) places in SPLITS; NO_SIDE: it is left out.
        first: (rows,) the first member of each row's group.
        group_sizes: (rows,) members that are kept, at the place of a group's first member.
        left_out: Why rows are left out.
    """

    splits: SplitArray
    first: Rows
    group_sizes: Rows
    left_out: dict[int, LeftOut]

    def num_groups(self) -> dict[Split, int]:
        """Groups in each split."""
        kept = np.flatnonzero(self.splits != NO_SPLIT)
        _, members = np.unique(self.first[kept], return_index=True)
        counts = Counter(self.splits[kept[members]].tolist())
        return {split: counts[place] for place, split in enumerate(SPLITS)}

    def num_rows(self) -> dict[Split, int]:
        """Rows in each split."""
        counts = Counter(self.splits.tolist())
        return {split: counts[place] for place, split in enumerate(SPLITS)}


def assign_splits(
    collection: Collection, recipe: ExamplesRecipe, memory: SplitMemory
) -> SplitAssignment:
    """Drop what repeats, group what belongs together, and give each group a split.

    Args:
        collection: Finished.
        recipe: Thresholds, seed and shares.
        memory: Where rows lay before; nothing is written to it.

    Raises:
        DataError: There are too few groups for the splits that were asked for.
    """
    is_named = collection.named != NO_SPLIT
    splits = np.where(is_named, collection.named, _remembered(collection, memory)).astype(np.int8)
    is_used_after_all = np.isin(collection.ids, collection.ids[is_named]) & (splits == RETIRED)
    splits[is_used_after_all] = NO_SPLIT  # the copy that the recipe names stays
    rank = _rank(splits)
    duplicates = find_duplicates(collection, recipe, rank)
    groups = make_groups(collection, duplicates, splits, rank)
    left_out = {**duplicates.left_out, **groups.left_out}
    is_kept = np.ones(collection.num_rows, dtype=np.bool_)
    is_kept[list(left_out)] = False
    splits = np.where(is_kept, groups.splits, NO_SPLIT).astype(np.int8)
    firsts = np.unique(groups.first[is_kept])
    _draw_new(collection, recipe, splits, firsts)
    splits = np.where(is_kept, splits[groups.first], NO_SPLIT).astype(np.int8)
    _leave_out_retired(collection, memory, splits, left_out)
    if not duplicates.pairs.is_exhaustive:
        _leave_out_overlaps(collection, recipe, splits, left_out)
    return SplitAssignment(
        splits=splits,
        first=groups.first,
        group_sizes=np.bincount(groups.first[splits != NO_SPLIT], minlength=collection.num_rows),
        left_out=left_out,
    )


def _remembered(collection: Collection, memory: SplitMemory) -> SplitArray:
    """Where rows lay before; an edited one lies where anything that it was lay.

    Where that is several splits, what was held out stays held out: test before validation.
    """
    splits = memory.splits(collection.ids)
    for row, origin in collection.origins.items():
        before = memory.splits(np.array(origin.ids, dtype=np.uint64))
        splits[row] = max(splits[row], before.max(initial=NO_SPLIT))
    return splits


def find_repeated(collection: Collection, recipe: ExamplesRecipe) -> dict[int, LeftOut]:
    """The rows that repeat another, where nothing is remembered; `assign_splits` drops the same."""
    return find_duplicates(collection, recipe, _rank(collection.named)).left_out


def _leave_out_retired(
    collection: Collection,
    memory: SplitMemory,
    splits: SplitArray,
    left_out: dict[int, LeftOut],
) -> None:
    """Keep what was once tested on, and what belongs with it, out of every split.

    A person may use it all the same, in a source that says `use_as`. Changes `splits` and
    `left_out`.
    """
    rows = np.flatnonzero(splits == RETIRED)
    is_own = memory.splits(collection.ids[rows]) == RETIRED
    for row, own in zip(rows.tolist(), is_own.tolist(), strict=True):
        told = "was in a test set" if own else "belongs with rows that were in a test set"
        words = f"{told} that a fresh one took the place of; use_as in a source of its own uses it"
        left_out[row] = LeftOut(reason=RETIRED_TEST_ROW, others=(), words=words)
        splits[row] = NO_SPLIT


def _leave_out_overlaps(
    collection: Collection, recipe: ExamplesRecipe, splits: SplitArray, left_out: dict[int, LeftOut]
) -> None:
    """Drop from train what another look at train and test alone finds.

    That look is the one that scoring takes; it may see what was one of too many pairs before,
    and finds nothing in the end. Changes `splits` and `left_out`.
    """
    while found := find_overlaps(collection, splits, recipe):
        for row, overlap in found.items():
            words = f"lies in train, but {overlap.words}"
            left_out[row] = LeftOut(reason=BRIDGES_SPLITS, others=(overlap.test_row,), words=words)
            splits[row] = NO_SPLIT


def remember(collection: Collection, assignment: SplitAssignment, memory: SplitMemory) -> None:
    """Write down where the rows fell for which the recipe itself names no split.

    Raises:
        DiskFullError: There is no space.
    """
    rows = np.flatnonzero((assignment.splits != NO_SPLIT) & (collection.named == NO_SPLIT))
    groups = collection.ids[assignment.first[rows]]
    edited = [row for row in rows.tolist() if row in collection.origins]
    origins = [collection.origins[row].ids for row in edited]
    sizes = [len(ids) for ids in origins]
    memory.add(
        np.r_[collection.ids[rows], np.array([*chain(*origins)], dtype=np.uint64)],
        np.r_[groups, np.repeat(collection.ids[assignment.first[edited]], sizes)],
        np.r_[assignment.splits[rows], np.repeat(assignment.splits[edited], sizes)],
    )


def _rank(splits: SplitArray) -> Rows:
    """An order in which rows that have a split go before those without."""
    priority = np.empty(len(splits), dtype=np.int64)
    for place, split in enumerate(_BY_PRIORITY):
        priority[splits == split] = place
    rank = np.empty(len(splits), dtype=np.int64)
    rank[np.argsort(priority, kind="stable")] = np.arange(len(splits))
    return rank


def _draw_new(
    collection: Collection, recipe: ExamplesRecipe, splits: SplitArray, firsts: Rows
) -> None:
    """Give a split to the first members of groups that have none; changes `splits`."""
    new = firsts[splits[firsts] == NO_SPLIT]
    drawn_splits, drawn = draw_splits(collection.drawn_by[new], recipe)
    fixed = Counter(splits[firsts].tolist())
    if (collection.named == NO_SPLIT).any():
        fill_empty_splits(drawn_splits, drawn, recipe.split, fixed)
    splits[new] = drawn_splits
