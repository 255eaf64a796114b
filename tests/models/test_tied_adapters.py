"""Adapters of tied matrices, of more tokens than the base has, and of kinds that cannot be merged.

What is loaded, and what is written from it, is what peft computes with the adapter unmerged.
"""

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from tests.tiny import byte_tokenizer, save_tiny_model, tiny_network
from tunesmith.errors import RecipeError, RefusedError
from tunesmith.models.adapter import add_adapter
from tunesmith.models.load import context_tokens, find_model, load_network, num_known_tokens
from tunesmith.recipe.lora_recipe import LoraRecipe

IDS = torch.arange(3, 20)[None]
NUM_TOKENS = 260
TABLES = {"llama": "embed_tokens", "gpt2": "wte", "bloom": "word_embeddings"}
pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated")


def logits_of(network: Any) -> torch.Tensor:
    with torch.no_grad():
        logits: torch.Tensor = network.eval()(input_ids=IDS).logits
    return logits


def shake(network: torch.nn.Module) -> None:
    """Move everything that learns, as a long training would."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)


def others_adapter(folder: Path, family: str, *, num_tokens: int, **options: Any) -> torch.Tensor:
    """Write a base model and an adapter by peft alone; the logits of both, unmerged."""
    save_tiny_model(folder / "base", family, tie_word_embeddings=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network, again = (AutoModelForCausalLM.from_pretrained(folder / "base") for _ in range(2))
        for one in (network, again):
            if num_tokens != NUM_TOKENS:
                one.resize_token_embeddings(num_tokens, mean_resizing=False)
        config = LoraConfig(r=2, task_type="CAUSAL_LM", fan_in_fan_out=family == "gpt2", **options)
        adapted = get_peft_model(network, config)
        shake(adapted)
        adapted.save_pretrained(folder / "adapter")
        return logits_of(PeftModel.from_pretrained(again, folder / "adapter"))


@pytest.mark.parametrize("num_tokens", [NUM_TOKENS, NUM_TOKENS + 2, NUM_TOKENS - 1])
@pytest.mark.parametrize("how", ["table", "head", "both", "dora", "table saved", "both saved"])
@pytest.mark.parametrize("family", TABLES)
def test_an_adapter_of_tied_matrices_is_what_peft_computes(
    tmp_path: Path, family: str, how: str, num_tokens: int
) -> None:
    names = {"table": [TABLES[family]], "head": ["lm_head"]}
    chosen = names.get(how.split(maxsplit=1)[0], [TABLES[family], "lm_head"])
    options: dict[str, Any] = {"target_modules": chosen, "use_dora": how == "dora"}
    if "saved" in how:
        options = {"target_modules": "all-linear", "modules_to_save": chosen}
    expected = others_adapter(tmp_path, family, num_tokens=num_tokens, **options)
    place = find_model(str(tmp_path / "adapter"))
    table = f"base_model.model.{'model' if family == 'llama' else 'transformer'}.{TABLES[family]}"
    held = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    whole = {
        f"{one}{part}.weight"
        for one in (table, "base_model.model.lm_head")
        for part in ("", ".base_layer")
    } & set(held)
    if num_tokens != NUM_TOKENS and len(whole) < 2:
        for function in (load_network, num_known_tokens):
            with pytest.raises(RefusedError, match="does not hold all rows of both matrices"):
                function(place)
        return
    assert num_known_tokens(place) == num_tokens
    network = load_network(place)
    assert (logits_of(network) - expected).abs().max() < 1e-5 * expected.abs().max()
    network.save_pretrained(tmp_path / "whole")
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "whole")
    assert torch.equal(logits_of(again), logits_of(network))


@pytest.mark.parametrize(
    "options",
    [
        {"target_modules": "all-linear"},
        {"target_modules": "all-linear", "trainable_token_indices": {"embed_tokens": [3, 5]}},
        {"target_modules": ["embed_tokens", "lm_head"], "ensure_weight_tying": True},
    ],
    ids=["elsewhere", "tokens", "ensured"],
)
def test_matrices_that_stay_equal_stay_tied(tmp_path: Path, options: dict[str, Any]) -> None:
    expected = others_adapter(tmp_path, "llama", num_tokens=NUM_TOKENS, **options)
    network = load_network(find_model(str(tmp_path / "adapter")))
    assert (logits_of(network) - expected).abs().max() < 1e-5 * expected.abs().max()
    assert network.lm_head.weight is network.model.embed_tokens.weight
    network.save_pretrained(tmp_path / "whole")
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "whole")
    assert torch.equal(logits_of(again), logits_of(network))
    assert again.lm_head.weight is again.model.embed_tokens.weight


def test_a_merge_that_would_change_the_model_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others_adapter(tmp_path, "llama", num_tokens=NUM_TOKENS, target_modules=["embed_tokens"])
    monkeypatch.setattr("tunesmith.models.adapter.give_own_matrix", lambda output: None)
    with pytest.raises(RefusedError, match="computes something else once merged"):
        load_network(find_model(str(tmp_path / "adapter")))


def test_an_adapter_of_another_shape_is_refused_in_a_sentence(tmp_path: Path) -> None:
    others_adapter(tmp_path, "llama", num_tokens=NUM_TOKENS, target_modules=["q_proj"])
    path = tmp_path / "adapter" / "adapter_model.safetensors"
    halves = {name: one[: len(one) // 2].clone() for name, one in load_file(path).items()}
    save_file(halves, path)
    with pytest.raises(RefusedError, match=r"does not fit its base model .*size mismatch") as error:
        load_network(find_model(str(tmp_path / "adapter")))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"peft_type": "PREFIX_TUNING"}, "PREFIX_TUNING"),
        ({"peft_type": "PROMPT_TUNING"}, "PROMPT_TUNING"),
        ({"alora_invocation_tokens": [1, 2]}, "activated LoRA"),
    ],
)
def test_what_is_no_change_of_the_weights_is_refused(
    tmp_path: Path, change: dict[str, Any], kind: str
) -> None:
    others_adapter(tmp_path, "llama", num_tokens=NUM_TOKENS, target_modules=["q_proj"])
    path = tmp_path / "adapter" / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(RefusedError, match=f"of the kind {kind} is no change of the weights"):
        load_network(find_model(str(tmp_path / "adapter")))


def test_an_adapter_reads_as_far_as_its_base(tmp_path: Path) -> None:
    others_adapter(tmp_path, "llama", num_tokens=NUM_TOKENS, target_modules=["q_proj"])
    assert context_tokens(find_model(str(tmp_path / "adapter"))) == 512


def test_modules_that_are_trained_whole_are_those_that_are_named() -> None:
    """And get no adapter beside; peft would take every name that ends so."""
    recipe = LoraRecipe(rank=2, modules_to_save=["norm", "mlp"])
    adapted = add_adapter(tiny_network("llama"), recipe, dropout=0.0)
    trained = {name for name, one in adapted.named_parameters() if one.requires_grad}
    whole = {name for name in trained if "lora_" not in name}
    prefix = "base_model.model.model"
    assert {name.split(".modules_to_save")[0] for name in whole} == {
        f"{prefix}.norm",
        f"{prefix}.layers.0.mlp",
        f"{prefix}.layers.1.mlp",
    }
    assert not any("mlp" in name for name in trained - whole)


@pytest.mark.parametrize("name", ["nonsense", "proj", "act_fn"])
def test_a_module_that_cannot_be_trained_whole_is_refused(name: str) -> None:
    with pytest.raises(RecipeError, match=f"'{name}' cannot be trained whole") as error:
        add_adapter(tiny_network("llama"), LoraRecipe(modules_to_save=[name]), dropout=0.0)
    assert error.value.where == "training.method.lora.modules_to_save"
    assert "lm_head" in str(error.value.cure)


def test_the_tokenizer_of_these_tests_fits() -> None:
    assert len(byte_tokenizer()) == NUM_TOKENS


def test_dora_of_a_row_of_zeros_is_refused_before_training() -> None:
    """A padding token's row is zero in many models; training ended with NaN at its first step."""
    network = tiny_network("llama", tie_word_embeddings=True)
    assert not network.get_input_embeddings().weight[258].any()
    recipe = LoraRecipe(targets=["lm_head", "q_proj"], use_dora=True, rank=2)
    with pytest.raises(RecipeError, match=r"lm_head has 1 rows of zeros.*DoRA") as error:
        add_adapter(network, recipe, dropout=0.0)
    assert "Leave lm_head out of training.method.lora.targets" in str(error.value)
    other = LoraRecipe(targets=["q_proj", "embed_tokens"], use_dora=True, rank=2)
    add_adapter(tiny_network("llama", tie_word_embeddings=True), other, dropout=0.0)
