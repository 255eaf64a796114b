"""Groups of examples -> train, validation or test: by the hash of each group's first prompt.

Only the seed and the shares decide besides. What has a split keeps it (see `split_memory.py`).
"""

from collections import Counter
from collections.abc import Mapping
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from tunesmith.errors import DataError
from tunesmith.examples.splitting.fingerprints import Uint64s
from tunesmith.language.translate import translate
from tunesmith.recipe.recipe import ExamplesRecipe, SplitRecipe
from tunesmith.recipe.values import SplitName

Split = SplitName
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
TRAIN, VALIDATION, TEST = range(3)
NO_SPLIT = -1
RETIRED = 3  # was in a test set that a fresh one took the place of
PLACES = (*SPLITS, "retired test")  # as they are remembered
SplitArray = npt.NDArray[np.int8]
FEW_GROUPS = 20  # below, each split that was asked for must get a group


def draw_splits(
    prompts: Uint64s, recipe: ExamplesRecipe
) -> tuple[SplitArray, npt.NDArray[np.float64]]:
    """The split of each group, and the number from 0 to 1 that decided it.

    The test share lies lowest, validation next: another share of validation moves no group in
    or out of test.

    Args:
        prompts: Of the groups' first members, as in Fingerprints. An answer that is mended
            moves nothing.
        recipe: Its seed and shares.
    """
    seed = blake2b(b"%d" % recipe.seed, digest_size=8).digest()
    mixed = prompts ^ np.frombuffer(seed, dtype=np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):  # SplitMix64
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    drawn = (mixed ^ (mixed >> np.uint64(31))).astype(np.float64) / 2.0**64
    shares = recipe.split
    splits = np.full(len(prompts), TRAIN, dtype=np.int8)
    splits[drawn < shares.test + shares.validation] = VALIDATION
    splits[drawn < shares.test] = TEST
    return splits, drawn


def fill_empty_splits(
    splits: SplitArray,
    drawn: npt.NDArray[np.float64],
    shares: SplitRecipe,
    fixed: Mapping[int, int],
) -> None:
    """Give train, and each split that was asked for, at least one group; changes `splits`.

    Args:
        splits: Of the groups that were drawn.
        drawn: What decided them.
        shares: What was asked for.
        fixed: How many groups lie in each split already and cannot move.

    Raises:
        DataError: There are fewer than 20 groups, and too few to go round.
    """
    asked = {TRAIN: True, TEST: shares.test > 0, VALIDATION: shares.validation > 0}
    for split in (split for split in asked if asked[split]):
        counts = {one: fixed.get(one, 0) + int((splits == one).sum()) for one in range(3)}
        if counts[split]:
            continue
        givers = [one for one in range(3) if counts[one] > 1 and (splits == one).any()]
        if givers:
            from_split = max(givers, key=counts.__getitem__)
            places = np.flatnonzero(splits == from_split)
            furthest = np.argmax if split == TRAIN else np.argmin
            splits[places[furthest(drawn[places])]] = split
        elif sum(counts.values()) < FEW_GROUPS:
            raise _too_few(counts, [SPLITS[one] for one in range(3) if asked[one]])


def _too_few(counts: Mapping[int, int], asked: list[Split]) -> DataError:
    total = sum(counts.values())
    sizes = ", ".join(f"{counts[one]} {SPLITS[one]}" for one in range(3))
    return DataError(
        f"{total} group{'s' * (total != 1)} of examples cannot be shared among "
        f"{', '.join(asked)} ({sizes}); a group holds what must not be separated",
        cure="Add examples, or hold out less: --set examples.split.validation=0.0 "
        "--set examples.split.test=0.0.",
    )


def check_split_sizes(counts: Mapping[str, int], *, dropped: Counter[str] | None = None) -> None:
    """Make sure that something is left to train on; the other splits may be empty.

    Args:
        counts: Rows in each split.
        dropped: Why examples left train after they had fallen there.

    Raises:
        DataError: There is no training example.
    """
    if counts.get("train", 0):
        return
    sizes = ", ".join(f"{counts.get(split, 0)} {split}" for split in SPLITS)
    if dropped:
        raise DataError(
            f"no example is left to train on ({sizes}): those of train were dropped "
            f"({reasons_in_words(dropped)})",
            cure="data/dropped.jsonl says of each row what would keep it.",
        )
    raise DataError(
        f"no example is left to train on ({sizes})",
        cure="Add examples, or hold out less: examples.split.validation and examples.split.test.",
    )


def reasons_in_words(reasons: Counter[str]) -> str:
    """`12 too long, 3 exact duplicate`."""
    told = (
        translate("{count:,} {reason}", count=number, reason=reason)
        for reason, number in reasons.most_common()
    )
    return ", ".join(told)
