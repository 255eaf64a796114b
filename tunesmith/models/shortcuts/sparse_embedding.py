"""Sparse embedding gradients: a table and the training data's tokens -> the rows that move.

Instruction data hold a few thousand of a vocabulary's tokens. A row that no text reads has no
gradient, so AdamW's moments for it stay zero and weight decay is all that changes it. Only the
rows that are read get a gradient and moments; the result is the same. V tokens, H hidden, R rows.
"""

from functools import partial
from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn import functional
from transformers import PreTrainedModel

from tunesmith.models.shortcuts.embeddings import is_plain_table

_LARGEST_SHARE = 0.5  # of the table; above it the copies would take what the moments save


class SparseEmbedding:
    """The rows of a table that training reads, as a parameter of their own for the optimiser.

    The table is what the model computes with, saves and loads; the parameter is a copy for the
    time of an update, and where gradients are collected.

    Attributes:
        table: (V, H), of the model.
        ids: (R,) int64, ascending.
        parameter: (R, H).
    """

    def __init__(self, table: torch.Tensor, ids: torch.Tensor) -> None:
        self.table = table
        self.ids = ids
        self.parameter = nn.Parameter(table.detach()[ids])
        self.places = ids.new_full((len(table),), -1)
        self.places[ids] = torch.arange(len(ids), device=ids.device)

    @torch.no_grad()
    def gather(self) -> None:
        """Copy the table's rows into the parameter."""
        torch.index_select(self.table, 0, self.ids, out=self.parameter)

    @torch.no_grad()
    def scatter(self, *, decay: float) -> None:
        """Copy the parameter into the table; all other rows are multiplied by `decay`."""
        if decay != 1:
            self.table.mul_(decay)
        self.table.index_copy_(0, self.ids, self.parameter)

    def of_these(self, values: torch.Tensor, ids: torch.Tensor | None) -> torch.Tensor:
        """Values (such as moments) of these rows, from those of the rows `ids`; None are all.

        Rows that are not among `ids` get zeros.
        """
        if ids is not None and torch.equal(ids, self.ids):
            return values
        return spread(values, ids, like=self.table)[self.ids]


def spread(values: torch.Tensor, ids: torch.Tensor | None, *, like: torch.Tensor) -> torch.Tensor:
    """Values (R, H) of the rows `ids` -> of all rows, zeros elsewhere; None are all rows."""
    if ids is None:
        return values
    return torch.zeros_like(like, dtype=values.dtype).index_copy_(0, ids, values)


def train_sparse_rows(network: PreTrainedModel, ids: torch.Tensor) -> SparseEmbedding | None:
    """Let the input embeddings collect gradients for the rows `ids` alone.

    Args:
        network: Its input table's `forward` is replaced in place.
        ids: (R,) int64, ascending: every token that will be read while gradients are made.

    Returns:
        The rows; None where nothing is saved: the table is frozen, tied to the output layer (which
        moves every row), of a kind of its own, or most of it is read.
    """
    module = network.get_input_embeddings()
    output = network.get_output_embeddings()
    if not is_plain_table(module) or not module.weight.requires_grad:
        return None
    is_tied = output is not None and output.weight is module.weight
    if is_tied or len(ids) > _LARGEST_SHARE * len(module.weight):
        return None
    rows = SparseEmbedding(module.weight, ids.to(module.weight.device))
    setattr(module, "forward", partial(_forward, rows, module.padding_idx))  # noqa: B010
    return rows


def _forward(rows: SparseEmbedding, padding_idx: int | None, ids: torch.Tensor) -> torch.Tensor:
    if not torch.is_grad_enabled():
        return functional.embedding(ids, rows.table)
    places = rows.places[ids]
    if bool((places < 0).any()):
        raise IndexError("a token is read in training that was not among the rows to be trained")
    padding = -1 if padding_idx is None else int(rows.places[padding_idx])
    out: torch.Tensor = _TableRows.apply(rows.parameter, rows.table, ids, places, padding)  # type: ignore[no-untyped-call]
    return out


class _TableRows(torch.autograd.Function):
    """Rows out of the table; their gradient goes to the parameter."""

    @staticmethod
    def forward(
        ctx: Any,
        parameter: torch.Tensor,
        table: torch.Tensor,
        ids: torch.Tensor,
        places: torch.Tensor,
        padding: int,
    ) -> torch.Tensor:
        ctx.save_for_backward(places)
        ctx.num_rows, ctx.padding = len(parameter), padding
        return functional.embedding(ids, table)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (places,) = ctx.saved_tensors
        of_rows = torch.ops.aten.embedding_dense_backward(
            gradient, places, ctx.num_rows, ctx.padding, False
        )
        return of_rows, None, None, None, None
