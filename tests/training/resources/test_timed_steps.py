"""Real steps -> what all of them will take."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from tests.training.rig import make_plan, weights
from tunesmith.recipe.lora_recipe import LoraMethod, LoraRecipe
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.training.plan import TrainingState
from tunesmith.training.resources.out_of_memory import OutOfMemory
from tunesmith.training.resources.timed_steps import (
    Arithmetic,
    fit_line,
    measure_steps,
    spread_out,
    step_costs,
    validation_seconds,
)


@pytest.fixture(autouse=True)
def _little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunesmith.training.resources.timed_steps._MOST_SECONDS", 2.0)
    monkeypatch.setattr("tunesmith.training.resources.timed_steps._FEWEST_SECONDS", 0.2)


def test_the_dearest_step_comes_first_and_then_all_parts_of_the_distribution() -> None:
    costs = {step: float(step * 7 % 100) for step in range(100)}
    drawn = [costs[step] for step in islice(spread_out(costs), 9)]
    assert drawn[0] == 99
    assert {int((cost + 0.5) // 12.5) for cost in drawn[1:]} == set(range(8))


def test_a_single_step_is_drawn_again_and_again() -> None:
    assert list(islice(spread_out({0: 1.0}), 3)) == [0, 0, 0]


def test_time_is_a_fixed_part_and_one_in_proportion() -> None:
    costs = np.array([1.0, 2.0, 5.0])
    assert fit_line(costs, 3 + 2 * costs) == pytest.approx((3.0, 2.0))


@pytest.mark.parametrize("seconds", [[3.0, 2.0, 1.0], [0.0, 2.0, 8.0]])
def test_no_part_of_time_is_negative(seconds: list[float]) -> None:
    costs = np.array([1.0, 2.0, 5.0])
    assert fit_line(costs, np.array(seconds)) == pytest.approx((0.0, sum(seconds) / 8))


def test_steps_of_one_cost_need_no_line() -> None:
    assert fit_line(np.full(3, 2.0), np.array([1.0, 2.0, 3.0])) == (0.0, 1.0)


def test_an_adapter_needs_less_arithmetic_than_all_weights(tmp_path: Path) -> None:
    full = make_plan(tmp_path / "full", TrainingRecipe())
    lora = make_plan(tmp_path / "lora", TrainingRecipe(method=LoraMethod(lora=LoraRecipe(rank=1))))
    cost, less = (Arithmetic(plan).of_rows(plan.feed, [0, 6]) for plan in (full, lora))
    inner = full.model.inner
    body = sum(p.numel() for p in inner.model.layers.parameters() if p.ndim == 2)
    targets = int(full.feed.store.num_targets[[0, 6]].sum())
    assert cost == 6.0 * (body * 101 + inner.lm_head.weight.numel() * targets)
    assert less < cost


def test_every_step_is_looked_at_once_where_there_are_few(tmp_path: Path) -> None:
    plan = make_plan(tmp_path, TrainingRecipe(epochs=3.0, examples_per_step=4))
    assert list(step_costs(plan)) == list(range(10))


def test_some_steps_tell_what_all_will_take(tmp_path: Path) -> None:
    plan = make_plan(tmp_path, TrainingRecipe(steps=10_000, examples_per_step=4))
    before = weights(plan)
    times = measure_steps(plan, TrainingState(micro_batch=4))
    assert times.num_trials >= 8
    assert times.num_trials < 10_000
    assert 0 < times.update_seconds < times.seconds / 10_000
    assert times.seconds > 10_000 * times.update_seconds
    assert any((weights(plan)[name] != kept).any() for name, kept in before.items())
    assert validation_seconds(plan, TrainingState(micro_batch=2)) > 0


def test_where_memory_runs_out_the_forecast_takes_the_smaller_micro_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tunesmith.training.resources import timed_steps

    plan = make_plan(tmp_path, TrainingRecipe(steps=50, examples_per_step=8))
    real = timed_steps.train_step

    def small_only(model, batches, **options):
        if max(len(batch.spans) for batch in batches) > 2:
            raise OutOfMemory
        return real(model, batches, **options)

    monkeypatch.setattr(timed_steps, "train_step", small_only)
    state = TrainingState(micro_batch=8)
    measure_steps(plan, state)
    assert state.micro_batch == 2
    assert not state.is_checkpointing
