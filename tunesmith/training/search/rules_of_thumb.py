"""How many rows there are and how wide a model is -> where good settings usually lie.

The rate is that of https://tinker-docs.thinkingmachines.ai (measured on Llama and Qwen models of
1 to 70 billion weights): it falls with the width, and an adapter takes ten times as much. Longer
trainings want lower rates, by the power of their length in arXiv 2409.19913. Steps are small
where rows are few: every token is then worth more updates.
"""

import math
from itertools import pairwise

PATIENCE = 6  # validations, of ten in a training: so seven tenths of it are always done
_FEWEST_STEPS = 20
_MOST_STEPS = 20_000  # unless one epoch is longer
_EPOCHS = ((0, 30), (16, 10), (64, 8), (200, 6), (1_000, 4), (4_000, 3), (16_000, 2), (100_000, 1))
_EXAMPLES = ((0, 2), (200, 4), (1_000, 8), (4_000, 16), (32_000, 32))
_RATE, _WIDTH, _POWER = 5e-5, 2000.0, 0.781
_ADAPTER = 10.0
_PREFERENCE = 0.1  # 5e-6, and 5e-5 for an adapter, at the usual width
_PREFERENCE_EPOCHS = 3.0
_HORIZON = 0.22


def usual_examples_per_step(num_rows: int) -> int:
    """Examples of a step, from the rows that there are to train on."""
    return min(max(1, num_rows), _at(_EXAMPLES, num_rows))


def usual_epochs(num_rows: int, examples_per_step: int) -> float:
    """Passes over the rows at most; many where they are few, so that there are some steps."""
    steps = max(1, num_rows) / examples_per_step  # of an epoch
    fewest, most = math.ceil(_FEWEST_STEPS / steps), max(1, int(_MOST_STEPS / steps))
    return float(min(most, max(fewest, _at(_EPOCHS, num_rows))))


def usual_rate(width: int | None, *, has_adapter: bool) -> float:
    """The learning rate of a model whose hidden states are so wide; None is of usual width."""
    width = width or int(_WIDTH)
    rate = _RATE * math.pow(_WIDTH / width, _POWER)
    return rate * _ADAPTER if has_adapter else rate


def preference_rate(width: int | None, *, has_adapter: bool) -> float:
    """The rate at which a tuned model of such a width learns preferences; no trial finds it.

    The loss of preferences falls fastest at rates that spoil the answers, so it cannot choose one.
    """
    return _PREFERENCE * usual_rate(width, has_adapter=has_adapter)


def preference_epochs(num_rows: int, examples_per_step: int) -> float:
    """Passes over the preferences at most."""
    return min(_PREFERENCE_EPOCHS, usual_epochs(num_rows, examples_per_step))


def horizon_factor(steps: int, whole: int) -> float:
    """By how much a training of few steps wants a higher rate than one of all of them."""
    return math.pow(whole / steps, _HORIZON)


def _at(table: tuple[tuple[int, int], ...], number: int) -> int:
    """The value of the last entry that begins at or below a number."""
    for (_, value), (following, _) in pairwise(table):
        if number < following:
            return value
    return table[-1][1]
