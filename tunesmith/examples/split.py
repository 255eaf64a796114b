"""An example -> train, validation or test: a function of its prompt, the seed and the shares.

Nothing else decides, not even the other examples. So adding rows moves no old one, and a
question that is answered twice lies on one side with both its answers.
"""

from collections.abc import Mapping

from tunesmith.errors import DataError
from tunesmith.examples.example import Example
from tunesmith.files import hash_json
from tunesmith.recipe.recipe import ExamplesRecipe, SplitName

Split = SplitName
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


def split_of(example: Example, recipe: ExamplesRecipe) -> Split:
    """The side an example lies on.

    Where its source names one, that. Else a number from 0 to 1 is drawn from the hash of
    the prompt (of a plain text, from all of it). The test share lies below, validation
    next: changing the share of validation moves no row in or out of test.
    """
    if example.split is not None:
        return example.split
    read = example.messages if example.is_text else example.prompt
    turns = [[message.role, message.content, message.input] for message in read]
    drawn = int(hash_json([recipe.seed, turns])[:13], 16) / 16**13
    if drawn < recipe.split.test:
        return "test"
    if drawn < recipe.split.test + recipe.split.validation:
        return "validation"
    return "train"


def check_split_sizes(counts: Mapping[str, int]) -> None:
    """Make sure that something is left to train on; the other sides may be empty.

    Raises:
        DataError: There is no training example.
    """
    if counts.get("train", 0):
        return
    sizes = ", ".join(f"{counts.get(split, 0)} {split}" for split in SPLITS)
    raise DataError(
        f"no example is left to train on ({sizes})",
        cure="Add examples, or hold out less: examples.split.validation and examples.split.test.",
    )
