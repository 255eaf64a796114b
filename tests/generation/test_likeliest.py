"""The rounded head finds the very token that the exact head would choose."""

import pytest
import torch

from tunesmith.generation import likeliest
from tunesmith.generation.likeliest import RoundedHead
from tunesmith.generation.sampling import NEAR_TIE


@pytest.mark.parametrize("num_tokens", [5, 128, 260, 1000])
def test_the_best_of_exact_logits_is_found_in_every_block(num_tokens: int) -> None:
    logits = torch.randn(2 * num_tokens, num_tokens, generator=torch.Generator().manual_seed(0))
    for row in range(2 * num_tokens):
        logits[row, row % num_tokens] += 20.0
    choice = likeliest.likeliest(logits)
    assert choice.tokens.tolist() == [*range(num_tokens), *range(num_tokens)]
    assert not choice.is_near_tie.any()


def test_a_near_tie_is_noticed_and_the_first_of_equals_is_taken() -> None:
    logits = torch.zeros(4, 300)
    logits[0, 7], logits[0, 299] = 5.0, 5.0
    logits[1, 299], logits[1, 3] = 5.0, 5.0 - NEAR_TIE / 2
    logits[2, 131] = 5.0
    logits[3, 100], logits[3, 200] = 5.0, 5.0 - 2 * NEAR_TIE
    choice = likeliest.likeliest(logits)
    assert choice.tokens.tolist() == [7, 299, 131, 100]
    assert choice.is_near_tie.tolist() == [True, True, False, False]


def test_a_row_of_nans_gives_some_token_instead_of_an_error() -> None:
    logits = torch.randn(2, 300)
    logits[0] = torch.nan
    tokens = likeliest.likeliest(logits).tokens
    assert tokens.tolist() == [0, int(logits[1].argmax())]


@pytest.mark.parametrize("scale", [0.02, 1.0, 30.0])
@pytest.mark.parametrize("offset", [0.0, 0.5])
def test_the_rounded_head_chooses_as_the_exact_head_would(scale: float, offset: float) -> None:
    """With an offset all logits lie close together, far from 0, where bf16 tells few apart."""
    generator = torch.Generator().manual_seed(2)
    weight = (torch.randn(2000, 48, generator=generator) * 0.1 + offset) * scale
    hidden = torch.randn(600, 48, generator=generator) + offset
    exact = likeliest.likeliest(hidden @ weight.T)
    chosen = RoundedHead(weight).choose(hidden)
    rounded = (hidden.bfloat16() @ weight.bfloat16().T).float().argmax(dim=-1)
    assert (rounded != exact.tokens).sum() > 5, "the test is blind: bf16 alone would do"
    is_clear = ~exact.is_near_tie
    assert torch.equal(chosen.tokens[is_clear], exact.tokens[is_clear])
    assert is_clear.sum() > 300


def test_the_bound_is_at_least_every_error_near_the_best() -> None:
    generator = torch.Generator().manual_seed(3)
    weight, hidden = (torch.randn(n, 64, generator=generator) for n in (3000, 200))
    head, rounded = RoundedHead(weight), hidden.bfloat16()
    near = torch.nn.functional.linear(rounded, weight.bfloat16())
    blocks = likeliest._block_maxima(near)
    bound = head._bound(hidden, rounded, blocks)
    exact = hidden.double() @ weight.double().T
    best = near.float().amax(dim=-1, keepdim=True)
    matters = near.float() >= best - 2 * bound[:, None]
    errors = (exact - near.double()).abs().masked_fill(~matters, 0.0).amax(dim=-1)
    assert (errors <= bound).all()
    assert (errors > bound / 20).any(), "the bound says nothing"


def test_where_nearly_all_tokens_tie_the_exact_head_decides() -> None:
    generator = torch.Generator().manual_seed(4)
    weight = torch.ones(500, 16) + torch.randn(500, 16, generator=generator) * 1e-3
    hidden = torch.ones(3, 16) * 100 + torch.randn(3, 16, generator=generator)
    exact = likeliest.likeliest(hidden @ weight.T)
    assert torch.equal(RoundedHead(weight).choose(hidden).tokens, exact.tokens)
