"""A model and its longest example -> what a forward pass keeps -> how many examples fit at once.

Measured, not derived from the shape: one example's forward pass, counting what autograd holds
for the backward pass. That knows the family's code, the tiled head, adapters and precision.
"""

from pathlib import Path

import numpy as np
import psutil
import torch

from tunesmith.models.forward import LanguageModel
from tunesmith.recipe.values import memory_bytes
from tunesmith.tokens.collate import Batch, collate
from tunesmith.tokens.encode import EncodedExample
from tunesmith.training.feed import Feed
from tunesmith.training.loss import batch_loss
from tunesmith.training.resources.out_of_memory import OutOfMemory, naming_memory_errors

_MARGIN = 1.6  # what glibc's heap and passing results add to what is kept; measured, see LOG
_SHARE_OF_FREE = 0.8  # the rest is for everyone else on the machine
_TRIED_PART = 4  # of the longest example; four times as long keeps 16 times as much at most
_STATES = 3  # a gradient and two moments a trained weight


def kept_bytes(model: LanguageModel, batch: Batch, *, precision: str) -> int:
    """Bytes that a forward pass keeps for the backward pass, the weights themselves apart.

    Raises:
        OutOfMemory: It does not fit.
    """
    weights = {p.untyped_storage().data_ptr() for p in model.network.parameters()}
    held: dict[int, torch.Tensor] = {}

    def note(tensor: torch.Tensor) -> None:
        """Leave nothing in the graph: it would hold itself, and no collector sees through it."""
        address = tensor.untyped_storage().data_ptr()
        if address not in weights:
            held[address] = tensor.detach()  # so that no other takes its address

    with naming_memory_errors(), torch.autograd.graph.saved_tensors_hooks(note, lambda none: none):
        batch_loss(model, batch, num_targets=batch.num_targets, precision=precision)
    sizes = [tensor.untyped_storage().nbytes() for tensor in held.values()]
    held.clear()  # which `note` holds, and the graph holds `note`
    return sum(sizes)


def largest_micro_batch(
    model: LanguageModel,
    feed: Feed,
    *,
    learning: int,
    precision: str,
    free: int,
    examples_per_step: int,
) -> int:
    """How many of the longest examples fit into `free` bytes; a power of two, or all.

    What one example more costs is the difference between two of the longest and one. On
    the careful side: should it prove too much, the training loop halves it and says so.
    Where the end of such an example leaves room enough for all, no more is tried.

    Args:
        model: As it will be trained.
        feed: Its rows.
        learning: Bytes of what gets a gradient and moments.
        precision: fp32 or bf16.
        free: Bytes that may be taken.
        examples_per_step: No more are ever needed.
    """
    row = int(feed.store.lengths.argmax())
    room = (free - _STATES * learning) / _MARGIN
    tries = ((_TRIED_PART, _TRIED_PART**2), (1, 1)) if room > 0 else ((1, 1),)
    size = 1
    for part, at_most in tries:
        entry = [_end_of(one, part) for one in feed.store.rows_of(row)]
        try:
            one = _kept(model, feed, entry, precision=precision)
            if one * at_most * examples_per_step <= room:
                return examples_per_step
            two = _kept(model, feed, entry * 2, precision=precision)
        except OutOfMemory:
            return 1
        more = max(1, two - one)
        size = int(max(0.0, room - (one - more)) // (more * at_most))
        if size >= examples_per_step:
            return examples_per_step
    return 1 << (max(1, size).bit_length() - 1)


def _kept(
    model: LanguageModel, feed: Feed, examples: list[EncodedExample], *, precision: str
) -> int:
    return kept_bytes(model, collate(examples).to(feed.device), precision=precision)


def _end_of(example: EncodedExample, part: int) -> EncodedExample:
    """Its last tokens, all of them trained: a token of it keeps no less than one of the whole."""
    if part == 1:
        return example
    length = max(2, -(-len(example.ids) // part))  # the first token is never a target
    ids = example.ids[-length:]
    return EncodedExample(ids=ids, is_trained=np.ones(len(ids), dtype=bool))


def usable_memory(device: torch.device, budget: str) -> int:
    """Bytes that training may take beyond what this process holds now.

    Args:
        device: Where it trains.
        budget: Of the whole process (of its GPU memory, there), or auto: most of what is free.
    """
    if budget == "auto":
        return int(_SHARE_OF_FREE * free_memory(device))
    return max(0, memory_bytes(budget) - _held_memory(device))


def _held_memory(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.memory_allocated(device))
    return int(psutil.Process().memory_info().rss)


def free_memory(device: torch.device) -> int:
    """Bytes that could be taken now."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    limit, used = (_cgroup_bytes(name) for name in ("memory.max", "memory.current"))
    available = int(psutil.virtual_memory().available)
    return available if limit is None else min(available, limit - (used or 0))


def _cgroup_bytes(name: str) -> int | None:
    """What a container is allowed or uses, which the system's own counters do not tell."""
    path = Path("/sys/fs/cgroup") / name
    text = path.read_text().strip() if path.is_file() else "max"
    return int(text) if text.isdigit() else None
