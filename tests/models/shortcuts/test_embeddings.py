"""Gradients of embedding tables by rows against autograd's own, over several steps."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from tunesmith.models.shortcuts.embeddings import add_rows_in_place

NUM_TOKENS, WIDTH = 30, 4


class Small(nn.Module):
    """A table, and an output layer that may be the same table."""

    def __init__(self, *, is_tied: bool, padding_idx: int | None = None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.Embedding(NUM_TOKENS, WIDTH, padding_idx)
        self.head = nn.Linear(WIDTH, NUM_TOKENS, bias=False)
        if is_tied:
            self.head.weight = self.table.weight

    def loss(self, ids: torch.Tensor) -> torch.Tensor:
        return self.head(self.table(ids).tanh()).square().sum()


def _steps() -> list[list[torch.Tensor]]:
    """Four steps of one to three micro-batches, with repeated tokens."""
    generator = torch.Generator().manual_seed(0)
    return [
        [torch.randint(NUM_TOKENS, (1, 7), generator=generator) for _ in range(count)]
        for count in (1, 3, 2, 1)
    ]


def _gradients(model: Small, after: Callable[[torch.Tensor], None]) -> list[torch.Tensor]:
    found = []
    for batches in _steps():
        model.zero_grad(set_to_none=True)
        for ids in batches:
            model.loss(ids).backward()
        assert model.table.weight.grad is not None
        found.append(model.table.weight.grad.clone())
        after(model.table.weight.grad)
    return found


@pytest.mark.parametrize("is_tied", [True, False])
@pytest.mark.parametrize("padding_idx", [None, 3])
def test_gradients_equal_those_of_autograd(is_tied: bool, padding_idx: int | None) -> None:
    def clip(gradient: torch.Tensor) -> None:
        gradient.mul_(0.1)

    own = Small(is_tied=is_tied, padding_idx=padding_idx)
    ours = Small(is_tied=is_tied, padding_idx=padding_idx)
    assert add_rows_in_place(ours) == 1
    for one, other in zip(_gradients(own, clip), _gradients(ours, clip), strict=True):
        assert torch.allclose(one, other, rtol=1e-5, atol=1e-6)


def test_an_untied_table_keeps_one_buffer() -> None:
    addresses: set[int] = set()
    model = Small(is_tied=False)
    add_rows_in_place(model)
    _gradients(model, lambda gradient: addresses.add(gradient.data_ptr()))
    assert len(addresses) == 1


def test_without_gradients_a_table_is_only_read() -> None:
    model = Small(is_tied=False)
    add_rows_in_place(model)
    with torch.no_grad():
        assert not model.table(torch.tensor([[1]])).requires_grad
    model.table.weight.requires_grad_(False)
    assert not model.table(torch.tensor([[1]])).requires_grad


def test_tables_of_another_kind_stay() -> None:
    class Scaled(nn.Embedding):
        pass

    kinds = [nn.Embedding(3, 2, max_norm=1.0), nn.Embedding(3, 2, sparse=True), Scaled(3, 2)]
    assert add_rows_in_place(nn.ModuleList(kinds)) == 0
