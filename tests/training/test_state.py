"""Weights and moments through a checkpoint and back."""

from pathlib import Path

import pytest
import torch

from tests.tiny import random_example, setting_of, tiny_network
from tunesmith.errors import RefusedError
from tunesmith.models.adapter import add_adapter
from tunesmith.models.shorten import SHORTCUTS, shorten
from tunesmith.recipe.lora_recipe import LoraRecipe
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.training.checkpoint import load_checkpoint, save_checkpoint
from tunesmith.training.optimizer import Optimizer, make_optimizer, trainable
from tunesmith.training.state import read_state, write_state

RECIPE = TrainingRecipe(learning_rate=1e-2, weight_decay=0.5)
MUON = TrainingRecipe(learning_rate=1e-2, weight_decay=0.5, optimizer="muon")
KINDS = ["llama", "gpt2", "lora"]


def _network(kind: str, *, seed: int = 0) -> torch.nn.Module:
    if kind != "lora":
        return tiny_network(kind, seed=seed)
    torch.manual_seed(seed)
    return add_adapter(tiny_network("llama"), LoraRecipe(rank=2), dropout=0.0)


def _update(network: torch.nn.Module, optimizer: Optimizer, *, seed: int) -> None:
    ids = torch.from_numpy(random_example(20, seed=seed).ids).long()[None]
    optimizer.zero_grad()
    network(input_ids=ids, labels=ids).loss.backward()
    optimizer.step()


def _trained(kind: str, recipe: TrainingRecipe = RECIPE) -> tuple[torch.nn.Module, Optimizer]:
    network = _network(kind)
    optimizer = make_optimizer(network, recipe)
    for seed in range(3):
        _update(network, optimizer, seed=seed)
    return network, optimizer


def _assert_equal(a: torch.nn.Module, b: torch.nn.Module) -> None:
    other = dict(b.named_parameters())
    for name, parameter in a.named_parameters():
        assert torch.equal(parameter, other[name]), name


@pytest.mark.parametrize("recipe", [RECIPE, MUON], ids=lambda recipe: recipe.optimizer)
@pytest.mark.parametrize("kind", KINDS)
def test_weights_and_moments_come_back_bit_equal(
    tmp_path: Path, kind: str, recipe: TrainingRecipe
) -> None:
    network, optimizer = _trained(kind, recipe)
    save_checkpoint(tmp_path / "step-000003", write_state(network, optimizer, state={"step": 3}))
    loaded = load_checkpoint(tmp_path / "step-000003")
    assert loaded.state == {"step": 3}
    other = _network(kind)
    other_optimizer = make_optimizer(other, recipe)
    read_state(loaded, other, other_optimizer)
    _assert_equal(network, other)
    for name, parameter in trainable(network).items():
        moments = optimizer.moments(parameter)
        restored = other_optimizer.moments(trainable(other)[name])
        assert restored.keys() == moments.keys() != set()
        for moment, tensor in moments.items():
            assert torch.equal(tensor, restored[moment]), (name, moment)
            assert tensor.dtype == restored[moment].dtype
    _update(network, optimizer, seed=9)
    _update(other, other_optimizer, seed=9)
    _assert_equal(network, other)


def test_a_checkpoint_replaces_weights_that_differ(tmp_path: Path) -> None:
    network, _ = _trained("llama")
    save_checkpoint(tmp_path / "best", write_state(network, None, state={}))
    loaded = load_checkpoint(tmp_path / "best")
    assert list(loaded.tensors) == ["weights"]
    other = _network("llama", seed=7)
    read_state(loaded, other, None)
    _assert_equal(network, other)


def test_tied_weights_are_written_once_and_stay_tied(tmp_path: Path) -> None:
    network, optimizer = _trained("gpt2")
    checkpoint = write_state(network, optimizer, state={})
    names = checkpoint.tensors["weights"].keys()
    assert "transformer.wte.weight" in names
    assert "lm_head.weight" not in names
    save_checkpoint(tmp_path / "tied", checkpoint)
    other = _network("gpt2", seed=7)
    read_state(load_checkpoint(tmp_path / "tied"), other, make_optimizer(other, RECIPE))
    assert other.lm_head.weight is other.transformer.wte.weight
    assert torch.equal(other.lm_head.weight, network.lm_head.weight)


def test_of_an_adapted_model_only_the_adapter_is_written() -> None:
    network, optimizer = _trained("lora")
    tensors = write_state(network, optimizer, state={}).tensors
    assert tensors["weights"]
    assert all("lora_" in name for group in tensors.values() for name in group)
    assert len(tensors["optimizer"]) == 3 * len(tensors["weights"])


def test_before_the_first_update_there_are_no_moments() -> None:
    network = _network("llama")
    optimizer = make_optimizer(network, RECIPE)
    checkpoint = write_state(network, optimizer, state={})
    assert checkpoint.tensors["optimizer"] == {}
    read_state(checkpoint, network, optimizer)
    assert not any(optimizer.moments(weight) for weight in trainable(network).values())


def test_weights_of_another_adapter_or_method_are_refused() -> None:
    checkpoint = write_state(_network("lora"), None, state={})
    other = add_adapter(tiny_network("llama"), LoraRecipe(rank=3), dropout=0.0)
    for network in (other, tiny_network("llama")):
        before = {name: p.detach().clone() for name, p in network.named_parameters()}
        with pytest.raises(RefusedError, match="other weights"):
            read_state(checkpoint, network, None)
        assert all(torch.equal(before[name], p) for name, p in network.named_parameters())


@pytest.mark.parametrize(("made", "resumed"), [(RECIPE, MUON), (MUON, RECIPE)])
def test_moments_of_another_optimizer_are_refused(
    made: TrainingRecipe, resumed: TrainingRecipe
) -> None:
    network, optimizer = _trained("llama", made)
    checkpoint = write_state(network, optimizer, state={})
    other = _network("llama")
    with pytest.raises(RefusedError, match="another optimiser's moments"):
        read_state(checkpoint, other, make_optimizer(other, resumed))


ALL_IDS = torch.arange(256)
READ_IDS = torch.unique(torch.from_numpy(random_example(20, seed=9).ids).long())
MORE_IDS = torch.unique(torch.cat([READ_IDS, torch.arange(100)]))


def _with_rows(ids: torch.Tensor, *, seed: int) -> tuple[torch.nn.Module, Optimizer]:
    """A table of 300 rows, of which these are trained; all of them where they are most."""
    network = tiny_network("llama", seed=seed, vocab_size=300)
    name = "sparse_embedding"
    shorten(setting_of(network, ids), shortcuts={name: SHORTCUTS[name]})
    return network, make_optimizer(network, RECIPE)


@pytest.mark.parametrize("made", [READ_IDS, MORE_IDS, ALL_IDS])
@pytest.mark.parametrize("resumed", [READ_IDS, MORE_IDS, ALL_IDS])
def test_moments_of_a_table_come_back_whichever_rows_are_trained(
    tmp_path: Path, made: torch.Tensor, resumed: torch.Tensor
) -> None:
    network, optimizer = _with_rows(made, seed=0)
    for _ in range(3):
        _update(network, optimizer, seed=9)
    save_checkpoint(tmp_path / "step-000003", write_state(network, optimizer, state={}))
    other, other_optimizer = _with_rows(resumed, seed=7)
    read_state(load_checkpoint(tmp_path / "step-000003"), other, other_optimizer)
    _assert_equal(network, other)
    for one, rule in ((network, optimizer), (other, other_optimizer)):
        _update(one, rule, seed=9)
    is_same = len(made) == len(resumed)
    for name, weight in network.named_parameters():
        tolerance = {"rtol": 0, "atol": 0} if is_same else {"rtol": 1e-6, "atol": 1e-7}
        torch.testing.assert_close(dict(other.named_parameters())[name], weight, **tolerance)
