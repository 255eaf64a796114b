"""Four bits for what is frozen: what is stored, what is computed, what learns."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tests.tiny import byte_tokenizer, random_example, tiny_network
from tunesmith.errors import MissingError, RecipeError, TunesmithError
from tunesmith.models.adapter import add_adapter, narrow_frozen
from tunesmith.models.forward import choose_layout
from tunesmith.models.four_bits import num_weights, set_matmul_dtype
from tunesmith.models.load import ModelPlace, find_model, load_network
from tunesmith.models.quantized import load_quantized
from tunesmith.recipe.lora_recipe import LoraRecipe
from tunesmith.stages.train import train
from tunesmith.tokens.collate import collate
from tunesmith.training.step import accumulate_gradients

bitsandbytes = pytest.importorskip("bitsandbytes")
dequantize_4bit = bitsandbytes.functional.dequantize_4bit
SHAPES = {"llama": {"hidden_size": 64, "head_dim": 16}, "gpt2": {"n_embd": 64}}
FAMILIES = list(SHAPES)
QLORA = {"lora": {"rank": 4, "quantize": "nf4"}}


def place_of(folder: Path, family: str = "llama") -> ModelPlace:
    """A block of 64 weights shares a scale: narrower matrices the CPU does not multiply."""
    tiny_network(family, **SHAPES[family]).save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)
    return find_model(str(folder))


@pytest.mark.parametrize("family", FAMILIES)
def test_matrices_take_four_bits_and_the_rest_stays(tmp_path: Path, family: str) -> None:
    place = place_of(tmp_path, family)
    whole, quantized = load_network(place), load_quantized(place, device="cpu")
    count = {name: p.numel() for name, p in whole.named_parameters()}
    matrices = {n for n, p in whole.named_parameters() if p.ndim == 2 and is_inner(n)}
    assert matrices
    for name, parameter in quantized.named_parameters():
        assert num_weights(parameter) == count[name]
        if name in matrices:
            assert parameter.dtype == torch.uint8
            assert parameter.nbytes == count[name] / 2
        else:
            assert parameter.dtype == torch.float32


def is_inner(name: str) -> bool:
    return not any(part in name for part in ("embed", "wte", "wpe", "lm_head", "norm", "ln_"))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_row_gives_the_adapters_gradient_of_each_example_alone(
    tmp_path: Path, family: str
) -> None:
    network = load_quantized(place_of(tmp_path, family), device="cpu")
    model = choose_layout(network)
    assert model.layout == "rows", model.layout_reason
    assert model.tiled_head is not None, model.head_reason
    torch.manual_seed(0)
    model.network = add_adapter(model.inner, LoraRecipe(rank=4, quantize="nf4"), dropout=0.0)
    for name, parameter in model.network.named_parameters():
        if "lora_B" in name:  # zeros at first, so that nothing would reach lora_A
            torch.nn.init.normal_(parameter, std=0.1)
    examples = [random_example(length, seed=length) for length in (17, 40, 9)]
    batches = [collate([example]) for example in examples]
    together = gradient(model, [collate(examples)])
    alone = gradient(model, batches)
    assert (together - alone).norm() / alone.norm() < 1e-5
    assert alone.norm() > 0


def test_adapters_learn_what_they_would_beside_the_same_weights_in_fp32(tmp_path: Path) -> None:
    """Also after the model has predicted, whereupon bitsandbytes may pack its weights."""
    place = place_of(tmp_path)
    quantized, wide = load_quantized(place, device="cpu"), load_network(place)
    with torch.no_grad():
        quantized.eval()(input_ids=torch.arange(9)[None])
        for name, module in quantized.named_modules():
            if hasattr(module, "compute_dtype"):
                weight = dequantize_4bit(module.weight.data, module.weight.quant_state)
                wide.get_submodule(name).weight.copy_(weight)
    found = []
    for network in (quantized, wide):
        model = choose_layout(network)
        torch.manual_seed(0)
        model.network = add_adapter(model.inner, LoraRecipe(rank=4), dropout=0.0)
        for name, parameter in model.network.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.1)
        found.append(gradient(model, [collate([random_example(17, seed=1)])]))
    assert (found[0] - found[1]).norm() / found[1].norm() < 1e-5


def test_weights_that_no_gradient_passes_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = bitsandbytes.matmul_4bit

    def blind(states, *rest, **options):
        return real(states.detach(), *rest, **options)

    monkeypatch.setattr(bitsandbytes, "matmul_4bit", blind)
    with pytest.raises(TunesmithError, match="lets no gradient through"):
        load_quantized(place_of(tmp_path), device="cpu")


def gradient(model, batches) -> torch.Tensor:
    model.network.zero_grad()
    total = sum(batch.num_targets for batch in batches)
    accumulate_gradients(model, batches, num_targets=total, precision="fp32")
    return torch.cat([p.grad.reshape(-1) for p in model.network.parameters() if p.requires_grad])


def test_for_bf16_the_products_are_narrowed_and_the_four_bits_stay(tmp_path: Path) -> None:
    network = load_quantized(place_of(tmp_path), device="cpu")
    network.requires_grad_(False)
    layer = network.model.layers[0].self_attn.q_proj
    before, stored = layer(torch.ones(3, 64)), layer.weight.data.clone()
    narrow_frozen(network)
    assert layer.compute_dtype == torch.bfloat16
    assert torch.equal(layer.weight.data, stored)
    assert network.lm_head.weight.dtype == torch.bfloat16
    after = layer(torch.ones(3, 64))
    assert not torch.equal(after, before)
    torch.testing.assert_close(after, before, rtol=0.05, atol=0.05)
    set_matmul_dtype(network, torch.float32)
    assert torch.equal(layer(torch.ones(3, 64)), before)


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated")
def test_a_run_trains_an_adapter_beside_four_bits_and_resumes_to_the_bit(tmp_path: Path) -> None:
    place_of(tmp_path / "base")
    data = write_rows(tmp_path / "rows.jsonl", colour_rows(12))
    training = {"method": QLORA, "steps": 6, "learning_rate": 1e-2, "checkpoint_every": 3}
    recipe = make_recipe(tmp_path / "base", data, training=training)
    made = []
    for name in ("whole", "stopped"):
        folder = run_folder(tmp_path / name)
        train(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
        if name == "stopped":
            forget_the_end(folder.path)
            again = train(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
            assert again.resumed_from == 3
        made.append(load_file(folder.model / "adapter_model.safetensors"))
    assert made[0].keys() == made[1].keys()
    assert all(torch.equal(made[0][name], made[1][name]) for name in made[0])
    assert any(made[0][name].abs().sum() > 0 for name in made[0] if "lora_B" in name)
    merged = load_network(find_model(str(folder.model)))
    assert all(p.dtype == torch.float32 for p in merged.parameters())


def forget_the_end(run: Path) -> None:
    """As after a kill behind step 3."""
    import shutil

    shutil.rmtree(run / "checkpoints" / "step-000006")
    shutil.rmtree(run / "model")


def test_an_adapter_is_no_base_for_four_bits(tmp_path: Path) -> None:
    place_of(tmp_path)
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(RecipeError, match="is an adapter"):
        load_quantized(find_model(str(tmp_path)), device="cpu")


def test_without_the_library_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tunesmith.models.quantized.find_spec", lambda _: None)
    with pytest.raises(MissingError, match=r"pip install 'tunesmith\[quantized\]'"):
        load_quantized(place_of(tmp_path), device="cpu")
