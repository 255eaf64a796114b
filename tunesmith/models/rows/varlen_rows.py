"""Attention over a row of spans on a GPU: one call for all spans, of whatever lengths.

torch's variable-length attention (FlashAttention inside) takes half precision only. Where a
span sees fewer queries than keys, it aligns the causal mask at the end, which is what a span
that continues others needs.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

import torch

from tunesmith.models.rows.spans import span_by_span
from tunesmith.tokens.collate import Span, path_of

_HALVES = (torch.bfloat16, torch.float16)
_TOLERANCE = 2e-2  # relative L2; bf16 against fp32


def can_vary(query: torch.Tensor) -> bool:
    """Whether these states can go through the kernel, on a device where it was seen to be right."""
    is_half = query.is_cuda and query.dtype in _HALVES
    return is_half and _is_right_on(query.device)


def varlen_row_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    *,
    spans: Sequence[Span],
    scale: float | None,
    window: int | None,
) -> torch.Tensor:
    """Attend within a row.

    Args:
        query: (1, heads, T, D).
        key: (1, key-value heads, T, D).
        value: (1, key-value heads, T, D).
        spans: Where each piece stands and what it continues.
        scale: Of the scores; None is one over the root of D.
        window: Tokens a position sees, itself included; None is all.

    Returns:
        (1, heads, T, D).
    """
    from torch.nn.attention.varlen import varlen_attn  # noqa: PLC0415 - takes a second to import

    q, k, v = (states[0].transpose(0, 1) for states in (query, key, value))  # (T, heads, D)
    lengths = [span.length for span in spans]
    seen = [span.first + span.length for span in spans]
    if seen != lengths:
        k, v = (_with_ancestors(states, spans, lengths) for states in (k, v))
    attended = varlen_attn(
        q,
        k,
        v,
        _edges(lengths, q.device),
        _edges(seen, q.device),
        max(lengths),
        max(seen),
        scale=scale,
        window_size=(-1 if window is None else window - 1, 0),
        enable_gqa=q.shape[1] != k.shape[1],
    )
    out = attended[0] if isinstance(attended, tuple) else attended
    return out.transpose(0, 1)[None]


def _with_ancestors(
    states: torch.Tensor, spans: Sequence[Span], lengths: list[int]
) -> torch.Tensor:
    """What each span sees, end to end: what it continues, then itself; (S, heads, D)."""
    parts = states.split(lengths)
    return torch.cat([parts[i] for index in range(len(spans)) for i in path_of(spans, index)])


def _edges(lengths: list[int], device: torch.device) -> torch.Tensor:
    return torch.tensor([0, *accumulate(lengths)], dtype=torch.int32, device=device)


@lru_cache(maxsize=8)
def _is_right_on(device: torch.device) -> bool:
    """Compare the kernel with plain fp32 attention on two nested spans, values and gradients."""
    spans = (Span(0, 9), Span(9, 5, 0, 9), Span(14, 7))
    generator = torch.Generator().manual_seed(0)
    drawn = [torch.randn(1, heads, 21, 64, generator=generator) for heads in (4, 2, 2)]
    results = []
    for dtype in (torch.float32, torch.bfloat16):
        q, k, v = (one.to(device, dtype).requires_grad_() for one in drawn)
        try:
            out = (
                span_by_span(q, k, v, spans, {})
                if dtype == torch.float32
                else varlen_row_attention(q, k, v, spans=spans, scale=None, window=None)
            )
            out.float().square().sum().backward()
        except RuntimeError:
            return False
        results.append([out, q.grad, k.grad, v.grad])
    pairs = zip(*results, strict=True)
    return all(float((a - b.float()).norm() / a.norm()) < _TOLERANCE for a, b in pairs)
