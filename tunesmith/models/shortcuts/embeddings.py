"""An embedding table's gradient -> the rows that a micro-batch read, added in place, on the CPU.

autograd makes a gradient of the whole table for each micro-batch, nearly all of it zeros, and
adds it to what a tied output layer gave, which takes the table's memory twice. Here the rows are
added to the gradient that stands. Where none does, a buffer is kept from step to step, and only
the rows that were written are cleared.
"""

from functools import partial
from typing import Any, TypeGuard

import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn import functional


def add_rows_in_place(network: nn.Module) -> int:
    """Let plain embedding tables gather their gradient by rows; others stay as they are.

    The buffer is only right while nothing but its table writes to the gradient: not where
    several processes sum theirs.

    Args:
        network: On the CPU; its tables' `forward` is replaced in place.

    Returns:
        How many tables there were.
    """
    weights = [id(weight) for _, weight in network.named_parameters(remove_duplicate=False)]
    tables = [m for m in network.modules() if is_plain_table(m)]
    for module in tables:
        is_tied = weights.count(id(module.weight)) > 1
        setattr(module, "forward", partial(_forward, _Table(module, is_tied=is_tied)))  # noqa: B010
    return len(tables)


class _Table:
    """A table's gradient between steps.

    A tied table's gradient comes from its output layer first, and is written everywhere, so
    none is kept for it.
    """

    def __init__(self, module: nn.Embedding, *, is_tied: bool) -> None:
        self.module = module
        self._is_tied = is_tied
        self._kept: torch.Tensor | None = None
        self._written: list[torch.Tensor] = []

    def add(self, ids: torch.Tensor, gradient: torch.Tensor) -> None:
        """Add (N, D) rows to the gradient of the table, in order: repeated ids are added up."""
        weight = self.module.weight
        if self.module.padding_idx is not None:
            is_read = ids != self.module.padding_idx
            ids, gradient = ids[is_read], gradient[is_read]
        if weight.grad is None:
            weight.grad = torch.zeros_like(weight) if self._is_tied else self._cleared()
        weight.grad.index_add_(0, ids, gradient)
        if weight.grad is self._kept:
            self._written.append(ids)

    def _cleared(self) -> torch.Tensor:
        if self._kept is None:
            self._kept = torch.zeros_like(self.module.weight)
        elif self._written:
            self._kept[torch.cat(self._written)] = 0
        self._written = []
        return self._kept


class _RowGradient(torch.autograd.Function):
    """`anchor` has autograd call `backward`; the table itself gets its gradient there."""

    @staticmethod
    def forward(ctx: Any, ids: torch.Tensor, anchor: torch.Tensor, table: _Table) -> torch.Tensor:
        ctx.save_for_backward(ids)
        ctx.table = table
        return functional.embedding(ids, table.module.weight)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[None, None, None]:
        (ids,) = ctx.saved_tensors
        ctx.table.add(ids.reshape(-1), gradient.reshape(-1, gradient.shape[-1]))
        return None, None, None


def _forward(table: _Table, ids: torch.Tensor) -> torch.Tensor:
    weight = table.module.weight
    if not (torch.is_grad_enabled() and weight.requires_grad):
        return functional.embedding(ids, weight)
    anchor = torch.zeros((), requires_grad=True)
    out: torch.Tensor = _RowGradient.apply(ids, anchor, table)  # type: ignore[no-untyped-call]
    return out


def is_plain_table(module: nn.Module) -> TypeGuard[nn.Embedding]:
    """Whether a module is torch's own table, used as it is by default, and nobody hooks into it."""
    return (
        type(module) is nn.Embedding
        and module.max_norm is None
        and not module.scale_grad_by_freq
        and not module.sparse
        and not (module._forward_hooks or module._forward_pre_hooks)
    )
