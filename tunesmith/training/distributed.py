"""torchrun's environment -> this process's rank, and sums over all ranks.

Gradients are summed, not averaged: the step divides by the tokens of all ranks itself, so
that two ranks give the gradients of one. One process needs none of it and pays nothing.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

_TIMEOUT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """This process among `size` equal ones."""

    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and talks."""
        return self.rank == 0

    def share_of(self, items: Sequence[Any]) -> list[Any]:
        """The items that fall to this rank, dealt out in turn."""
        return list(items[self.rank :: self.size])

    def sum_vector(self, values: torch.Tensor) -> torch.Tensor:
        """The sum over all ranks; on the training device, as NCCL demands."""
        if self.size > 1:
            values = values.clone()
            dist.all_reduce(values)
        return values

    def all_of(self, items: list[str]) -> list[str]:
        """The items of all ranks, in the order of the ranks."""
        if self.size == 1:
            return items
        gathered: list[list[str] | None] = [None] * self.size
        dist.all_gather_object(gathered, items)
        return [item for one in gathered for item in one or ()]

    def sum_gradients(self, parameters: Sequence[torch.Tensor]) -> None:
        """Replace every gradient by its sum over all ranks, in one message.

        A parameter that this rank's examples did not reach counts as zero here.
        """
        if self.size == 1:
            return
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        dist.all_reduce(flat)
        for gradient, part in zip(
            gradients, flat.split([g.numel() for g in gradients]), strict=True
        ):
            gradient.copy_(part.view_as(gradient))

    def from_first(self, value: Any) -> Any:
        """What rank 0 holds, on every rank; a small picklable value."""
        if self.size == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]

    def barrier(self) -> None:
        """Wait until every rank is here."""
        if self.size > 1:
            dist.barrier()


@contextmanager
def joined_ranks(device: torch.device) -> Iterator[Ranks]:
    """Join the process group that torchrun describes; a single process joins nothing."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield Ranks()
        return
    backend = "nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(backend, timeout=_TIMEOUT)
    try:
        yield Ranks(rank=dist.get_rank(), size=size)
    finally:
        dist.destroy_process_group()
