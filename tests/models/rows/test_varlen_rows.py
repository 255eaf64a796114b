"""What is handed to the GPU's kernel, checked with the kernel's own contract written out."""

import itertools
from typing import Any

import pytest
import torch
from torch.nn import functional

from tunesmith.models.rows.attention import row_attention
from tunesmith.models.rows.spans import span_by_span
from tunesmith.models.rows.varlen_rows import can_vary, varlen_row_attention
from tunesmith.tokens.collate import Span

FLAT = (Span(0, 5), Span(5, 1), Span(6, 7))
NESTED = (Span(0, 4), Span(4, 3, 0, 4), Span(7, 2, 1, 7), Span(9, 1, 0, 4), Span(10, 3))


def _kernel(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    *lengths: Any,
    **options: Any,
) -> torch.Tensor:
    """torch's documented behaviour: rows between edges; masks are aligned at the end."""
    edges_q, edges_k, longest_q, longest_k = lengths
    left, right = options["window_size"]
    assert right == 0
    pairs_q, pairs_k = edges_q.tolist(), edges_k.tolist()
    assert max(b - a for a, b in itertools.pairwise(pairs_q)) == longest_q
    assert max(b - a for a, b in itertools.pairwise(pairs_k)) == longest_k
    parts = []
    for (a, b), (c, d) in zip(
        itertools.pairwise(pairs_q),
        itertools.pairwise(pairs_k),
        strict=True,
    ):
        place_q, place_k = torch.arange(d - c - (b - a), d - c), torch.arange(d - c)
        distance = place_q[:, None] - place_k[None]
        mask = (distance >= 0) & ((distance <= left) | torch.tensor(left < 0))
        states = [x.transpose(0, 1)[None] for x in (q[a:b], k[c:d], v[c:d])]
        out = functional.scaled_dot_product_attention(
            *states, attn_mask=mask, scale=options["scale"], enable_gqa=options["enable_gqa"]
        )
        parts.append(out[0].transpose(0, 1))
    return torch.cat(parts)


@pytest.mark.parametrize("window", [None, 3])
@pytest.mark.parametrize("spans", [FLAT, NESTED], ids=["flat", "nested"])
@pytest.mark.parametrize("num_key_heads", [4, 2])
def test_the_kernel_is_called_for_what_each_span_sees(
    monkeypatch: pytest.MonkeyPatch,
    spans: tuple[Span, ...],
    window: int | None,
    num_key_heads: int,
) -> None:
    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", _kernel)
    drawn = [torch.randn(1, heads, 13, 8) for heads in (4, num_key_heads, num_key_heads)]
    expected = span_by_span(*drawn, spans, {"sliding_window": window, "scaling": 0.4})
    found = varlen_row_attention(*drawn, spans=spans, scale=0.4, window=window)
    assert torch.allclose(found, expected, atol=1e-6)


def test_the_cpu_does_without_the_kernel() -> None:
    assert not can_vary(torch.zeros(1, 1, 1, 8, dtype=torch.bfloat16))


@pytest.mark.gpu
def test_the_kernel_agrees_with_plain_attention_on_this_gpu() -> None:
    drawn = [torch.randn(1, 4, 13, 64, device="cuda", dtype=torch.bfloat16) for _ in range(3)]
    assert can_vary(drawn[0])
    found, _ = row_attention(torch.nn.Identity(), *drawn, None, spans=NESTED)
    expected = span_by_span(*(x.float() for x in drawn), NESTED, {}).transpose(1, 2)
    assert (found.float() - expected).norm() / expected.norm() < 2e-2
