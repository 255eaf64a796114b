"""An adapter around a model: what it trains, what it is refused for."""

from pathlib import Path

import pytest
import torch

from tests.tiny import random_example, tiny_network
from tunesmith.errors import RecipeError
from tunesmith.models.adapter import add_adapter, load_adapter, narrow_frozen
from tunesmith.models.forward import choose_layout
from tunesmith.models.rows.attention import register
from tunesmith.recipe.lora_recipe import LoraRecipe
from tunesmith.tokens.collate import collate
from tunesmith.training.loss import batch_loss

IDS = torch.arange(20)[None]


@pytest.mark.parametrize("family", ["llama", "gpt2", "gpt_neox"])
def test_frozen_matrices_in_bf16_change_no_bit_of_bf16_training(family: str) -> None:
    batch = collate([random_example(20, seed=1), random_example(9, seed=2)])
    results = []
    for is_narrow in (False, True):
        register()
        model = choose_layout(tiny_network(family))
        torch.manual_seed(0)
        model.network = add_adapter(model.inner, LoraRecipe(rank=2), dropout=0.0)
        if is_narrow:
            narrow_frozen(model.inner)
        loss = batch_loss(model, batch, num_targets=batch.num_targets, precision="bf16")
        loss.backward()
        gradients = [p.grad for p in model.network.parameters() if p.grad is not None]
        results.append([loss.detach(), *gradients])
    narrowed = [p for p in model.network.parameters() if p.dtype == torch.bfloat16]
    assert narrowed
    assert not any(p.requires_grad for p in narrowed)
    assert all(torch.equal(one, other) for one, other in zip(*results, strict=True))


@pytest.mark.parametrize("targets", ["nonsense", ["nonsense", "more"]])
def test_unknown_targets_are_refused_and_the_known_ones_listed(targets: str | list[str]) -> None:
    with pytest.raises(RecipeError, match="no module matches") as error:
        add_adapter(tiny_network("llama"), LoraRecipe(targets=targets), dropout=0.0)
    assert error.value.where == "training.method.lora.targets"
    assert "nonsense" in error.value.message
    for name in ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"):
        assert name in error.value.cure


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_a_fresh_adapter_changes_no_logit_and_alone_is_trained(family: str) -> None:
    plain = tiny_network(family)
    adapted = add_adapter(tiny_network(family), LoraRecipe(rank=2), dropout=0.0)
    with torch.no_grad():
        assert torch.equal(plain(input_ids=IDS).logits, adapted(input_ids=IDS).logits)
    trained = [name for name, p in adapted.named_parameters() if p.requires_grad]
    assert trained
    assert all("lora_" in name for name in trained)


def test_named_targets_alone_get_an_adapter() -> None:
    recipe = LoraRecipe(rank=2, targets=["q_proj", "v_proj"])
    adapted = add_adapter(tiny_network("llama"), recipe, dropout=0.0)
    names = {
        n.split(".lora_")[0].rsplit(".", 1)[-1]
        for n, _ in adapted.named_parameters()
        if ".lora_" in n
    }
    assert names == {"q_proj", "v_proj"}


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_a_merged_adapter_adds_alpha_over_rank_times_its_product(
    tmp_path: Path, family: str
) -> None:
    adapted = add_adapter(tiny_network(family), LoraRecipe(rank=2, alpha=6.0), dropout=0.0)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)
        expected = adapted.eval()(input_ids=IDS).logits
    adapted.save_pretrained(tmp_path)
    merged = load_adapter(tiny_network(family), tmp_path)
    with torch.no_grad():
        assert torch.allclose(merged(input_ids=IDS).logits, expected, atol=1e-5)
    name = "model.layers.0.self_attn.q_proj" if family == "llama" else "transformer.h.0.mlp.c_fc"
    layer = adapted.get_base_model().get_submodule(name)
    product = layer.lora_B["default"].weight @ layer.lora_A["default"].weight * 3.0
    change = merged.get_submodule(name).weight - tiny_network(family).get_submodule(name).weight
    assert torch.allclose(change, product if family == "llama" else product.T, atol=1e-6)


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated")
def test_a_merged_adapter_is_a_model_like_any_other(tmp_path: Path) -> None:
    """It can be asked, and every weight of it can learn."""
    adapted = add_adapter(tiny_network("llama"), LoraRecipe(rank=2), dropout=0.0)
    adapted.save_pretrained(tmp_path)
    register()
    merged = load_adapter(tiny_network("llama"), tmp_path)
    assert all(parameter.requires_grad for parameter in merged.parameters())
    model = choose_layout(merged)
    assert model.layout == "rows", model.layout_reason
    assert model.tiled_head is not None, model.head_reason


def test_the_head_of_frozen_weights_is_probed_too() -> None:
    register()
    model = choose_layout(tiny_network("llama").requires_grad_(False))
    assert model.tiled_head is not None, model.head_reason
