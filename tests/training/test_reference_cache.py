"""What the untuned model thinks of answers: once, kept by key, and the same after a resume."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from tests.tiny import tiny_network
from tests.training.pairs import SHAPES, pair_store, textbook_references
from tests.training.rig import Log, make_plan, train, weights
from tunesmith.errors import DivergedError, RefusedError
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.training import reference_cache
from tunesmith.training.plan import TrainingPlan
from tunesmith.training.reference_cache import ReferenceCache, with_references
from tunesmith.training.schedule import count_steps, rows_of_step

RECIPE = TrainingRecipe(
    objective="dpo", epochs=2.0, examples_per_step=2, micro_batch=1, learning_rate=1e-3,
    checkpoint_every=1, validate_every=3,
)  # fmt: skip
LORA = RECIPE.model_copy(update={"method": "lora", "learning_rate": 1e-2})


def pair_plan(folder: Path, recipe: TrainingRecipe = RECIPE, **depends: Any) -> TrainingPlan:
    """A plan over five preferences, validated on three, with references."""
    plan = make_plan(folder, recipe)
    store = pair_store(folder / "pairs.arrow", seed=depends.get("seed", 0))
    held_out = pair_store(folder / "held_out.arrow", SHAPES[:3], seed=50)
    num_steps = count_steps(len(store), recipe)
    feed = replace(
        plan.feed,
        store=store,
        smallest_saving=plan.model.smallest_saving,
        rows_of_step=lambda step: rows_of_step(
            step, num_rows=len(store), num_steps=num_steps, recipe=recipe
        ),
    )
    plan = replace(plan, feed=feed, validation=replace(feed, store=held_out), num_steps=num_steps)
    return with_references(plan, ReferenceCache(folder=folder, depends_on=[depends]))


def of_train(plan: TrainingPlan) -> np.ndarray:
    assert plan.feed.pairs is not None
    return plan.feed.pairs.log_probabilities


@pytest.mark.parametrize("recipe", [RECIPE, LORA], ids=["full", "lora"])
def test_references_are_the_untuned_models_and_stay_so(
    tmp_path: Path, recipe: TrainingRecipe
) -> None:
    plan = pair_plan(tmp_path, recipe)
    expected = textbook_references(tiny_network("llama"), plan.feed.store)
    assert np.allclose(of_train(plan), expected, atol=1e-4)
    log = train(plan)
    assert np.allclose(of_train(plan), expected, atol=1e-4)
    held_out = [line for line in log.lines if line["split"] == "validation"]
    assert held_out[0]["loss"] == pytest.approx(np.log(2), abs=1e-4)
    assert [line["loss"] for line in log.lines if line["split"] == "train"][-1] < 0.67
    assert {"loss", "accuracy", "margin", "num_targets"} <= held_out[-1].keys()


@pytest.mark.parametrize("recipe", [RECIPE, LORA], ids=["full", "lora"])
def test_resumed_preferences_equal_never_stopped(tmp_path: Path, recipe: TrainingRecipe) -> None:
    whole = pair_plan(tmp_path / "whole", recipe)
    expected = train(whole)
    log = Log()
    log.at_step[2] = _kill
    with pytest.raises(KeyboardInterrupt):
        train(pair_plan(tmp_path / "killed", recipe), log)
    resumed = pair_plan(tmp_path / "killed", recipe)
    after = train(resumed)
    assert {**log.losses(), **after.losses()} == expected.losses()
    assert all(torch.equal(t, weights(resumed)[n]) for n, t in weights(whole).items())


def _kill() -> None:
    raise KeyboardInterrupt


def test_references_are_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = of_train(pair_plan(tmp_path))
    monkeypatch.setattr(reference_cache, "row_losses", None)
    assert np.array_equal(of_train(pair_plan(tmp_path)), first)


@pytest.mark.parametrize("change", ["model", "rows", "damage", "values", "missing"])
def test_a_stale_or_damaged_file_is_made_anew(tmp_path: Path, change: str) -> None:
    path = tmp_path / "reference-train.safetensors"
    first = of_train(pair_plan(tmp_path, model="a"))
    if change == "damage":
        path.write_bytes(path.read_bytes()[:-5])
    elif change == "values":  # whatever else wrote them
        save_file({"log_probabilities": load_file(path)["log_probabilities"] + 1}, path)
    elif change == "missing":
        path.unlink()
    before = path.read_bytes() if path.exists() else b""
    changed = {"model": {"model": "b"}, "rows": {"model": "a", "rows": 1}}
    again = of_train(pair_plan(tmp_path, **changed.get(change, {"model": "a"})))
    assert np.array_equal(again, first)
    assert path.read_bytes() != before


def test_a_checkpoint_of_other_references_is_not_resumed(tmp_path: Path) -> None:
    log = Log()
    log.at_step[2] = _kill
    with pytest.raises(KeyboardInterrupt):
        train(pair_plan(tmp_path), log)
    plan = pair_plan(tmp_path)
    with pytest.raises(RefusedError, match="reference was"):
        train(replace(plan, identity={**plan.identity, "reference": "other"}))


def test_memory_and_micro_batch_do_not_change_references(tmp_path: Path) -> None:
    small = pair_plan(tmp_path / "a")
    large = pair_plan(tmp_path / "b", RECIPE.model_copy(update={"micro_batch": 8}))
    assert np.array_equal(of_train(small), of_train(large))


def test_an_answer_without_a_finite_probability_is_named(tmp_path: Path) -> None:
    plan = pair_plan(tmp_path)
    with torch.no_grad():
        next(plan.model.network.parameters()).fill_(float("nan"))
    with pytest.raises(DivergedError, match=r"5 preferences no finite probability \(p0, p1, p2\)"):
        with_references(plan, ReferenceCache(folder=tmp_path, depends_on=["new"]))


def test_answers_too_long_to_share_a_row_are_refused(tmp_path: Path) -> None:
    plan = pair_plan(tmp_path)
    short = replace(plan, feed=replace(plan.feed, shared_row_limit=50))
    with pytest.raises(RefusedError, match=r"110 tokens is longer than the 50 .*max_tokens: 50"):
        with_references(short, ReferenceCache(folder=tmp_path, depends_on=[]))
