"""What a run refuses, with the reason: models and data that do not belong together."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tests.tiny import save_tiny_model
from tunesmith.errors import RecipeError, RefusedError
from tunesmith.files import read_json_lines
from tunesmith.models.load import find_model, load_network
from tunesmith.stages.answer import answer
from tunesmith.stages.evaluate import evaluate
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.prepare import prepare
from tunesmith.stages.train import train

HELD_OUT = {"split": {"validation": 0.0, "test": 0.3}}


@pytest.fixture
def setup(tmp_path: Path) -> dict[str, Any]:
    save_tiny_model(tmp_path / "base", "llama")
    data = write_rows(tmp_path / "rows.jsonl", colour_rows(16))
    return {"model": tmp_path / "base", "data": data, "folder": run_folder(tmp_path / "run")}


def _train(setup: dict[str, Any], **sections: Any) -> tuple[Any, RunFolder]:
    sections = {"examples": HELD_OUT, "generation": {"max_new_tokens": 4}, **sections}
    recipe = make_recipe(setup["model"], setup["data"], **sections)
    train(opened(recipe, setup["folder"], recipe_folder=Path(), progress=Talk()))
    return recipe, setup["folder"]


def _other(setup: dict[str, Any], **sections: Any) -> Any:
    return make_recipe(setup["model"], setup["data"], **{"examples": HELD_OUT, **sections})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"template": {"name": "alpaca"}}, "prepare stage .*rendering changed"),
        ({"training": {"steps": 2, "learning_rate": 1.0}}, "train stage .*training changed"),
    ],
)
def test_answers_of_another_recipe_are_refused(
    setup: dict[str, Any], change: dict[str, Any], named: str
) -> None:
    _, folder = _train(setup, training={"steps": 2})
    other = _other(setup, **{"training": {"steps": 2}, **change})
    for verb in (answer, evaluate):
        with pytest.raises(RefusedError, match=named):
            verb(opened(other, folder, recipe_folder=Path(), progress=Talk()))


def test_an_adapter_on_a_changed_base_is_refused(setup: dict[str, Any]) -> None:
    _, folder = _train(setup, training={"steps": 2, "method": "lora"})
    load_network(find_model(str(folder.path)))
    save_tiny_model(setup["model"], "llama", seed=1)
    with pytest.raises(RefusedError, match=r"base model .* has changed since"):
        load_network(find_model(str(folder.path)))


def test_base_and_run_can_move_together(setup: dict[str, Any], tmp_path: Path) -> None:
    _, folder = _train(setup, training={"steps": 2, "method": "lora"})
    (tmp_path / "moved").mkdir()
    shutil.move(tmp_path / "base", tmp_path / "moved" / "base")
    shutil.move(folder.path, tmp_path / "moved" / "run")
    load_network(find_model(str(tmp_path / "moved" / "run")))
    assert str(tmp_path) not in (tmp_path / "moved/run/environment.json").read_text()


def test_random_weights_with_an_adapter_are_refused(setup: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match="random with an adapter"):
        make_recipe(
            setup["model"],
            setup["data"],
            weights="random",
            training={"method": "lora"},
        )


def test_another_seed_of_random_weights_is_another_base(setup: dict[str, Any]) -> None:
    texts = []
    for seed in (0, 1):
        recipe, folder = _train(setup, weights="random", training={"steps": 1, "seed": seed})
        answer(opened(recipe, folder, recipe_folder=Path(), progress=Talk()))
        texts.append([row["text"] for row in read_json_lines(folder.completions("base"))])
    assert texts[0] != texts[1]


def test_rows_are_never_longer_than_the_model_reads(tmp_path: Path) -> None:
    save_tiny_model(tmp_path / "base", "gpt2", n_positions=64)
    data = write_rows(
        tmp_path / "rows.jsonl",
        [{"instruction": "x" * 100, "response": "y"}, {"instruction": "short", "response": "y"}],
    )
    recipe = make_recipe(tmp_path / "base", data, training={"steps": 1, "max_tokens": 512})
    talk = Talk()
    folder = run_folder(tmp_path / "run")
    result = prepare(opened(recipe, folder, recipe_folder=tmp_path, progress=talk))
    assert result.dropped == {"too long": 1}
    assert result.kept == 1
    assert "training.max_tokens is 512, but the model reads 64 at most" in talk.notes
    train(opened(recipe, folder, recipe_folder=tmp_path, progress=talk))


def test_grades_that_were_deleted_are_made_again(setup: dict[str, Any]) -> None:
    recipe, folder = _train(setup, training={"steps": 1})
    evaluate(opened(recipe, folder, recipe_folder=Path(), progress=Talk()))
    before = folder.grades("chrf").read_bytes()
    folder.grades("chrf").unlink()
    evaluate(opened(recipe, folder, recipe_folder=Path(), progress=Talk()))
    assert folder.grades("chrf").read_bytes() == before


def test_stray_files_among_the_checkpoints_do_no_harm(setup: dict[str, Any]) -> None:
    _, folder = _train(setup, training={"steps": 1})
    (folder.checkpoints / ".DS_Store").write_text("x")
    (folder.checkpoints / "step-000099").write_text("x")
    (folder.checkpoints / "step-000098").mkdir()
    _train(setup, training={"steps": 2})
    assert (folder.checkpoints / "step-000002").is_dir()


def test_a_run_path_that_is_a_file_is_named(setup: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "run").write_text("not a folder")
    with pytest.raises(RecipeError, match="Name another folder with --run"):
        _train(setup, training={"steps": 1})


def test_the_loop_is_not_shared_among_processes(
    setup: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tunesmith.stages.run import run_loop

    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(RecipeError, match="torchrun"):
        run_loop(opened(_other(setup), setup["folder"], recipe_folder=Path(), progress=Talk()))
