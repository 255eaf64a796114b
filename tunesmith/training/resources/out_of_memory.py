"""Memory errors of torch -> one error of ours -> a smaller micro-batch with the same result."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from tunesmith.models.forward import LanguageModel


class OutOfMemory(Exception):  # noqa: N818 - a state to handle, not a mistake
    """A forward or backward pass did not fit; no weight has changed."""


@contextmanager
def naming_memory_errors() -> Iterator[None]:
    """Turn torch's memory errors into `OutOfMemory`; the CPU's allocator has no class for them."""
    try:
        yield
    except RuntimeError as error:
        is_cpu_allocator = "can't allocate memory" in str(error)
        if isinstance(error, torch.OutOfMemoryError) or is_cpu_allocator:
            raise OutOfMemory(str(error)) from error
        raise


def use_activation_checkpointing(model: LanguageModel) -> None:
    """Recompute each layer in the backward pass instead of keeping its activations."""
    model.inner.activation_checkpointing_enable({"use_reentrant": False})
