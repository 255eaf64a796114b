"""Trials begin at the same weights, in the same order of rows, and are measured by the same."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.rig import Log, make_plan
from tunesmith.errors import StoppedError
from tunesmith.recipe.lora_recipe import LoraMethod, LoraRecipe
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.training.optimizer import trainable
from tunesmith.training.plan import TrainingState
from tunesmith.training.search.budget import RANGE_STEPS, SearchRows, search_rows
from tunesmith.training.search.trials import TrialRoom
from tunesmith.training.signals import StopRequest

RECIPE = TrainingRecipe(epochs=4.0, examples_per_step=2, learning_rate=1e-2, dropout=0.1)
KINDS: dict[str, dict[str, Any]] = {
    "full": {},
    "muon": {"optimizer": "muon"},
    "lora": {"method": LoraMethod(lora=LoraRecipe(rank=2))},
    "steps": {"steps": 9},
}


def _room(folder: Path, recipe: TrainingRecipe = RECIPE) -> TrialRoom:
    plan = make_plan(folder, recipe)
    assert plan.validation is not None
    return TrialRoom(
        plan=plan,
        held_out=plan.validation.store,
        rows=SearchRows(train=list(range(11)), held_aside=[11, 12], validation=[0, 2, 3]),
        state=TrainingState(micro_batch=2),
        note=Log().notes.append,
        stop=StopRequest(),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_trial_is_the_same_whatever_was_tried_before_it(tmp_path: Path, kind: str) -> None:
    room = _room(tmp_path, RECIPE.model_copy(update=KINDS[kind]))
    first = room.attempt(1e-2, 3)
    other = room.attempt(3e-2, 3)
    room.range_test(1e-3)
    assert room.attempt(1e-2, 3) == first != other


def test_a_trial_is_a_training_of_so_many_steps(tmp_path: Path) -> None:
    """With the schedule of such a short one, to its end; here no rows are held aside."""
    from tests.training.rig import train

    room = _room(tmp_path / "trials")
    room.rows = SearchRows(train=list(range(13)), held_aside=[], validation=[0, 1, 2, 3, 4])
    plan = make_plan(tmp_path / "whole", RECIPE.model_copy(update={"steps": 3}))
    losses = train(plan).losses("validation")
    assert room.attempt(1e-2, 3) == pytest.approx(losses[3], rel=1e-6)


def test_a_trial_that_diverges_has_no_loss_and_harms_no_other(tmp_path: Path) -> None:
    room = _room(tmp_path)
    before = room.attempt(1e-2, 2)
    assert room.attempt(1e30, 3) is None
    assert room.attempt(1e-2, 2) == before


def test_rows_held_aside_are_never_trained_on(tmp_path: Path) -> None:
    room = _room(tmp_path)
    read = {row for step in range(20) for row in room._rows_of_step(step)}
    assert read == set(range(11))


def test_the_range_test_ends_where_the_loss_rises(tmp_path: Path) -> None:
    tested = _room(tmp_path).range_test(1.0)
    assert len(tested) < RANGE_STEPS
    rates = [rate for rate, _ in tested]
    assert rates == sorted(rates)
    last = tested[-1][1]
    assert last is None or last > min(loss for _, loss in tested[:-1] if loss is not None)


def test_a_signal_ends_a_trial_after_its_step(tmp_path: Path) -> None:
    room = _room(tmp_path)
    room.stop.number = 15
    with pytest.raises(StoppedError, match="stopped by SIGTERM"):
        room.attempt(1e-2, 3)


def test_the_weights_are_kept_beside_the_model(tmp_path: Path) -> None:
    room = _room(tmp_path)
    room.attempt(1e-2, 2)
    named = trainable(room.plan.model.network)
    assert any(not torch.equal(named[name], room.start[name]) for name in named)


def test_rows_are_chosen_by_the_seed_and_aside_only_where_validation_is_short(
    tmp_path: Path,
) -> None:
    plan = make_plan(tmp_path, RECIPE)
    assert plan.validation is not None
    store, held_out = plan.feed.store, plan.validation.store
    rows = search_rows(store, held_out, RECIPE)
    assert rows == search_rows(store, held_out, RECIPE)
    assert sorted(rows.train + rows.held_aside) == list(range(13))
    assert len(rows.held_aside) <= 13 // 5
    alone = search_rows(store, store, RECIPE)
    assert len(alone.validation) >= 6
