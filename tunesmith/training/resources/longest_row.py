"""A model's shape and a machine's memory -> the longest row that can be trained on there.

From the configuration alone, before anything is loaded, and from all the memory that there is, not
what is free now: the same machine gives the same length. Training itself measures what fits.
"""

from typing import Any

import psutil
import torch

from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.recipe.values import memory_bytes

_SHARE = 0.8  # the rest is for everyone else
_WIDE = 24  # hidden states that a layer holds of a token while it is computed once more
_LEARNING = 16  # bytes of a trained weight: itself, its gradient, two moments
_FROZEN = 4
_FEWEST = 512


def longest_row(shape: Any, recipe: TrainingRecipe, *, device: str) -> int:
    """Tokens of one row, activations recomputed: a power of two, and 512 at least.

    Args:
        shape: The configuration of the model.
        recipe: Its method and the memory it may use.
        device: Where it trains.
    """
    text = shape.get_text_config()
    width, layers = (
        int(getattr(text, name, 0) or 0) for name in ("hidden_size", "num_hidden_layers")
    )
    inner = int(getattr(text, "intermediate_size", 0) or 4 * width)
    weights = layers * (4 * width**2 + 3 * width * inner) + 2 * width * int(text.vocab_size)
    kept = weights * (_LEARNING if recipe.lora is None else _FROZEN)
    a_token = 4 * (layers * width + _WIDE * (width + inner))
    room = _SHARE * _all_memory(recipe, device) - kept
    fitting = int(room / a_token) if a_token and room > 0 else 0
    return max(_FEWEST, 1 << max(0, fitting.bit_length() - 1))


def _all_memory(recipe: TrainingRecipe, device: str) -> int:
    if recipe.memory != "auto":
        return memory_bytes(recipe.memory)
    if device.startswith("cuda"):
        return int(torch.cuda.get_device_properties(torch.device(device)).total_memory)
    return int(psutil.virtual_memory().total)
