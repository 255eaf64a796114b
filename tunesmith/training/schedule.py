"""Step number -> learning rate, and position -> row: two pure functions that make resuming exact.

A position counts examples from the start of training; epoch e, place p is position e * rows + p.
"""

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tunesmith.recipe.recipe import TrainingRecipe


def learning_rate_at(step: int, *, num_steps: int, recipe: TrainingRecipe) -> float:
    """The rate of one update: linear warm-up, then the recipe's decay towards zero.

    Args:
        step: From 0 to num_steps - 1.
        num_steps: Updates of the whole training.
        recipe: Peak rate, share of warm-up steps, kind of decay.
    """
    highest = recipe.highest_rate
    num_warmup = math.ceil(round(recipe.warmup_fraction * num_steps, 6))  # 0.07 * 100 is not 7
    if step < num_warmup:
        return highest * (step + 1) / num_warmup
    progress = (step - num_warmup) / max(1, num_steps - num_warmup)
    if recipe.schedule == "constant":
        share = 1.0
    elif recipe.schedule == "linear":
        share = 1.0 - progress
    else:
        share = 0.5 * (1.0 + math.cos(math.pi * progress))
    return highest * share


def count_steps(num_rows: int, recipe: TrainingRecipe) -> int:
    """Updates of the whole training; the last may hold fewer examples."""
    if recipe.steps is not None:
        return recipe.steps
    return math.ceil(examples_in_all(num_rows, recipe) / recipe.step_size)


def examples_in_all(num_rows: int, recipe: TrainingRecipe) -> int:
    """Examples that the whole training reads."""
    if recipe.steps is not None:
        return recipe.steps * recipe.step_size
    return max(1, round(recipe.passes * num_rows))


def rows_of_step(step: int, *, num_rows: int, num_steps: int, recipe: TrainingRecipe) -> list[int]:
    """Which rows one update reads, in order: a function of (seed, epoch) and nothing else.

    A step may end one epoch and begin the next, so that every step but the last holds the
    same number of examples.
    """
    size = recipe.step_size
    first = step * size
    last = min(first + size, examples_in_all(num_rows, recipe))
    return [
        int(_epoch_order(recipe.seed, position // num_rows, num_rows)[position % num_rows])
        for position in range(first, last)
    ]


@lru_cache(maxsize=2)
def _epoch_order(seed: int, epoch: int, num_rows: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng([seed, epoch]).permutation(num_rows)
