"""A collection with a test set -> the rows of train that the test set holds in some form."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tunesmith.examples.splitting.collection import Collection
from tunesmith.examples.splitting.duplicates import NEVER, Flags, first_of_equal
from tunesmith.examples.splitting.near_duplicates import near_duplicates
from tunesmith.examples.splitting.split import TEST, TRAIN, SplitArray
from tunesmith.recipe.recipe import ExamplesRecipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """A row of train, one of the test set, and what they share."""

    train_row: int
    test_row: int
    words: str


def find_overlaps(
    collection: Collection, splits: SplitArray, recipe: ExamplesRecipe
) -> dict[int, Overlap]:
    """Look for test rows in train: equal, with one prompt or group, or nearly equal.

    Args:
        collection: Finished.
        splits: (rows,) places in SPLITS; what is neither train nor test does not count.
        recipe: From which similarity on rows belong together.

    Returns:
        What was found, by row of train.
    """
    is_test = splits == TEST
    is_either = is_test | (splits == TRAIN)
    found: dict[int, Overlap] = {}
    for overlap in (*_equal(collection, is_test, is_either), *_similar(collection, splits, recipe)):
        found.setdefault(overlap.train_row, overlap)
    return found


def _equal(collection: Collection, is_test: Flags, is_either: Flags) -> Iterator[Overlap]:
    shared = {
        "the same conversation as": collection.ids,
        "equal but for case and punctuation to": collection.wholes,
        "the same prompt as": collection.prompts,
        "of one group with": collection.groups,
    }
    for words, keys in shared.items():
        rows = np.flatnonzero(is_either & (keys != 0))
        first = rows[first_of_equal(keys[rows], np.where(is_test[rows], 0, 1) * len(keys) + rows)]
        is_found = is_test[first] & ~is_test[rows]
        for row, other in zip(rows[is_found].tolist(), first[is_found].tolist(), strict=True):
            yield Overlap(train_row=row, test_row=other, words=words)


def _similar(
    collection: Collection, splits: SplitArray, recipe: ExamplesRecipe
) -> Iterator[Overlap]:
    threshold = recipe.group_near_duplicates or recipe.drop_near_duplicates or NEVER
    is_either = (splits == TEST) | (splits == TRAIN)
    pairs = near_duplicates(collection, is_either, threshold=threshold)
    is_found = splits[pairs.first] != splits[pairs.second]
    for one, two, similarity in zip(
        pairs.first[is_found].tolist(),
        pairs.second[is_found].tolist(),
        pairs.similarity[is_found].tolist(),
        strict=True,
    ):
        train_row, test_row = (two, one) if splits[one] == TEST else (one, two)
        words = f"{similarity:.0%} of the word triples are those of"
        yield Overlap(train_row=train_row, test_row=test_row, words=words)
