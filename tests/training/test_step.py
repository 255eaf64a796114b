"""One update: its loss, its gradient's norm, clipping, mixed precision, broken numbers."""

import math

import pytest
import torch

from tests.tiny import random_example, tiny_network
from tunesmith.models.forward import LanguageModel, choose_layout
from tunesmith.models.rows.attention import register
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.tokens.collate import Batch, collate
from tunesmith.tokens.encode import EncodedExample
from tunesmith.training.distributed import Ranks
from tunesmith.training.engine import choose_engine
from tunesmith.training.loss import target_predictions
from tunesmith.training.optimizer import Optimizer, make_optimizer, trainable
from tunesmith.training.step import StepResult, StepRules, train_step

RECIPE = TrainingRecipe(learning_rate=1e-2)
EXAMPLES = [random_example(length, seed=length) for length in (12, 5, 31, 8)]


@pytest.fixture
def model() -> LanguageModel:
    register()
    return choose_layout(tiny_network("llama"))


@pytest.fixture
def optimizer(model: LanguageModel) -> Optimizer:
    return make_optimizer(model.network, RECIPE)


def _first_moments(model: LanguageModel, optimizer: Optimizer) -> list[torch.Tensor]:
    weights = trainable(model.network).values()
    return [optimizer.moments(weight)["exp_avg"].clone() for weight in weights]


def _batches() -> list[Batch]:
    return [collate(EXAMPLES[:3]), collate(EXAMPLES[3:])]


def _step(
    model: LanguageModel,
    optimizer: Optimizer,
    *,
    max_grad_norm: float | None = None,
    precision: str = "fp32",
) -> StepResult:
    batches = _batches()
    rules = StepRules(precision=precision, max_grad_norm=max_grad_norm, ranks=Ranks())
    num_targets = sum(batch.num_targets for batch in batches)
    return train_step(model, batches, optimizer=optimizer, num_targets=num_targets, rules=rules)


def _nats(network: torch.nn.Module, example: EncodedExample) -> list[float]:
    """The surprise of each trained token, one example at a time, in fp64."""
    ids = torch.from_numpy(example.ids).long()
    with torch.no_grad():
        shares = network(input_ids=ids[None]).logits[0].double().softmax(dim=-1)
    places = [place for place in range(1, len(ids)) if example.is_trained[place]]
    return [-math.log(shares[place - 1, ids[place]]) for place in places]


def _gradient(model: LanguageModel) -> torch.Tensor:
    return torch.cat([p.grad.reshape(-1) for p in model.network.parameters()])


def _weights(model: LanguageModel) -> list[torch.Tensor]:
    return [p.detach().clone() for p in model.network.parameters()]


def test_the_loss_is_the_nats_of_all_trained_tokens_over_their_number(
    model: LanguageModel, optimizer: Optimizer
) -> None:
    nats = [nat for example in EXAMPLES for nat in _nats(tiny_network("llama"), example)]
    result = _step(model, optimizer)
    assert result.num_targets == len(nats)
    assert result.loss == pytest.approx(sum(nats) / len(nats), rel=1e-5)
    means = [sum(each) / len(each) for each in (_nats(tiny_network("llama"), e) for e in EXAMPLES)]
    assert result.loss != pytest.approx(sum(means) / len(means), rel=1e-5)


def test_a_gradient_is_clipped_to_the_norm_and_reported_as_it_was(
    model: LanguageModel, optimizer: Optimizer
) -> None:
    free = choose_layout(tiny_network("llama"))
    before = _step(free, make_optimizer(free.network, RECIPE))
    unclipped = _gradient(free)
    assert before.grad_norm == pytest.approx(float(unclipped.norm()), rel=1e-5)
    result = _step(model, optimizer, max_grad_norm=0.01)
    assert result.grad_norm == pytest.approx(before.grad_norm, rel=1e-5)
    clipped = _gradient(model)
    assert float(clipped.norm()) == pytest.approx(0.01, rel=1e-3)
    assert torch.allclose(clipped / clipped.norm(), unclipped / unclipped.norm(), atol=1e-6)


def test_a_gradient_shorter_than_the_norm_is_left_alone(
    model: LanguageModel, optimizer: Optimizer
) -> None:
    free = choose_layout(tiny_network("llama"))
    _step(free, make_optimizer(free.network, RECIPE))
    _step(model, optimizer, max_grad_norm=1e6)
    assert torch.equal(_gradient(model), _gradient(free))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_gradient_that_is_not_finite_leaves_weights_and_moments(
    model: LanguageModel, optimizer: Optimizer, value: float
) -> None:
    _step(model, optimizer)
    weights = _weights(model)
    moments = _first_moments(model, optimizer)
    first = next(model.network.parameters())
    first.register_hook(lambda gradient: torch.full_like(gradient, value))
    result = _step(model, optimizer, max_grad_norm=1.0)
    assert math.isfinite(result.loss)
    assert not math.isfinite(result.grad_norm)
    assert all(map(torch.equal, weights, _weights(model)))
    assert all(map(torch.equal, moments, _first_moments(model, optimizer)))


def test_a_loss_that_is_not_finite_leaves_the_weights(
    model: LanguageModel, optimizer: Optimizer
) -> None:
    with torch.no_grad():
        model.inner.model.norm.weight[0] = math.inf
    weights = _weights(model)
    result = _step(model, optimizer)
    assert not math.isfinite(result.loss)
    assert all(map(torch.equal, weights, _weights(model)))


@pytest.fixture
def bf16() -> str:
    if choose_engine(TrainingRecipe(device="cpu")).precision != "bf16":
        pytest.skip("this CPU has no bf16 arithmetic")
    return "bf16"


def test_bf16_gives_the_loss_of_fp32_within_one_percent(model: LanguageModel, bf16: str) -> None:
    batch = collate(EXAMPLES)
    with torch.no_grad():
        exact = target_predictions(model, batch, precision="fp32").nats
        rounded = target_predictions(model, batch, precision=bf16).nats
    assert rounded.dtype == torch.float32
    assert not torch.equal(exact, rounded), "it was computed in bf16"
    assert float(rounded.mean()) == pytest.approx(float(exact.mean()), rel=0.01)


def test_bf16_keeps_weights_gradients_and_moments_in_fp32(
    model: LanguageModel, optimizer: Optimizer, bf16: str
) -> None:
    before = _weights(model)
    _step(model, optimizer, precision=bf16)
    for parameter in model.network.parameters():
        state = optimizer.moments(parameter)
        kinds = {t.dtype for t in (parameter, parameter.grad, *state.values())}
        assert kinds == {torch.float32}
    changes = [(a - b).abs().max() for a, b in zip(before, _weights(model), strict=True)]
    assert min(changes) > 0
