"""What a forward pass keeps -> how many examples fit at once."""

import weakref
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.rig import make_plan
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.tokens.collate import collate
from tunesmith.tokens.encode import EncodedExample
from tunesmith.training.plan import TrainingPlan
from tunesmith.training.resources import memory_budget
from tunesmith.training.resources.memory_budget import (
    kept_bytes,
    largest_micro_batch,
    usable_memory,
)
from tunesmith.training.resources.out_of_memory import OutOfMemory, use_activation_checkpointing

CPU = torch.device("cpu")


@pytest.fixture
def plan(tmp_path: Path) -> TrainingPlan:
    return make_plan(tmp_path, TrainingRecipe())


def learning(plan: TrainingPlan) -> int:
    return sum(p.nbytes for p in plan.optimizer.parameters)


def chosen(plan: TrainingPlan, *, free: float, examples_per_step: int) -> int:
    return largest_micro_batch(
        plan.model,
        plan.feed,
        learning=learning(plan),
        precision="fp32",
        free=int(free),
        examples_per_step=examples_per_step,
    )


def kept(plan: TrainingPlan, rows: list[int]) -> int:
    batch = collate([plan.feed.store[row] for row in rows])
    return kept_bytes(plan.model, batch, precision="fp32")


def test_what_is_kept_grows_by_the_same_for_each_example(plan: TrainingPlan) -> None:
    one, two, three = (kept(plan, [6] * count) for count in (1, 2, 3))
    assert two - one == pytest.approx(three - two, rel=0.01)
    assert one > 61 * 32 * 2 * 4  # at least the states of two layers


def test_weights_are_not_counted_and_recomputed_layers_keep_less(plan: TrainingPlan) -> None:
    before = kept(plan, [6])
    use_activation_checkpointing(plan.model)
    plan.model.network.train()
    assert kept(plan, [6]) < before / 2


@pytest.mark.parametrize("size", [1, 2, 8])
def test_the_micro_batch_is_the_largest_power_of_two_that_fits(
    plan: TrainingPlan, size: int
) -> None:
    row = int(plan.feed.store.lengths.argmax())
    states = 3 * learning(plan)
    needed = states + 1.6 * kept(plan, [row] * size)

    assert chosen(plan, free=needed * 1.01, examples_per_step=64) == size
    assert chosen(plan, free=needed * 0.99, examples_per_step=64) == max(1, size // 2)


def test_no_more_than_a_step_holds_fits(plan: TrainingPlan) -> None:
    assert chosen(plan, free=2**40, examples_per_step=12) == 12


@pytest.mark.parametrize(("room", "lengths"), [(3.0, [16]), (1.01, [16, 32]), (0.5, [16, 32, 61])])
def test_whole_examples_are_tried_only_where_their_ends_leave_doubt(
    plan: TrainingPlan, monkeypatch: pytest.MonkeyPatch, room: float, lengths: list[int]
) -> None:
    states = 3 * learning(plan)
    at_most = 16 * 8 * (measured(plan, 2) - measured(plan, 1))
    tried: list[int] = []
    real = memory_budget.kept_bytes

    def note(model, batch, **options):
        tried.append(len(batch.ids))
        return real(model, batch, **options)

    monkeypatch.setattr(memory_budget, "kept_bytes", note)
    size = chosen(plan, free=states + 1.6 * room * at_most, examples_per_step=8)
    assert (size, tried) == (8, lengths)


def measured(plan: TrainingPlan, count: int) -> int:
    """What the ends of the longest example keep, so many times."""
    end = memory_budget._end_of(plan.feed.store[6], 4)
    return kept_bytes(plan.model, collate([end] * count), precision="fp32")


def test_an_end_keeps_no_less_a_token_than_the_whole(plan: TrainingPlan) -> None:
    whole = kept(plan, [6, 6]) - kept(plan, [6])
    end = measured(plan, 2) - measured(plan, 1)
    assert whole / 61 <= end / 16
    assert whole < 16 * end


def test_an_end_has_a_target_however_short_the_example_is() -> None:
    example = EncodedExample(ids=np.array([1, 2, 3], np.int32), is_trained=np.ones(3, dtype=bool))
    assert memory_budget._end_of(example, 4).ids.tolist() == [2, 3]


def test_where_not_even_the_measurement_fits_one_example_is_tried(
    plan: TrainingPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> int:
        raise OutOfMemory

    monkeypatch.setattr(memory_budget, "kept_bytes", full)
    assert chosen(plan, free=2**40, examples_per_step=8) == 1


def test_a_budget_counts_what_the_process_holds_already() -> None:
    more, less = usable_memory(CPU, "40 GiB"), usable_memory(CPU, "39 GiB")
    assert more - less == pytest.approx(2**30, rel=0.05)
    assert more < 40 * 2**30
    assert usable_memory(CPU, "1 MB") == 0
    assert usable_memory(CPU, "auto") > 0


def test_measuring_leaves_nothing_in_memory(plan: TrainingPlan) -> None:
    states: list[weakref.ref[torch.Tensor]] = []

    def note(_module: object, _args: object, output: object) -> None:
        if isinstance(output, torch.Tensor):
            states.append(weakref.ref(output.untyped_storage()))  # type: ignore[arg-type]

    hooks = [module.register_forward_hook(note) for module in plan.model.network.modules()]
    kept(plan, [6])
    for hook in hooks:
        hook.remove()
    assert len(states) > 10
    assert not any(state() is not None for state in states)
