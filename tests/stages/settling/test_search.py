"""What `auto` comes to: from training and validation rows alone, once, and the same again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.stages.rig import Talk, colour_rows, opened, run_folder, write_rows
from tunesmith.errors import StoppedError
from tunesmith.files import read_json
from tunesmith.recipe.load_recipe import load_recipe, recipe_from_mapping
from tunesmith.recipe.recipe import Recipe
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.settling import search as searching
from tunesmith.stages.train import train
from tunesmith.training.search.rules_of_thumb import usual_rate
from tunesmith.training.search.trials import TrialRoom

AUTO = {"precision": "fp32", "device": "cpu", "steps": 60, "examples_per_step": 2}


def _recipe(tiny_folder: Path, root: Path, **training: Any) -> Recipe:
    rows = colour_rows(28)
    write_rows(root / "rows.jsonl", rows[:20])
    write_rows(root / "held_out.jsonl", rows[20:24])
    asked = [{"instruction": f"Shade {i}?", "response": "teal"} for i in range(4)]
    write_rows(root / "test.jsonl", asked)
    return recipe_from_mapping(
        {
            "model": {"name": str(tiny_folder)},
            "sources": [
                {"path": "rows.jsonl", "use_as": "train"},
                {"path": "held_out.jsonl", "use_as": "validation"},
                {"path": "test.jsonl", "use_as": "test"},
            ],
            "examples": {
                "split": {"validation": 0.0, "test": 0.0},
                "drop_near_duplicates": None,
            },
            "template": {"name": "question-answer"},
            "training": {**AUTO, **training},
        }
    )


def _run(recipe: Recipe, root: Path, name: str = "run") -> Run:
    return opened(recipe, run_folder(root / name), root, Talk())


def _settings(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = read_json(run.folder.settings)
    return found


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The rates that were tried."""
    tried: list[float] = []
    attempt = TrialRoom.attempt

    def noted(self: TrialRoom, rate: float, steps: int) -> float | None:
        tried.append(rate)
        return attempt(self, rate, steps)

    monkeypatch.setattr(TrialRoom, "attempt", noted)
    return tried


def test_a_rate_is_found_kept_and_told_and_as_a_number_makes_the_same_model(
    tiny_folder: Path, tmp_path: Path, attempts: list[float]
) -> None:
    run = _run(_recipe(tiny_folder, tmp_path), tmp_path)
    train(run)
    made, found = len(attempts), _settings(run)
    assert made == len(found["trials"]) >= 3
    assert 0 < found["share"] <= 0.2
    rate = found["learning_rate"]
    assert load_recipe(run.folder.recipe).training.learning_rate == rate
    assert not run.folder.trials.exists()
    (said,) = [note for note in run.progress.notes if note.startswith("settings for")]  # type: ignore[attr-defined]
    assert f"To fix these: training: {{learning_rate: {rate}" in said
    fixed = _run(_recipe(tiny_folder, tmp_path, learning_rate=rate), tmp_path, "fixed")
    fixed.claim()
    fixed.folder.settings.write_text("mine")
    train(fixed)
    weights = [one.folder.model / "model.safetensors" for one in (run, fixed)]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert len(attempts) == made
    assert fixed.folder.settings.read_text() == "mine"


def test_the_same_rows_give_the_same_choice_and_a_finished_one_is_not_made_again(
    tiny_folder: Path, tmp_path: Path, attempts: list[float]
) -> None:
    runs = [_run(_recipe(tiny_folder, tmp_path), tmp_path, name) for name in ("one", "two")]
    for run in runs:
        train(run)
    assert _settings(runs[0]) == _settings(runs[1])
    made = len(attempts)
    train(runs[0])
    assert len(attempts) == made


def test_no_store_of_test_rows_is_opened(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened_splits: list[str] = []
    open_store = searching.open_store

    def noted(folder: Any, split: Any) -> Any:
        opened_splits.append(split)
        return open_store(folder, split)

    monkeypatch.setattr(searching, "open_store", noted)
    train(_run(_recipe(tiny_folder, tmp_path), tmp_path))
    assert set(opened_splits) == {"train", "validation"}


def test_a_search_that_was_stopped_goes_on_and_chooses_the_same(
    tiny_folder: Path, tmp_path: Path, attempts: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _run(_recipe(tiny_folder, tmp_path), tmp_path, "whole")
    train(whole)
    wanted = list(attempts)
    attempts.clear()
    stopped = _run(_recipe(tiny_folder, tmp_path), tmp_path, "stopped")
    with monkeypatch.context() as patched:
        patched.setattr(TrialRoom, "attempt", _stopping(TrialRoom.attempt, after=2))
        with pytest.raises(StoppedError):
            train(stopped)
    assert len(stopped.folder.trials.read_text().splitlines()) >= 3
    train(stopped)
    assert attempts == wanted
    assert _settings(stopped) == _settings(whole)


def _stopping(attempt: Callable[..., Any], *, after: int) -> Callable[..., Any]:
    made: list[float] = []

    def once(self: TrialRoom, rate: float, steps: int) -> Any:
        if len(made) == after:
            raise StoppedError("stopped by SIGTERM", is_interrupt=False)
        made.append(rate)
        return attempt(self, rate, steps)

    return once


@pytest.mark.slow
def test_trials_of_another_search_are_not_taken(
    tiny_folder: Path, tmp_path: Path, attempts: list[float]
) -> None:
    first = _run(_recipe(tiny_folder, tmp_path), tmp_path, "first")
    train(first)
    made = len(attempts)
    run = _run(_recipe(tiny_folder, tmp_path), tmp_path, "other")
    run.folder.path.mkdir()
    run.claim()
    trials = [trial | {"loss": trial["learning_rate"]} for trial in _settings(first)["trials"]]
    write_rows(run.folder.trials, [{"key": "another"}, *trials])
    train(run)
    assert len(attempts) == 2 * made
    assert _settings(run) == _settings(first)


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_rows_take_the_rate_that_is_usual(
    tiny_folder: Path, tmp_path: Path, count: int, attempts: list[float]
) -> None:
    data = write_rows(tmp_path / "few.jsonl", colour_rows(count))
    recipe = recipe_from_mapping(
        {
            "model": {"name": str(tiny_folder)},
            "sources": [{"path": str(data)}],
            "examples": {"split": {"validation": 0.0, "test": 0.0}},
            "training": {"precision": "fp32", "device": "cpu"},
        }
    )
    run = _run(recipe, tmp_path)
    trained = train(run)
    found = _settings(run)
    assert found["learning_rate"] == pytest.approx(usual_rate(32, has_adapter=False), rel=0.05)
    assert trained.steps >= 20
    assert found["early_stopping"] is None
    assert not attempts
    assert any("too few rows" in note for note in run.progress.notes)  # type: ignore[attr-defined]


@pytest.mark.slow
def test_without_validation_rows_some_of_training_are_held_aside_for_the_search(
    tiny_folder: Path, tmp_path: Path
) -> None:
    data = write_rows(tmp_path / "some.jsonl", colour_rows(24))
    recipe = recipe_from_mapping(
        {
            "model": {"name": str(tiny_folder)},
            "sources": [{"path": str(data)}],
            "examples": {"split": {"validation": 0.0, "test": 0.0}},
            "training": {**AUTO, "steps": 80, "method": "lora"},
        }
    )
    run = _run(recipe, tmp_path)
    train(run)
    assert _settings(run)["measured_by"] == {"held_aside": 4, "validation": 0}
    assert _settings(run)["trials"]
