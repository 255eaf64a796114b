"""Sparse embedding gradients: a table and the training data's tokens -> the rows that move.

Instruction data hold a few thousand of a vocabulary's tokens. A row that no text reads has no
gradient, so AdamW's moments for it stay zero and weight decay is all that changes it. Only the
rows that are read get a gradient and moments; the result is the same. V tokens, H hidden, R rows.
"""

from functools import partial
from typing import Any, TypeGuard

import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from tunesmith.models.shortcuts.setting import TrainingSetting

_LARGEST_SHARE = 0.5  # of the table; above it the copies would take what the moments save
_PROBE_ROWS = 64
_ATTRIBUTE = "sparse_embedding"  # of an embedding module: its rows


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


def why_not(setting: TrainingSetting) -> str | None:
    """Why the table is trained whole; None: only its read rows can be.

    Where it is tied, the output layer moves every row; where most of it is read, the copies
    would take what is saved.
    """
    network = setting.network
    module, output = network.get_input_embeddings(), network.get_output_embeddings()
    if not setting.is_full:
        return "an adapter is trained"
    if not _is_plain_table(module):
        return "the embedding is of a kind of its own"
    if not module.weight.requires_grad:
        return "the embedding is frozen"
    if output is not None and output.weight is module.weight:
        return "the embedding is tied to the output layer"
    num_read, num_rows = len(setting.read_ids()), len(module.weight)
    if num_read > _LARGEST_SHARE * num_rows:
        return f"{num_read:,} of {num_rows:,} rows are read"
    return None


def difference(setting: TrainingSetting) -> float:
    """Relative L2 of the gradient of some rows, each read twice, from what it should be."""
    rows = _rows_of(setting)
    num_read = min(_PROBE_ROWS, len(rows.ids))
    generator = torch.Generator().manual_seed(0)
    up = torch.randn(2, num_read, rows.table.shape[1], generator=generator).to(rows.table)
    with torch.enable_grad():
        _forward(rows, None, rows.ids[:num_read].repeat(2, 1)).backward(up)
    found, expected = rows.parameter.grad, torch.zeros_like(rows.parameter)
    assert found is not None
    expected[:num_read] = up.sum(dim=0)
    return float((found - expected).norm() / expected.norm())


def apply(setting: TrainingSetting) -> None:
    """Let the input embeddings collect gradients for the rows that are read alone."""
    if sparse_embeddings(setting.network):
        return
    module, rows = _table_of(setting), _rows_of(setting)
    setattr(module, _ATTRIBUTE, rows)
    setattr(module, "forward", partial(_forward, rows, module.padding_idx))  # noqa: B010


def _is_plain_table(module: nn.Module) -> TypeGuard[nn.Embedding]:
    """Whether a module is torch's own table, used as it is by default, and nobody hooks into it."""
    return (
        type(module) is nn.Embedding
        and module.max_norm is None
        and not module.scale_grad_by_freq
        and not module.sparse
        and not (module._forward_hooks or module._forward_pre_hooks)
    )


def _rows_of(setting: TrainingSetting) -> SparseEmbedding:
    table = _table_of(setting).weight
    return SparseEmbedding(table, setting.read_ids().to(table.device))


def _table_of(setting: TrainingSetting) -> nn.Embedding:
    module = setting.network.get_input_embeddings()
    assert isinstance(module, nn.Embedding)
    return module


def sparse_embeddings(network: nn.Module) -> list[SparseEmbedding]:
    """Of the tables in which only read rows are trained, those rows."""
    found = (getattr(module, _ATTRIBUTE, None) for module in network.modules())
    return [rows for rows in found if isinstance(rows, SparseEmbedding)]


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
