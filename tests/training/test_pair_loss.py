"""The loss of preferences: a textbook's, whatever is computed together, and TRL's own numbers."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.tiny import tiny_network
from tests.training.pairs import (
    SHAPES,
    pair_feed,
    pair_store,
    textbook_log_probability,
    textbook_losses,
    textbook_references,
)
from tunesmith.models.adapter import add_adapter
from tunesmith.models.forward import LanguageModel, choose_layout
from tunesmith.models.rows.attention import register, use_attention
from tunesmith.recipe.lora_recipe import LoraRecipe
from tunesmith.tokens.store import TokenStore
from tunesmith.training.feed import Feed
from tunesmith.training.loss import batch_loss
from tunesmith.training.step import accumulate_gradients
from tunesmith.training.validate import validate

_MADE = Path(__file__).resolve().parents[1] / "golden" / "dpo.json"
GOLDEN = json.loads(_MADE.read_text(encoding="utf-8"))["cases"]


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    return pair_store(tmp_path / "p.arrow")


def _model(family: str = "llama", dtype: torch.dtype = torch.float32) -> LanguageModel:
    register()
    return choose_layout(tiny_network(family).to(dtype))


def _references(store: TokenStore, family: str = "llama") -> np.ndarray:
    """Of another model: training has moved on."""
    return textbook_references(tiny_network(family, seed=1).double(), store)


def _own(model: LanguageModel, feed: Feed) -> tuple[float, torch.Tensor]:
    data = feed.data_of(0)
    model.network.zero_grad()
    loss = accumulate_gradients(model, data.batches, num_targets=data.divisor, precision="fp32")
    return float(loss), _gradient(model.network)


def _gradient(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.grad.reshape(-1) for p in network.parameters() if p.grad is not None])


@pytest.mark.parametrize("beta", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("family", ["llama", "gemma2", "bloom"])  # tiled, soft-capped, padded
def test_the_loss_and_its_gradient_are_a_textbooks(
    store: TokenStore, family: str, beta: float
) -> None:
    references = _references(store, family)
    plain = tiny_network(family)
    losses = textbook_losses(plain, store, references, beta=beta)
    expected = torch.stack(losses).mean()
    expected.backward()
    model = _model(family)
    saving = None if model.tiled_head is None else 1
    loss, gradient = _own(model, pair_feed(store, references, beta=beta, smallest_saving=saving))
    assert loss == pytest.approx(float(expected.detach()), abs=1e-5)
    wanted = _gradient(plain)
    assert (gradient - wanted).norm() / wanted.norm() < 1e-4


@pytest.mark.parametrize("layout", ["rows", "padded"])
def test_micro_batches_and_shared_beginnings_change_nothing(store: TokenStore, layout: str) -> None:
    """Pairs of 6 and 51 answer tokens weigh alike: a sum over pairs, no mean of means."""
    references, model = _references(store), _model(dtype=torch.float64)
    savings: tuple[int | None, ...] = (1, 16, None)
    if layout == "padded":
        use_attention(model.network, model.own_attention)
        model.layout, savings = "padded", (None,)
    whole = _own(model, pair_feed(store, references, micro_batch=8, smallest_saving=None))
    for size in (1, 2, 3):
        for saving in savings:
            feed = pair_feed(store, references, micro_batch=size, smallest_saving=saving)
            loss, gradient = _own(model, feed)
            assert loss == pytest.approx(whole[0], abs=1e-6)
            bound = 1e-10 if saving is None else 1e-6  # shared spans weigh in fp32
            assert (gradient - whole[1]).norm() / whole[1].norm() < bound


def test_prompt_and_common_beginning_are_computed_once(store: TokenStore) -> None:
    feed = pair_feed(store, _references(store), micro_batch=1)
    for row in (0, 4):
        batch, (chosen, rejected) = feed.batch_of([row]), store.rows_of(row)
        shared = sum(SHAPES[row][:2])
        assert len(batch.ids) == len(chosen.ids) + len(rejected.ids) - shared
        assert batch.num_targets == chosen.is_trained.sum() + rejected.is_trained.sum()


def test_an_adapter_learns_a_textbooks_gradient(store: TokenStore) -> None:
    references = _references(store)
    gradients = []
    for is_ours in (True, False):
        model = _model()
        torch.manual_seed(0)
        model.network = add_adapter(model.inner, LoraRecipe(), dropout=0.0)
        for index, (name, one) in enumerate(model.network.named_parameters()):
            if "lora_B" in name:
                torch.manual_seed(index)
                torch.nn.init.normal_(one, std=0.1)
        if is_ours:
            gradients.append(_own(model, pair_feed(store, references))[1])
            continue
        use_attention(model.inner, model.own_attention)
        losses = textbook_losses(model.network, store, references, beta=0.1)
        torch.stack(losses).mean().backward()
        gradients.append(_gradient(model.network))
    assert (gradients[0] - gradients[1]).norm() / gradients[1].norm() < 1e-4


def test_validation_tells_loss_accuracy_and_margin_per_pair(store: TokenStore) -> None:
    references, model = _references(store), _model(dtype=torch.float64)
    losses = textbook_losses(tiny_network("llama").double(), store, references, beta=0.3)
    losses = [loss.detach() for loss in losses]
    margins = [-float(torch.log(torch.expm1(loss))) for loss in losses]
    for size in (1, 8):
        found = validate(
            model, pair_feed(store, references, beta=0.3, micro_batch=size), precision="fp32"
        )
        assert found.loss == pytest.approx(float(torch.stack(losses).mean()), abs=1e-8)
        assert found.margin == pytest.approx(np.mean(margins), abs=1e-6)
        assert found.accuracy == pytest.approx(100 * np.mean([one > 0 for one in margins]))


def test_an_untrained_model_has_the_loss_of_a_coin(store: TokenStore) -> None:
    model = _model(dtype=torch.float64)
    references = textbook_references(tiny_network("llama").double(), store)
    assert _own(model, pair_feed(store, references))[0] == pytest.approx(np.log(2), abs=1e-6)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda one: f"{one['beta']}-{one['size']}")
def test_trls_own_losses_are_met(store: TokenStore, case: dict[str, Any]) -> None:
    """What DPOTrainer of TRL 1.16 gave; `python bench/dpo.py --golden` asks it again."""
    model, references = _model(), _references(store)
    size, feed = case["size"], pair_feed(store, references, beta=case["beta"])
    for place, expected in enumerate(case["losses"]):
        rows = list(range(len(store)))[place * size : (place + 1) * size]
        loss = batch_loss(model, feed.batch_of(rows), num_targets=len(rows), precision="fp32")
        assert float(loss.detach()) == pytest.approx(expected, abs=1e-5)
    _, gradient = _own(model, replace(feed, micro_batch=size))
    assert float(gradient.norm()) == pytest.approx(case["grad_norm"], rel=1e-4)


def test_log_probabilities_of_the_textbook_count_the_answer_alone(store: TokenStore) -> None:
    """The comparison itself: a prompt token more would change it."""
    row, network = store.rows_of(0)[0], tiny_network("llama").double()
    whole = type(row)(ids=row.ids, is_trained=np.ones(len(row.ids), dtype=np.bool_))
    assert textbook_log_probability(network, row) > textbook_log_probability(network, whole)
