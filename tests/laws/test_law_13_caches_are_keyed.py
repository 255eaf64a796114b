"""Law 13: a cache is keyed by data, template, tokenizer, policy and code; stale ones go."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tests.tiny import save_tiny_model
from tunesmith.errors import MissingError
from tunesmith.stages.execution import stage as stages
from tunesmith.stages.prepare import prepare
from tunesmith.stages.preparing import preparation_stage as stage
from tunesmith.stages.preparing.prepared_files import open_store, store_path
from tunesmith.tokens.store import TokenStore


@pytest.fixture
def setup(tmp_path: Path) -> dict[str, Any]:
    save_tiny_model(tmp_path / "base", "llama")
    data = write_rows(tmp_path / "rows.jsonl", colour_rows())
    return {"model": tmp_path / "base", "data": data, "folder": run_folder(tmp_path / "run")}


def _prepare(setup: dict[str, Any], **sections: Any) -> tuple[str, bool]:
    """The store's key, and whether this call encoded anything."""
    recipe = make_recipe(setup["model"], setup["data"], **sections)
    talk = Talk()
    prepare(opened(recipe, setup["folder"], recipe_folder=Path(), progress=talk))
    return open_store(setup["folder"], "train").key, bool(talk.tasks)


def test_the_same_inputs_are_not_encoded_again(setup: dict[str, Any]) -> None:
    first, was_made = _prepare(setup)
    again, was_made_again = _prepare(setup)
    assert was_made
    assert not was_made_again
    assert first == again


def test_everything_the_tokens_depend_on_changes_the_key(
    setup: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [_prepare(setup)[0]]
    keys.append(_prepare(setup, template={"name": "alpaca"})[0])
    keys.append(_prepare(setup, template={"name": "chatml"})[0])
    keys.append(_prepare(setup, template={"name": "chatml", "system": "Be brief."})[0])
    keys.append(_prepare(setup, template={"name": "question-answer", "train_on": "all"})[0])
    keys.append(_prepare(setup, training={"max_tokens": 100})[0])
    keys.append(_prepare(setup, training={"when_too_long": "error"})[0])
    keys.append(_prepare(setup, examples={"seed": 1})[0])
    write_rows(setup["data"], colour_rows(9))
    keys.append(_prepare(setup)[0])
    monkeypatch.setattr(stage, "code_of", lambda *_: "another version")
    keys.append(_prepare(setup)[0])
    monkeypatch.undo()
    file = setup["model"] / "tokenizer.json"
    file.write_text(file.read_text().replace("<|im_end|>", "<|turn|>"))
    keys.append(_prepare(setup)[0])
    assert len(set(keys)) == len(keys) == 11


def test_a_store_that_was_deleted_or_cut_is_rebuilt(setup: dict[str, Any]) -> None:
    key, _ = _prepare(setup)
    path = store_path(setup["folder"], "train")
    path.write_bytes(path.read_bytes()[:-10])
    assert _prepare(setup) == (key, True)
    assert len(open_store(setup["folder"], "train")) == 8


def test_a_store_of_something_else_is_never_opened(setup: dict[str, Any]) -> None:
    _prepare(setup)
    with pytest.raises(MissingError, match="stale"):
        TokenStore(store_path(setup["folder"], "train"), key="another")


def test_a_change_of_the_code_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "tunesmith"
    shutil.copytree(Path(stages.__file__).parents[2], package)
    monkeypatch.setattr(stages, "__file__", str(package / "stages" / "execution" / "stage.py"))
    before = stages.code_of(*stage._CODE)
    assert before == stages.code_of(*stage._CODE)
    for name in (
        "sandbox/limits.py",
        "templates/alpaca.py",
        "stages/preparing/example_encoder.py",
        "sources/lines.py",
    ):
        path = package / name
        path.write_text(path.read_text() + "\n")
        after = stages.code_of(*stage._CODE)
        assert after != before, name
        before = after


def test_old_stores_do_not_pile_up(setup: dict[str, Any]) -> None:
    _prepare(setup)
    _prepare(setup, template={"name": "alpaca"})
    assert len(list(setup["folder"].tokens.glob("*.arrow"))) == 3
