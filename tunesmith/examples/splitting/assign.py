"""A collection -> the side and the group of every row, and why the others are left out."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from tunesmith.examples.splitting.collection import Collection, Rows
from tunesmith.examples.splitting.duplicates import LeftOut, find_duplicates
from tunesmith.examples.splitting.groups import BRIDGES_SPLITS, make_groups
from tunesmith.examples.splitting.overlap import find_overlaps
from tunesmith.examples.splitting.split import (
    NO_SPLIT,
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

_BY_PRIORITY = (TEST, VALIDATION, TRAIN, NO_SPLIT)  # who stays where two cannot


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitAssignment:
    """Where every row goes.

    Attributes:
        sides: (rows,) places in SPLITS; NO_SIDE: it is left out.
        first: (rows,) the first member of each row's group.
        group_sizes: (rows,) members that are kept, at the place of a group's first member.
        lost: Why rows are left out.
    """

    sides: SplitArray
    first: Rows
    group_sizes: Rows
    lost: dict[int, LeftOut]

    def num_groups(self) -> dict[Split, int]:
        """Groups on each side."""
        kept = np.flatnonzero(self.sides != NO_SPLIT)
        _, members = np.unique(self.first[kept], return_index=True)
        counts = Counter(self.sides[kept[members]].tolist())
        return {split: counts[place] for place, split in enumerate(SPLITS)}

    def num_rows(self) -> dict[Split, int]:
        """Rows on each side."""
        counts = Counter(self.sides.tolist())
        return {split: counts[place] for place, split in enumerate(SPLITS)}


def assign_splits(
    collection: Collection, recipe: ExamplesRecipe, memory: SplitMemory
) -> SplitAssignment:
    """Drop what repeats, group what belongs together, and give each group a side.

    Args:
        collection: Finished.
        recipe: Thresholds, seed and shares.
        memory: Where rows lay before; nothing is written to it.

    Raises:
        DataError: There are too few groups for the sides that were asked for.
    """
    is_named = collection.named != NO_SPLIT
    sides = np.where(is_named, collection.named, memory.sides(collection.ids)).astype(np.int8)
    rank = _rank(sides)
    duplicates = find_duplicates(collection, recipe, rank)
    groups = make_groups(collection, duplicates, sides, rank)
    lost = {**duplicates.lost, **groups.lost}
    is_kept = np.ones(collection.num_rows, dtype=np.bool_)
    is_kept[list(lost)] = False
    sides = np.where(is_kept, groups.sides, NO_SPLIT).astype(np.int8)
    firsts = np.unique(groups.first[is_kept])
    _draw_new(collection, recipe, sides, firsts)
    sides = np.where(is_kept, sides[groups.first], NO_SPLIT).astype(np.int8)
    if not duplicates.pairs.is_exhaustive:
        _lose_overlaps(collection, recipe, sides, lost)
    return SplitAssignment(
        sides=sides,
        first=groups.first,
        group_sizes=np.bincount(groups.first[sides != NO_SPLIT], minlength=collection.num_rows),
        lost=lost,
    )


def _lose_overlaps(
    collection: Collection, recipe: ExamplesRecipe, sides: SplitArray, lost: dict[int, LeftOut]
) -> None:
    """Drop from train what another look at train and test alone finds.

    That look is the one that scoring takes; it may see what was one of too many pairs before,
    and finds nothing in the end. Changes `sides` and `lost`.
    """
    while found := find_overlaps(collection, sides, recipe):
        for row, overlap in found.items():
            words = f"lies in train, but {overlap.words}"
            lost[row] = LeftOut(reason=BRIDGES_SPLITS, others=(overlap.test_row,), words=words)
            sides[row] = NO_SPLIT


def remember(collection: Collection, division: SplitAssignment, memory: SplitMemory) -> None:
    """Write down where the rows fell for which the recipe itself names no side.

    Raises:
        DiskFullError: There is no space.
    """
    rows = np.flatnonzero((division.sides != NO_SPLIT) & (collection.named == NO_SPLIT))
    groups = collection.ids[division.first[rows]]
    memory.add(collection.ids[rows], groups, division.sides[rows])


def _rank(sides: SplitArray) -> Rows:
    """An order in which rows that have a side go before those without."""
    priority = np.empty(len(sides), dtype=np.int64)
    for place, side in enumerate(_BY_PRIORITY):
        priority[sides == side] = place
    rank = np.empty(len(sides), dtype=np.int64)
    rank[np.argsort(priority, kind="stable")] = np.arange(len(sides))
    return rank


def _draw_new(
    collection: Collection, recipe: ExamplesRecipe, sides: SplitArray, firsts: Rows
) -> None:
    """Give a side to the first members of groups that have none; changes `sides`."""
    new = firsts[sides[firsts] == NO_SPLIT]
    drawn_sides, drawn = draw_splits(collection.prompts[new], recipe)
    fixed = Counter(sides[firsts].tolist())
    if (collection.named == NO_SPLIT).any():
        fill_empty_splits(drawn_sides, drawn, recipe.split, fixed)
    sides[new] = drawn_sides
