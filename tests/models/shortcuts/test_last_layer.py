"""The last layer computed only where it is read, against the whole of it."""

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from tests.tiny import ROW_FAMILIES, random_example, tiny_network
from tunesmith.models.adapter import add_adapter
from tunesmith.models.forward import LanguageModel, choose_layout, trained_states
from tunesmith.models.rows.attention import register
from tunesmith.models.shortcuts.last_layer import PartialLayer
from tunesmith.recipe.recipe import LoraRecipe
from tunesmith.tokens.collate import Batch, collate
from tunesmith.training.resources.out_of_memory import use_activation_checkpointing

EXPERTS = "gpt_oss"  # its MLP has two results


@pytest.fixture(autouse=True)
def rows_are_registered() -> None:
    register()


def batch_of(num_prompt: int = 12) -> Batch:
    return collate([random_example(20, seed=seed, num_prompt=num_prompt) for seed in range(3)])


def mlp_of(model: LanguageModel) -> nn.Module:
    layers = next(m for m in model.inner.modules() if isinstance(m, nn.ModuleList))
    return layers[-1].mlp


def whole(monkeypatch: pytest.MonkeyPatch, network: nn.Module) -> LanguageModel:
    """The same model, all of it computed."""
    with monkeypatch.context() as patch:
        patch.setattr(PartialLayer, "of", classmethod(lambda cls, network: None))
        return choose_layout(network)


def results(model: LanguageModel, batch: Batch) -> dict[str, torch.Tensor]:
    """States at the trained places, and the gradient of each weight."""
    states = trained_states(model, batch)
    up = torch.randn(states.shape, generator=torch.Generator().manual_seed(0)).to(states.device)
    (states * up).sum().backward()
    named = model.network.named_parameters()
    gradients = {name: p.grad for name, p in named if p.grad is not None}
    return {"states": states.detach(), **gradients}


@pytest.fixture
def places_seen() -> Iterator[list[int]]:
    """How many places the linear layers of an MLP see, once they are watched."""
    seen: list[int] = []
    yield seen
    assert seen, "nobody was watched"


def watch(module: nn.Module, seen: list[int]) -> None:
    for child in module.modules():
        if child is not module and any(p.ndim == 2 for p in child.parameters(recurse=False)):
            child.register_forward_pre_hook(lambda _, given: seen.append(given[0].shape[-2]))


@pytest.mark.parametrize("family", [one for one in ROW_FAMILIES if one != EXPERTS])
@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_states_and_gradients_are_those_of_the_whole_layer(
    device: str, family: str, monkeypatch: pytest.MonkeyPatch, places_seen: list[int]
) -> None:
    model = choose_layout(tiny_network(family).to(device))
    assert model.is_last_layer_partial
    watch(mlp_of(model), places_seen)
    batch = batch_of().to(model.device)
    expected = results(whole(monkeypatch, tiny_network(family).to(device)), batch)
    found = results(model, batch)
    assert set(places_seen) == {len(batch.trained_positions)} != {len(batch.ids)}
    assert found.keys() == expected.keys()
    for name, one in expected.items():
        assert (found[name] - one).norm() <= 1e-5 * one.norm() + 1e-9, name


def test_recomputed_activations_see_the_same_places(
    monkeypatch: pytest.MonkeyPatch, places_seen: list[int]
) -> None:
    batch = batch_of()
    expected = results(whole(monkeypatch, tiny_network("llama")), batch)
    model = choose_layout(tiny_network("llama"))
    use_activation_checkpointing(model)
    model.network.train()
    watch(mlp_of(model), places_seen)
    found = results(model, batch)
    assert places_seen == [len(batch.trained_positions)] * 6, "three products, twice"
    for name, one in expected.items():
        assert (found[name] - one).norm() <= 1e-5 * one.norm() + 1e-9, name


def test_where_nearly_all_is_read_the_layer_is_whole(places_seen: list[int]) -> None:
    model = choose_layout(tiny_network("llama"))
    watch(mlp_of(model), places_seen)
    batch = batch_of(num_prompt=1)
    trained_states(model, batch)
    assert set(places_seen) == {len(batch.ids)}
    assert len(batch.trained_positions) < len(batch.ids)


def test_who_asks_for_no_places_gets_them_all() -> None:
    model = choose_layout(tiny_network("llama"))
    ids = torch.arange(9)[None]
    trained_states(model, batch_of())
    with torch.no_grad():
        logits = model.network(input_ids=ids, spans=collate([random_example(9, seed=1)]).spans)
        alone = tiny_network("llama")(input_ids=ids)
    torch.testing.assert_close(logits.logits, alone.logits, rtol=1e-4, atol=1e-5)


def test_an_mlp_with_two_results_stays_whole() -> None:
    model = choose_layout(tiny_network(EXPERTS))
    assert not model.is_last_layer_partial
    assert "forward" not in vars(mlp_of(model))


def test_an_mlp_that_looks_at_other_places_stays_whole() -> None:
    network = tiny_network("llama")
    mlp = network.model.layers[-1].mlp
    own = type(mlp).forward

    class Mixing(type(mlp)):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return own(self, x) + 0.1 * x.cumsum(dim=1) * (x.shape[1] == 17)

    mlp.__class__ = Mixing
    model = choose_layout(network)
    assert not model.is_last_layer_partial
    assert "forward" not in vars(mlp)


def test_where_the_layer_or_its_parts_have_other_names_nothing_is_changed() -> None:
    network = tiny_network("llama")
    network.config.num_hidden_layers = 7
    assert PartialLayer.of(network) is None
    network.config.num_hidden_layers = 2
    layer = network.model.layers[-1]
    layer.feed, layer.attend = layer.mlp, layer.self_attn
    del layer.mlp, layer.self_attn
    assert PartialLayer.of(network) is None


def test_a_copy_that_is_trained_whole_reads_the_places_of_each_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """peft copies what it trains whole; a copy would go on reading the places of the probe."""
    part, all_of_it = (
        choose_layout(tiny_network("llama")),
        whole(monkeypatch, tiny_network("llama")),
    )
    assert part.is_last_layer_partial
    recipe = LoraRecipe(rank=2, modules_to_save=["mlp", "o_proj"])
    for model in (part, all_of_it):
        torch.manual_seed(0)
        model.network = add_adapter(model.inner, recipe, dropout=0.0)
    batch = batch_of()
    found, expected = results(part, batch), results(all_of_it, batch)
    assert found.keys() == expected.keys()
    for name, one in expected.items():
        torch.testing.assert_close(found[name], one, rtol=1e-4, atol=1e-6)
