"""Attention over a row of spans on the CPU, forward and backward, by torch's fused kernel.

A span attends to itself causally and to its ancestors wholly. The kernel is called once a
span for itself, and once a shared span for everything that continues it, whose places are
neighbours. Parts of one softmax are joined by their log-sum-exp; the kernel's backward,
given the joined result, returns each part's share of the gradient (FlashAttention-2, arXiv
2307.08691, section 3.1). One autograd node a layer: slices of a row would each fill the
whole row with zeros in their backward.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from tunesmith.models.shortcuts.matmul_library import use_matmul_library
from tunesmith.tokens.collate import Span

_forward = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
_backward = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward
_States = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class _SpanParts(NamedTuple):
    """Where spans stand, and which rows of which places they continue, outer spans first."""

    lengths: list[int]
    continuing: list[tuple[slice, slice]]

    def split(self, states: torch.Tensor) -> Sequence[torch.Tensor]:
        """(G, heads, T, ...) -> the same of each span."""
        pieces: Sequence[torch.Tensor] = states.split(self.lengths, dim=2)
        return pieces


def fused_row_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    *,
    spans: Sequence[Span],
    scale: float | None,
) -> torch.Tensor:
    """Attend within a row.

    Args:
        query: (1, heads, T, D).
        key: (1, key-value heads, T, D).
        value: (1, key-value heads, T, D).
        spans: Where each piece stands and what it continues.
        scale: Of the scores; None is one over the root of D.

    Returns:
        (1, heads, T, D), in the dtype of `query`.
    """
    if not query.shape[2]:
        return query
    states = (query, key, value)
    out: torch.Tensor = _FusedRows.apply(*states, _parts(spans), scale)  # type: ignore[no-untyped-call]
    return out


def _parts(spans: Sequence[Span]) -> _SpanParts:
    """Every span attends to itself, and what continues a span to that span.

    Empty spans are left out: the kernel divides by their length, and the process ends.
    """
    continuing = []
    for span, end in zip(spans, _ends(spans), strict=True):
        own = slice(span.start, span.start + span.length)
        if end > own.stop and span.length:
            continuing.append((slice(own.stop, end), own))
    return _SpanParts([span.length for span in spans if span.length], continuing)


def _ends(spans: Sequence[Span]) -> list[int]:
    """For each span, where the last one that continues it ends."""
    ends = [span.start + span.length for span in spans]
    for index in range(len(spans) - 1, -1, -1):
        parent = spans[index].parent
        if parent is not None:
            ends[parent] = max(ends[parent], ends[index])
    return ends


class _FusedRows(torch.autograd.Function):
    """All parts of a row in one node.

    fp32 inside, as the kernel's backward is four times slower in bf16 (torch 2.13). The kernel's
    own products are of many small shapes, each of which oneDNN would have to prepare first.
    """

    @staticmethod
    @use_matmul_library("standard")
    def forward(
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        parts: _SpanParts,
        scale: float | None,
    ) -> torch.Tensor:
        states = _grouped(query, key, value)
        pieces = [
            _forward(*of_span, 0.0, True, scale=scale)
            for of_span in zip(*(parts.split(one) for one in states), strict=True)
        ]
        joined = torch.cat([piece for piece, _ in pieces], dim=2)
        weight = torch.cat([weight for _, weight in pieces], dim=2)  # log-sum-exp of the scores
        q, k, v = states
        for rows, seen in parts.continuing:
            found, more = _forward(
                q[:, :, rows], k[:, :, seen], v[:, :, seen], 0.0, False, scale=scale
            )
            _join(joined[:, :, rows], weight[:, :, rows], found, more)
        joined = joined.to(query.dtype)
        ctx.save_for_backward(query, key, value, joined, weight)
        ctx.parts, ctx.scale = parts, scale
        return joined.flatten(0, 1)[None]

    @staticmethod
    @use_matmul_library("standard")
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        query, key, value, joined, weight = ctx.saved_tensors
        parts: _SpanParts = ctx.parts
        q, k, v = _grouped(query, key, value)
        gradient = _dense(gradients[0].to(q.dtype)).reshape(joined.shape)
        joined = joined.to(q.dtype)
        states = (gradient, q, k, v, joined, weight)
        pieces = [
            _backward(*of_span, 0.0, True, scale=ctx.scale)
            for of_span in zip(*(parts.split(one) for one in states), strict=True)
        ]
        grads = [torch.cat(of_one, dim=2) for of_one in zip(*pieces, strict=True)]
        for rows, seen in parts.continuing:
            queried = (gradient[:, :, rows], q[:, :, rows], k[:, :, seen], v[:, :, seen])
            result = (joined[:, :, rows], weight[:, :, rows])
            found = _backward(*queried, *result, 0.0, False, scale=ctx.scale)
            for whole, where, piece in zip(grads, (rows, seen, seen), found, strict=True):
                whole[:, :, where] += piece
        of_query = grads[0].flatten(0, 1)[None].to(query.dtype)
        of_key, of_value = grads[1:]
        if key.shape[1] != query.shape[1]:  # what all queries of a group say of the head they share
            of_key, of_value = (grad.sum(dim=1)[None] for grad in (of_key, of_value))
        return of_query, of_key.to(key.dtype), of_value.to(value.dtype), None, None


def _join(
    joined: torch.Tensor, weight: torch.Tensor, found: torch.Tensor, found_weight: torch.Tensor
) -> None:
    """Add a part of the same queries' softmax, in place."""
    total = torch.logaddexp(weight, found_weight)
    joined.mul_((weight - total).exp()[..., None])
    joined.add_(found * (found_weight - total).exp()[..., None])
    weight.copy_(total)


def _grouped(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> _States:
    """At least fp32, as (G, heads, T, D), G of them where the kernel expects the batch.

    One group where each head has a key head, else the heads that share one; they are repeated
    without taking memory.
    """
    dtype = torch.promote_types(query.dtype, torch.float32)
    query, key, value = (_dense(states.to(dtype)) for states in (query, key, value))
    groups = key.shape[1]
    heads = query.shape[1] // groups
    if heads == 1:
        return query, key, value
    wide = query[0].unflatten(0, (groups, heads))
    key, value = (states[0][:, None].expand(-1, heads, -1, -1) for states in (key, value))
    return wide, key, value


def _dense(states: torch.Tensor) -> torch.Tensor:
    """The same with each head's numbers side by side; the kernel reads them so, unasked."""
    return states if states.stride(-1) == 1 else states.contiguous()
