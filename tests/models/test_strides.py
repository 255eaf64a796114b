"""Every autograd node of ours against torch's operations, for tensors of any strides and shapes.

Families hand over transposed views, and the gradient of a sum is one number seen many times.
"""

import copy
from collections.abc import Callable, Sequence
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional

from tunesmith.models.heads.head import Head, Targets
from tunesmith.models.heads.predictions import predictions
from tunesmith.models.heads.tiled_loss import shared_loss
from tunesmith.models.rows.attention import span_by_span
from tunesmith.models.rows.fused_rows import fused_row_attention
from tunesmith.models.shortcuts.sparse_embedding import SparseEmbedding, _forward
from tunesmith.tokens.collate import Span

NUM_TOKENS, WIDTH = 20, 6
SPANS = (Span(0, 5), Span(5, 4, 0, 5), Span(9, 3, 0, 5))
EMPTY = (Span(0, 0), Span(0, 7), Span(7, 0, 1, 7), Span(7, 5, 1, 7), Span(12, 0))


def _reversed(shape: Sequence[int]) -> torch.Tensor:
    return torch.randn(*shape[::-1]).permute(tuple(range(len(shape))[::-1]))


def _second(shape: Sequence[int]) -> torch.Tensor:
    return torch.randn(*shape[:-1], 2 * shape[-1])[..., ::2]


STRIDES: dict[str, Callable[[Sequence[int]], torch.Tensor]] = {
    "contiguous": torch.randn,
    "transposed": _reversed,
    "every second": _second,
    "one number": lambda shape: torch.randn(1).expand(*shape),
    "one row": lambda shape: torch.randn(shape[-1]).expand(*shape),
    "one column": lambda shape: torch.randn(*shape[:-1], 1).expand(*shape),
}
pytestmark = pytest.mark.parametrize("of_gradient", STRIDES)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def _results(
    function: Callable[..., torch.Tensor], inputs: Sequence[torch.Tensor], up: torch.Tensor
) -> list[torch.Tensor]:
    leaves = [one.detach().requires_grad_() for one in inputs]
    out = function(*leaves)
    return [out.detach(), *torch.autograd.grad(out, leaves, up)]


def _assert_equal(found: Sequence[torch.Tensor], expected: Sequence[torch.Tensor]) -> None:
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("padding_idx", [None, 3])
@pytest.mark.parametrize("dtype", [torch.int64, torch.int32])
@pytest.mark.parametrize("shape", [(), (4,), (0,), (2, 3), (2, 0), (2, 3, 2)], ids=str)
def test_a_table(
    shape: tuple[int, ...], dtype: torch.dtype, padding_idx: int | None, of_gradient: str
) -> None:
    own = nn.Embedding(NUM_TOKENS, WIDTH, padding_idx)
    table = copy.deepcopy(own)
    rows = SparseEmbedding(table.weight, torch.arange(NUM_TOKENS))
    ids = torch.randint(NUM_TOKENS, shape[::-1], dtype=dtype).permute(
        tuple(range(len(shape))[::-1])
    )
    up = STRIDES[of_gradient]((*shape, WIDTH))
    own(ids).backward(up)
    _forward(rows, padding_idx, ids).backward(up)
    _assert_equal([rows.parameter.grad], [own.weight.grad])


@pytest.mark.parametrize("spans", [SPANS, EMPTY, (Span(0, 0),)], ids=["whole", "empty", "none"])
@pytest.mark.parametrize("num_key_heads", [4, 2, 1])
@pytest.mark.parametrize("of_states", ["contiguous", "transposed", "every second"])
def test_attention(
    of_states: str, num_key_heads: int, spans: tuple[Span, ...], of_gradient: str
) -> None:
    length = sum(span.length for span in spans)
    heads = (4, num_key_heads, num_key_heads)
    inputs = [STRIDES[of_states]((1, count, length, 8)) for count in heads]
    up = STRIDES[of_gradient]((1, 4, length, 8))
    if not length:
        assert fused_row_attention(*inputs, spans=spans, scale=None).shape == (1, 4, 0, 8)
        return
    found = _results(partial(fused_row_attention, spans=spans, scale=None), inputs, up)
    expected = _results(lambda q, k, v: span_by_span(q, k, v, spans, {}), inputs, up)
    _assert_equal(found, expected)


@pytest.mark.parametrize("of_states", STRIDES)
@pytest.mark.parametrize("of_weight", ["contiguous", "transposed"])
@pytest.mark.parametrize("num_places", [7, 0])
@pytest.mark.parametrize("bias", [True, False])
def test_the_loss_in_tiles(
    bias: bool, num_places: int, of_weight: str, of_states: str, of_gradient: str
) -> None:
    linear = nn.Linear(WIDTH, NUM_TOKENS, bias=bias)
    linear.weight = nn.Parameter(STRIDES[of_weight]((NUM_TOKENS, WIDTH)))
    hidden = STRIDES[of_states]((num_places, WIDTH)).detach().requires_grad_()
    ids = torch.randint(NUM_TOKENS, (2 * num_places,))[::2]
    targets = Targets(ids=ids, places=torch.arange(num_places))
    tiled = shared_loss(Head(module=linear), hidden, targets, share=0.1, dtype=torch.float32)
    own = functional.cross_entropy(linear(hidden), ids, reduction="sum") * 0.1
    up = STRIDES[of_gradient]((1,))[0]
    inputs = [hidden, *linear.parameters()]
    found, expected = (torch.autograd.grad(loss, inputs, up) for loss in (tiled, own))
    _assert_equal([tiled, *found], [own, *expected])
    nats = predictions(Head(module=linear), hidden, targets, dtype=torch.float32).nats
    _assert_equal([nats.sum() * 0.1], [own])
