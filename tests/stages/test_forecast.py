"""A recipe -> its forecast, and nothing changed but prepared data."""

import json
from pathlib import Path

import pytest
import torch

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tunesmith.errors import TunesmithError
from tunesmith.stages.forecast import forecast
from tunesmith.stages.train import train
from tunesmith.training.resources.token_share import share_in_words

TRAINING = {"epochs": 4.0, "examples_per_step": 4, "micro_batch": 2}


def test_a_forecast_names_time_memory_and_limit_and_leaves_only_data(
    tiny_folder: Path, tmp_path: Path
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", colour_rows(40))
    split = {"split": {"validation": 0.2, "test": 0.0}}
    recipe = make_recipe(tiny_folder, data, training=TRAINING, examples=split)
    folder = run_folder(tmp_path / "run")
    found = forecast(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
    seconds, memory = found.seconds, found.memory
    parts = sum(
        getattr(seconds, name) for name in ("loading", "search", "training", "validation", "saving")
    )
    assert seconds.total == pytest.approx(parts, abs=0.01)
    assert 0 < seconds.low < seconds.total < seconds.high
    assert found.micro_batch == 2
    assert memory.optimizer_bytes == 2 * memory.gradients_bytes
    assert memory.gradients_bytes < memory.weights_bytes, "of the table, only what is read"
    assert memory.peak_bytes > memory.imports_bytes > memory.activations_bytes > 0
    assert found.limit.name in ("data", "arithmetic", "memory bandwidth of the optimiser")
    assert any("Micro-batch   2 examples" in line for line in found.summary)
    whole = json.loads(folder.summary.read_text(encoding="utf-8"))["splits"]["train"]
    assert found.trained_tokens == 4 * whole["trained_tokens"], "four epochs"
    assert found.trained_weights > 0
    assert any("trained tokens a weight:" in line for line in found.summary)
    left = {path.name for path in folder.path.iterdir() if path.is_dir()}
    assert left == {"data", "tokens"}
    assert not folder.log.exists()
    assert not folder.environment.exists()
    done = train(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
    assert (done.steps, done.resumed_from) == (found.steps, None)


def test_a_forecast_before_training_changes_no_weight(tiny_folder: Path, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", colour_rows(12))
    recipe = make_recipe(tiny_folder, data, training=TRAINING)
    before = torch.backends.mkldnn.matmul.fp32_precision
    made = []
    for name in ("with", "without"):
        folder = run_folder(tmp_path / name)
        if name == "with":
            forecast(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
        assert torch.backends.mkldnn.matmul.fp32_precision == before
        train(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
        assert torch.backends.mkldnn.matmul.fp32_precision == before
        made.append((folder.model / "model.safetensors").read_bytes())
    assert made[0] == made[1]


def test_one_process_makes_a_forecast(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    recipe = make_recipe(tiny_folder, tmp_path / "rows.jsonl")
    with pytest.raises(TunesmithError, match="one process"):
        forecast(
            opened(recipe, run_folder(tmp_path / "run"), recipe_folder=tmp_path, progress=Talk())
        )


def test_a_forecast_says_what_finding_the_rate_will_cost(tiny_folder: Path, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", colour_rows(40))
    split = {"split": {"validation": 0.2, "test": 0.0}}
    keys = {"learning_rate": "auto", "epochs": "auto", "examples_per_step": "auto"}
    recipe = make_recipe(tiny_folder, data, training=keys, examples=split)
    run = opened(recipe, run_folder(tmp_path / "run"), recipe_folder=tmp_path, progress=Talk())
    found = forecast(run)
    assert 0 < found.seconds.search <= 0.2 * (found.seconds.training + found.seconds.validation)
    assert any("search" in line for line in found.summary)
    assert not run.folder.settings.exists()


@pytest.mark.parametrize(
    ("tokens", "told"),
    [(10, "0.01 trained"), (999, "by heart"), (1_000, "what it forgot"), (20_000, "as much as")],
)
def test_tokens_a_weight_are_put_in_words(tokens: int, told: str) -> None:
    assert told in share_in_words(tokens, 1_000)
