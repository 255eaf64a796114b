"""What the loop does besides stepping: memory, divergence, validation, the best weights."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.training.rig import Log, make_plan, train, weights
from tunesmith.errors import DivergedError, TunesmithError
from tunesmith.models.heads.predictions import Predictions
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.training import loop as loop_module
from tunesmith.training import step as step_module
from tunesmith.training import validate as validate_module
from tunesmith.training.checkpoint import find_newest, load_checkpoint
from tunesmith.training.plan import BEST, TrainingState
from tunesmith.training.resources.out_of_memory import use_activation_checkpointing
from tunesmith.training.resume import load_best
from tunesmith.training.validate import validate

RECIPE = TrainingRecipe(epochs=3.0, examples_per_step=4, micro_batch=4, learning_rate=1e-2)


def _break_large_batches(monkeypatch: pytest.MonkeyPatch, most: int, error: Exception) -> None:
    real = step_module.batch_loss

    def limited(model: object, batch: object, **rules: object) -> torch.Tensor:
        if len(batch.spans) > most:
            raise error
        return real(model, batch, **rules)

    monkeypatch.setattr(step_module, "batch_loss", limited)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 9 bytes"),
    ],
)
def test_the_micro_batch_is_halved_with_a_message_when_memory_runs_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    expected = train(make_plan(tmp_path / "a", RECIPE.model_copy(update={"micro_batch": 1})))
    _break_large_batches(monkeypatch, 1, error)
    log = train(make_plan(tmp_path / "b", RECIPE))
    assert [note.split(": ")[1].split(";")[0] for note in log.notes] == [
        "micro-batch 4 -> 2",
        "micro-batch 2 -> 1",
    ]
    assert log.losses() == expected.losses(), "smaller, the result is what it always would be"


def test_memory_that_runs_out_while_validating_loses_no_validation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = train(make_plan(tmp_path / "a", RECIPE))
    real = validate_module.target_predictions

    def limited(model: object, batch: object, **rules: object) -> Predictions:
        if len(batch.spans) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(model, batch, **rules)

    monkeypatch.setattr(validate_module, "target_predictions", limited)
    log = train(make_plan(tmp_path / "b", RECIPE))
    found, wanted = log.losses("validation"), expected.losses("validation")
    assert found.keys() == wanted.keys()
    assert all(math.isclose(found[step], wanted[step], rel_tol=1e-6) for step in wanted)


def test_a_validation_that_is_not_finite_is_never_the_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = loop_module.validate, []

    def first_is_nan(*arguments: object, **named: object) -> object:
        result = real(*arguments, **named)
        calls.append(result)
        return replace(result, loss=float("nan")) if len(calls) == 2 else result

    monkeypatch.setattr(loop_module, "validate", first_is_nan)
    plan = make_plan(tmp_path / "a", RECIPE)
    log = train(plan)
    newest, _ = find_newest(plan.folder)
    best = load_checkpoint(newest).state["progress"]["best_step"]
    finite = {s: x for s, x in log.losses("validation").items() if s and math.isfinite(x)}
    assert best == min(finite, key=finite.get)


def test_when_one_example_does_not_fit_activations_are_recomputed_then_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _break_large_batches(monkeypatch, 0, torch.OutOfMemoryError("CUDA out of memory"))
    log = Log()
    with pytest.raises(TunesmithError, match=r"one example alone .*max_tokens"):
        train(make_plan(tmp_path / "a", RECIPE), log)
    assert "recomputed instead of kept" in log.notes[-1]


def test_an_error_that_is_not_about_memory_is_not_swallowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _break_large_batches(monkeypatch, 1, RuntimeError("shapes do not match"))
    with pytest.raises(RuntimeError, match="shapes"):
        train(make_plan(tmp_path / "a", RECIPE))


@pytest.mark.parametrize("method", ["full", "lora"])
def test_recomputing_activations_changes_no_loss(tmp_path: Path, method: str) -> None:
    recipe = RECIPE.model_copy(update={"method": method, "dropout": 0.1})
    expected = train(make_plan(tmp_path / "a", recipe)).losses()
    plan = make_plan(tmp_path / "b", recipe)
    use_activation_checkpointing(plan.model)
    calls = _count_layer_calls(plan)
    losses = train(plan).losses()
    assert losses.keys() == expected.keys()
    for step, loss in losses.items():
        assert math.isclose(loss, expected[step], rel_tol=1e-6)
    assert calls[0] == 2 * plan.num_steps, "each layer runs a second time in the backward pass"


def _count_layer_calls(plan: object) -> list[int]:
    calls = [0]
    first = plan.model.inner.model.layers[0].mlp

    def count(*_: object) -> None:
        if first.training:
            calls[0] += 1

    first.register_forward_pre_hook(count)
    return calls


def test_a_loss_that_is_not_finite_stops_and_names_the_rows(tmp_path: Path) -> None:
    plan = replace(make_plan(tmp_path / "a", RECIPE), validation=None)
    before = weights(plan)
    rows, store = plan.feed.rows_of_step(0), plan.feed.store
    token = next(t for t in range(256) if sum(t in store[row].ids[:-1] for row in rows) == 1)
    poisoned = next(row for row in rows if token in store[row].ids[:-1])
    with torch.no_grad():
        plan.model.inner.get_input_embeddings().weight[token] = float("nan")
    with pytest.raises(DivergedError) as caught:
        train(plan)
    assert caught.value.where == "step 1"
    assert caught.value.message.endswith(f"in the examples e{poisoned}")
    after = weights(plan)
    changed = [name for name, tensor in before.items() if not torch.equal(tensor, after[name])]
    assert changed == ["model.embed_tokens.weight"], "no update was made on a broken gradient"


def test_training_stops_early_and_keeps_the_best_weights(tmp_path: Path) -> None:
    recipe = RECIPE.model_copy(
        update={"epochs": 30.0, "validate_every": 2, "early_stopping": 2, "learning_rate": 3e-2}
    )
    plan = make_plan(tmp_path / "a", recipe)
    log = train(plan)
    validations = log.losses("validation")
    last = max(validations)
    best = min((step for step in validations if step), key=validations.get)
    assert last < plan.num_steps
    assert last - best == 2 * recipe.validate_every
    assert f"stopped early after step {last}" in log.notes[-1]
    state = TrainingState(step=last, best_loss=validations[best], best_step=best)
    load_best(plan, state, listener=log.listener)
    assert f"kept the weights after step {best}" in log.notes[-1]
    again = validate(plan.model, plan.validation, precision="fp32")
    assert math.isclose(again.loss, validations[best], rel_tol=1e-6)
    assert (plan.folder / BEST / "manifest.json").is_file()


def test_only_two_checkpoints_are_kept(tmp_path: Path) -> None:
    plan = make_plan(tmp_path / "a", RECIPE.model_copy(update={"checkpoint_every": 1}))
    train(plan)
    names = sorted(path.name for path in plan.folder.iterdir() if path.name != BEST)
    assert names == ["step-000009", "step-000010"]
    newest, skipped = find_newest(plan.folder)
    assert newest is not None
    assert newest.name == "step-000010"
    assert skipped == []


def test_every_step_and_validation_is_logged_with_tokens_and_epochs(tmp_path: Path) -> None:
    plan = make_plan(tmp_path / "a", RECIPE)
    log = train(plan)
    steps = [line for line in log.lines if line["split"] == "train"]
    assert [line["step"] for line in steps] == list(range(1, 11))
    assert steps[-1]["tokens_seen"] == 3 * int(plan.feed.store.lengths.sum())
    assert sum(line["num_targets"] for line in steps) == 3 * int(plan.feed.store.num_targets.sum())
    assert steps[0]["learning_rate"] == pytest.approx(1e-2)
    checks = [line for line in log.lines if line["split"] == "validation"]
    assert checks[0]["step"] == 0
    assert checks[-1]["step"] == 10
    assert all(0 <= line["accuracy"] <= 100 for line in checks)


def test_damaged_best_weights_are_named_and_the_last_are_kept(tmp_path: Path) -> None:
    plan = make_plan(tmp_path / "a", RECIPE.model_copy(update={"learning_rate": 3e-2}))
    log = train(plan)
    before = weights(plan)
    (plan.folder / BEST).mkdir(exist_ok=True)
    (plan.folder / BEST / "manifest.json").write_text("{}")
    state = TrainingState(step=10, best_loss=1.0, best_step=3)
    load_best(plan, state, listener=log.listener)
    assert "the best weights cannot be used (manifest.json is damaged)" in log.notes[-1]
    assert state.best_step is None
    assert all(torch.equal(tensor, weights(plan)[name]) for name, tensor in before.items())


def test_the_last_step_ends_on_the_epoch_it_was_asked_for(tmp_path: Path) -> None:
    log = train(make_plan(tmp_path / "a", RECIPE))
    assert log.lines[-1]["epoch"] == 3.0
