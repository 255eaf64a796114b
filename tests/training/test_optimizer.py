"""Which rule changes which weight, and what Muon's update is."""

import pytest
import torch

from tests.tiny import random_example, setting_of, tiny_network
from tunesmith.models.adapter import add_adapter
from tunesmith.models.shortcuts.sparse_embedding import apply, sparse_embeddings
from tunesmith.recipe.lora_recipe import LoraRecipe
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.training.optimizer import make_optimizer, trainable

RATE = 1e-2
KINDS = ["adamw", "muon"]
FAMILIES = ["llama", "gpt2", "gpt_neox"]
OUTER = ("emb", "wte", "wpe", "lm_head")


def _recipe(optimizer: str, *, weight_decay: float = 0.0) -> TrainingRecipe:
    return TrainingRecipe.model_validate(
        {"optimizer": optimizer, "learning_rate": RATE, "weight_decay": weight_decay}
    )


def _changes(network: torch.nn.Module, recipe: TrainingRecipe) -> dict[str, torch.Tensor]:
    """How one step on one text changed each weight."""
    before = {name: p.detach().clone() for name, p in trainable(network).items()}
    optimizer = make_optimizer(network, recipe)
    ids = torch.from_numpy(random_example(100, seed=0).ids).long()[None]
    network(input_ids=ids, labels=ids).loss.backward()
    optimizer.step()
    return {name: p.detach() - before[name] for name, p in trainable(network).items()}


def _is_hidden(name: str, change: torch.Tensor) -> bool:
    return change.ndim == 2 and not any(part in name for part in OUTER)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_matrices_decay_and_vectors_do_not(family: str, kind: str) -> None:
    network = tiny_network(family)
    optimizer = make_optimizer(network, _recipe(kind, weight_decay=0.5))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(1.0)
            parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    for name, parameter in network.named_parameters():
        expected = 1.0 - RATE * 0.5 if parameter.ndim >= 2 else 1.0
        assert torch.allclose(parameter, torch.tensor(expected)), name


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", [*FAMILIES, "lora"])
def test_every_trained_weight_is_in_one_group(family: str, kind: str) -> None:
    network = tiny_network("llama" if family == "lora" else family)
    if family == "lora":
        network = add_adapter(network, LoraRecipe(rank=2), dropout=0.0)
    groups = make_optimizer(network, _recipe(kind)).param_groups
    grouped = [weight for group in groups for weight in group["params"]]
    assert sorted(map(id, grouped)) == sorted(map(id, trainable(network).values()))


@pytest.mark.parametrize("family", FAMILIES)
def test_muon_moves_a_matrix_alike_in_all_directions(family: str) -> None:
    changes = _changes(tiny_network(family), _recipe("muon"))
    hidden = {name: change for name, change in changes.items() if _is_hidden(name, change)}
    assert len(hidden) >= 4
    for name, change in hidden.items():
        values = torch.linalg.svdvals(change) / (RATE * 0.2 * max(change.shape) ** 0.5)
        assert values.max() < 1.4, name
        assert values.median() > 0.6, name


@pytest.mark.parametrize("family", FAMILIES)
def test_adamw_changes_what_is_no_hidden_matrix(family: str) -> None:
    alone = _changes(tiny_network(family), _recipe("adamw"))
    beside = _changes(tiny_network(family), _recipe("muon"))
    equal = {name for name in alone if torch.equal(alone[name], beside[name])}
    assert equal == {name for name, change in alone.items() if not _is_hidden(name, change)}


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_divided_as_if_beforehand(kind: str) -> None:
    """Two updates, for AdamW's first does not depend on the gradients' size."""
    made = []
    for is_beforehand in (True, False):
        network = tiny_network("llama")
        optimizer = make_optimizer(network, _recipe(kind))
        for by in (3.0, 70.0):
            _set_gradients(network, seed=int(by), divisor=by if is_beforehand else 1.0)
            optimizer.step(None if is_beforehand else torch.tensor(by))
        _set_gradients(network, seed=0)
        optimizer.step()
        made.append(torch.cat([p.detach().flatten() for p in network.parameters()]))
    torch.testing.assert_close(made[0], made[1], rtol=0, atol=1e-5 * RATE)
    assert not torch.equal(made[0], _after_undivided(kind))


def _after_undivided(kind: str) -> torch.Tensor:
    network = tiny_network("llama")
    optimizer = make_optimizer(network, _recipe(kind))
    for seed in (3, 70, 0):
        _set_gradients(network, seed=seed)
        optimizer.step()
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def _set_gradients(network: torch.nn.Module, *, seed: int, divisor: float = 1.0) -> None:
    generator = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator) / divisor


@pytest.mark.parametrize("weight_decay", [0.0, 0.5])
@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_are_read_change_as_the_whole_table_would(kind: str, weight_decay: float) -> None:
    """Four updates, one of them without the token that others read, one clipped."""
    texts = [torch.tensor([[7, 8, 9, 8]]), torch.tensor([[9, 2, 9]]), torch.tensor([[2, 7]])]
    ids = torch.tensor([2, 7, 8, 9])
    made = {}
    for has_rows in (True, False):
        network = tiny_network("llama")
        if has_rows:
            apply(setting_of(network, ids))
        optimizer = make_optimizer(network, _recipe(kind, weight_decay=weight_decay))
        for step, text in enumerate([*texts, texts[0]]):
            optimizer.zero_grad()
            network(input_ids=text, labels=text).loss.backward()
            optimizer.step(torch.tensor(3.0) if step == 2 else None)
        made[has_rows] = {name: p.detach() for name, p in network.named_parameters()}
    first = tiny_network("llama").get_input_embeddings().weight
    for name, weight in made[False].items():
        torch.testing.assert_close(made[True][name], weight, rtol=1e-6, atol=1e-7, msg=name)
    table = made[True]["model.embed_tokens.weight"]
    assert (table[ids] - first[ids]).abs().amax(dim=1).min() > RATE / 2
    assert torch.equal(table[100], first[100]) == (weight_decay == 0)


def test_of_a_table_only_what_is_read_takes_memory() -> None:
    network = tiny_network("llama")
    apply(setting_of(network, torch.tensor([2, 7])))
    (rows,) = sparse_embeddings(network)
    optimizer = make_optimizer(network, _recipe("adamw"))
    text = torch.tensor([[2, 7, 2]])
    network(input_ids=text, labels=text).loss.backward()
    optimizer.step()
    moments = optimizer.moments(rows.table)
    assert moments["exp_avg"].shape == moments["exp_avg_sq"].shape == (2, 32)
    assert moments["rows"].tolist() == [2, 7]
    assert rows.table.grad is None
    assert not any(parameter is rows.table for parameter in optimizer.parameters)
    assert any(parameter is rows.parameter for parameter in optimizer.parameters)
