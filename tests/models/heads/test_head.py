"""The loss in tiles against cross-entropy over all logits, for every way a family ends."""

import pytest
import torch
from torch.nn import functional

from tests.tiny import ROW_FAMILIES, random_example, tiny_network
from tunesmith.models.adapter import add_adapter
from tunesmith.models.forward import choose_layout
from tunesmith.models.heads import head as head_module
from tunesmith.models.heads import tiled_loss
from tunesmith.models.heads.head import Head, Targets
from tunesmith.models.heads.predictions import predictions
from tunesmith.models.heads.tiled_loss import shared_loss
from tunesmith.models.rows.attention import register
from tunesmith.recipe.lora_recipe import LoraRecipe
from tunesmith.tokens.collate import collate
from tunesmith.training.loss import batch_loss, target_predictions

PLACES, HIDDEN, VOCABULARY = 11, 8, 37


@pytest.fixture(autouse=True)
def _small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    register()
    monkeypatch.setitem(head_module._TILE, "cpu", 10 * PLACES)


def _head(*, bias: bool, dtype: torch.dtype = torch.float64, **terms: float) -> Head:
    torch.manual_seed(0)
    return Head(module=torch.nn.Linear(HIDDEN, VOCABULARY, bias=bias, dtype=dtype), **terms)


def _targets() -> Targets:
    """Several at one place, the same twice at another, the first and the last token."""
    ids = torch.tensor([0, 36, 5, 5, 9, 10, 1, 2, 3, 4, 20, 30, 31, 36])
    places = torch.tensor([0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10])
    return Targets(ids=ids, places=places)


def _written_out(head: Head, hidden: torch.Tensor) -> torch.Tensor:
    logits = head.module(hidden) * head.scale
    return logits if head.softcap is None else torch.tanh(logits / head.softcap) * head.softcap


@pytest.mark.parametrize("places_at_once", [3, 100])
@pytest.mark.parametrize(
    "terms", [{}, {"scale": 0.3}, {"softcap": 2.0}, {"scale": 2, "softcap": 1}]
)
@pytest.mark.parametrize("bias", [True, False])
def test_loss_and_gradients_are_those_of_all_logits_at_once(
    monkeypatch: pytest.MonkeyPatch, bias: bool, terms: dict[str, float], places_at_once: int
) -> None:
    monkeypatch.setattr(tiled_loss, "_PLACES", places_at_once)
    head, targets = _head(bias=bias, **terms), _targets()
    hidden = torch.randn(PLACES, HIDDEN, dtype=torch.float64, requires_grad=True)
    inputs = [hidden, *head.module.parameters()]
    own = functional.cross_entropy(
        _written_out(head, hidden)[targets.places], targets.ids, reduction="sum"
    )
    expected = torch.autograd.grad(own / 7, inputs)
    found = shared_loss(head, hidden, targets, share=1 / 7, dtype=torch.float64)
    assert torch.allclose(found, own / 7, rtol=1e-12)
    for one, other in zip(torch.autograd.grad(3 * found, inputs), expected, strict=True):
        assert torch.allclose(one, 3 * other, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("terms", [{}, {"scale": 0.3}, {"softcap": 2.0}])
def test_in_bf16_it_is_no_further_from_the_truth_than_autocast_is(terms: dict[str, float]) -> None:
    head, targets = _head(bias=False, dtype=torch.float32, **terms), _targets()
    hidden = torch.randn(PLACES, HIDDEN, requires_grad=True)
    exact = functional.cross_entropy(_written_out(head, hidden)[targets.places], targets.ids)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = _written_out(head, hidden).float()
        rounded = functional.cross_entropy(logits[targets.places], targets.ids)
        tiled = shared_loss(head, hidden, targets, share=1 / 14, dtype=torch.bfloat16)
    truth = torch.autograd.grad(exact, [hidden, head.module.weight])
    usual = torch.autograd.grad(rounded, [hidden, head.module.weight])
    ours = torch.autograd.grad(tiled, [hidden, head.module.weight])
    assert abs(tiled - exact) < 2 * abs(rounded - exact) + 1e-3
    for one, other, third in zip(truth, usual, ours, strict=True):
        assert (third - one).norm() < 1.5 * (other - one).norm()


def test_predictions_are_those_of_all_logits_at_once() -> None:
    head, targets = _head(bias=True, softcap=2.0), _targets()
    hidden = torch.randn(PLACES, HIDDEN, dtype=torch.float64)
    logits = _written_out(head, hidden)[targets.places]
    found = predictions(head, hidden, targets, dtype=torch.float64)
    expected = functional.cross_entropy(logits, targets.ids, reduction="none")
    assert torch.allclose(found.nats, expected, rtol=1e-12)
    assert found.is_correct.tolist() == (logits.argmax(dim=-1) == targets.ids).tolist()


@pytest.mark.parametrize("family", ROW_FAMILIES)
def test_every_family_that_reads_rows_gets_its_loss_in_tiles(family: str) -> None:
    model = choose_layout(tiny_network(family))
    assert model.tiled_head is not None, model.head_reason


@pytest.mark.parametrize("tied", [True, False])
def test_tied_weights_get_both_gradients(tied: bool) -> None:
    batch = collate([random_example(20, seed=1), random_example(9, seed=2)])
    gradients = []
    for is_plain in (True, False):
        model = choose_layout(tiny_network("llama", tie_word_embeddings=tied))
        if is_plain:
            model.head = None
        batch_loss(model, batch, num_targets=batch.num_targets, precision="fp32").backward()
        gradients.append([p.grad for p in model.network.parameters()])
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(*gradients, strict=True))


def test_a_head_with_a_term_of_its_own_takes_the_plain_path() -> None:
    network = tiny_network("llama")
    network.lm_head.register_forward_hook(lambda module, inputs, output: output * 2)
    model = choose_layout(network)
    assert model.tiled_head is None
    assert "no plain linear layer" in model.head_reason


def test_a_scale_that_nobody_knows_of_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    network = tiny_network("cohere", logit_scale=0.5)
    assert choose_layout(network).tiled_head is not None
    monkeypatch.setattr("tunesmith.models.heads.head_probe.describe_head", _without_scale)
    model = choose_layout(tiny_network("cohere", logit_scale=0.5))
    assert model.tiled_head is None
    assert "something else" in model.head_reason


def _without_scale(network: torch.nn.Module) -> Head:
    return Head(module=network.get_output_embeddings())


def test_an_adapter_on_the_head_takes_the_plain_path() -> None:
    model = choose_layout(tiny_network("llama"))
    model.network = add_adapter(model.inner, LoraRecipe(targets=["lm_head"]), dropout=0.0)
    assert model.tiled_head is None
    batch = collate([random_example(20, seed=1)])
    batch_loss(model, batch, num_targets=batch.num_targets, precision="fp32").backward()
    assert target_predictions(model, batch, precision="fp32").nats.isfinite().all()


def test_an_adapter_elsewhere_leaves_the_head_alone() -> None:
    model = choose_layout(tiny_network("llama"))
    model.network = add_adapter(model.inner, LoraRecipe(), dropout=0.0)
    assert model.tiled_head is not None
    batch = collate([random_example(20, seed=1)])
    batch_loss(model, batch, num_targets=batch.num_targets, precision="fp32").backward()
    assert model.tiled_head.module.weight.grad is None
