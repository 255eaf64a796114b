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

from tunesmith.models.products import multiplying
from tunesmith.tokens.collate import Span

_forward = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
_backward = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward
_States = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class _Part(NamedTuple):
    """Queries of one range of the row that attend to keys of one."""

    queries: slice
    keys: slice
    is_causal: bool


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
    states = (query, key, value)
    out: torch.Tensor = _FusedRows.apply(*states, _parts(spans), scale)  # type: ignore[no-untyped-call]
    return out


def _parts(spans: Sequence[Span]) -> list[_Part]:
    """Every span with itself, then what continues a span with that span, outer spans first."""
    parts = []
    for span in spans:
        own = slice(span.start, span.start + span.length)
        parts.append(_Part(own, own, is_causal=True))
    for index, end in _ends(spans):
        own = parts[index].queries
        if end > own.stop:
            parts.append(_Part(slice(own.stop, end), own, is_causal=False))
    return parts


def _ends(spans: Sequence[Span]) -> list[tuple[int, int]]:
    """For each span, where the last one that continues it ends."""
    ends = [span.start + span.length for span in spans]
    for index in range(len(spans) - 1, -1, -1):
        parent = spans[index].parent
        if parent is not None:
            ends[parent] = max(ends[parent], ends[index])
    return list(enumerate(ends))


class _FusedRows(torch.autograd.Function):
    """All parts of a row in one node.

    fp32 inside, as the kernel's backward is four times slower in bf16 (torch 2.13). G groups
    of heads that share a key head stand where the kernel expects the batch. The kernel's own
    products are of many small shapes, each of which oneDNN would have to prepare first.
    """

    @staticmethod
    @multiplying("standard")
    def forward(
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        parts: list[_Part],
        scale: float | None,
    ) -> torch.Tensor:
        q, k, v = _grouped(query, key, value)
        groups, heads, length, _ = q.shape
        joined = q.new_empty(groups, length, heads, v.shape[3]).transpose(1, 2)
        weight = q.new_empty(groups, length, heads).transpose(1, 2)  # log-sum-exp of the scores
        for part in parts:
            states = q[:, :, part.queries], k[:, :, part.keys], v[:, :, part.keys]
            found, found_weight = _forward(*states, 0.0, part.is_causal, scale=scale)
            if part.is_causal:
                joined[:, :, part.queries], weight[:, :, part.queries] = found, found_weight
            else:
                _join(joined[:, :, part.queries], weight[:, :, part.queries], found, found_weight)
        joined = joined.to(query.dtype)
        ctx.save_for_backward(query, key, value, joined, weight)
        ctx.parts, ctx.scale = parts, scale
        return joined.flatten(0, 1)[None]

    @staticmethod
    @multiplying("standard")
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        query, key, value, joined, weight = ctx.saved_tensors
        q, k, v = _grouped(query, key, value)
        gradient = gradients[0].to(q.dtype).view_as(q)
        joined = joined.to(q.dtype)
        grads = [q.new_empty(q.shape) for _ in range(3)]
        for part in ctx.parts:
            found = _backward(
                gradient[:, :, part.queries],
                q[:, :, part.queries],
                k[:, :, part.keys],
                v[:, :, part.keys],
                joined[:, :, part.queries],
                weight[:, :, part.queries],
                0.0,
                part.is_causal,
                scale=ctx.scale,
            )
            where = (part.queries, part.keys, part.keys)
            for whole, rows, piece in zip(grads, where, found, strict=True):
                if part.is_causal:
                    whole[:, :, rows] = piece
                else:
                    whole[:, :, rows] += piece
        of_query = grads[0].flatten(0, 1)[None].to(query.dtype)
        of_key, of_value = (grad.sum(dim=1)[None] for grad in grads[1:])
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
    """At least fp32, as (G, heads of a group, T, D); repeated heads take no memory."""
    dtype = torch.promote_types(query.dtype, torch.float32)
    groups = key.shape[1]
    heads = query.shape[1] // groups
    wide = query[0].to(dtype).unflatten(0, (groups, heads))
    key, value = (states[0].to(dtype)[:, None].expand(-1, heads, -1, -1) for states in (key, value))
    return wide, key, value
