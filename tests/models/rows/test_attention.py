"""Attention over a row against the formula written out, one head and position at a time."""

import itertools
import math
from typing import Any

import pytest
import torch

from tunesmith.models.rows import fused_rows
from tunesmith.models.rows.attention import row_attention
from tunesmith.models.shortcuts.matmul_library import use_matmul_library
from tunesmith.tokens.collate import Span

SPANS = (Span(0, 5), Span(5, 1), Span(6, 7))
LENGTH, HEADS, WIDTH = 13, 4, 8
SINKS = torch.tensor([0.3, -1.0, 2.0, 0.0])


def _states(num_key_heads: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    heads = (HEADS, num_key_heads, num_key_heads)
    return [torch.randn(1, n, LENGTH, WIDTH, generator=generator) for n in heads]


def _written_out(
    states: list[torch.Tensor],
    *,
    window: int | None = None,
    softcap: float | None = None,
    sinks: torch.Tensor | None = None,
    scaling: float = WIDTH**-0.5,
) -> torch.Tensor:
    query, key, value = (tensor[0].double() for tensor in states)
    out = torch.zeros(1, LENGTH, HEADS, WIDTH, dtype=torch.float64)
    for head, span in itertools.product(range(HEADS), SPANS):
        group = head // (HEADS // len(key))
        for place in range(span.start, span.start + span.length):
            first = span.start if window is None else max(span.start, place - window + 1)
            scores = key[group, first : place + 1] @ query[head, place] * scaling
            if softcap is not None:
                scores = softcap * torch.tanh(scores / softcap)
            powers = torch.exp(scores)
            sink = 0.0 if sinks is None else math.exp(sinks[head])
            shares = powers / (powers.sum() + sink)
            out[0, place, head] = shares @ value[group, first : place + 1]
    return out.float()


@pytest.mark.parametrize("num_key_heads", [4, 2, 1])
@pytest.mark.parametrize("window", [None, 1, 3, 7, 100])
@pytest.mark.parametrize("softcap", [None, 0.7])
@pytest.mark.parametrize("sinks", [None, SINKS], ids=["no-sinks", "sinks"])
def test_a_row_follows_the_formula(
    num_key_heads: int, window: int | None, softcap: float | None, sinks: torch.Tensor | None
) -> None:
    states = _states(num_key_heads)
    options = {"sliding_window": window, "softcap": softcap, "s_aux": sinks}
    found, weights = row_attention(torch.nn.Identity(), *states, None, spans=SPANS, **options)
    expected = _written_out(states, window=window, softcap=softcap, sinks=sinks)
    assert weights is None
    assert torch.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("softcap", [None, 0.7])
def test_a_scale_of_the_family_replaces_the_usual_one(softcap: float | None) -> None:
    states = _states(2)
    found, _ = row_attention(
        torch.nn.Identity(), *states, None, spans=SPANS, scaling=0.9, softcap=softcap
    )
    expected = _written_out(states, scaling=0.9, softcap=softcap)
    assert torch.allclose(found, expected, atol=1e-5)
    assert not torch.allclose(found, _written_out(states, softcap=softcap), atol=1e-2)


def test_a_model_that_loses_the_spans_is_found_out() -> None:
    with pytest.raises(KeyError, match="spans"):
        row_attention(torch.nn.Identity(), *_states(2), None)


@pytest.mark.parametrize("softcap", [None, 0.7])
def test_the_gradient_stays_within_each_example(softcap: float | None) -> None:
    states = [tensor.requires_grad_() for tensor in _states(2)]
    found, _ = row_attention(torch.nn.Identity(), *states, None, spans=SPANS, softcap=softcap)
    found[:, SPANS[2].start :].square().sum().backward()
    for tensor in states:
        assert not tensor.grad[:, :, : SPANS[2].start].any()
        assert tensor.grad[:, :, SPANS[2].start :].any()


def test_its_small_products_are_never_prepared_by_onednn(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    for name in ("_forward", "_backward"):
        real = getattr(fused_rows, name)

        def kernel(*args: object, real: Any = real, **options: object) -> object:
            asked.append(torch.backends.mkldnn.matmul.fp32_precision)
            return real(*args, **options)

        monkeypatch.setattr(fused_rows, name, kernel)
    states = [states.requires_grad_() for states in _states(HEADS)]
    with use_matmul_library("onednn"):
        found, _ = row_attention(torch.nn.Identity(), *states, None, spans=SPANS)
        found.sum().backward()
        assert torch.backends.mkldnn.matmul.fp32_precision == "bf16"
    assert asked == ["none"] * 2 * len(SPANS)
