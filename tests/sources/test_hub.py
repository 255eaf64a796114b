"""Hub data sets, shown on a local folder: the network is not asked."""

import json
from pathlib import Path

import pytest

from tests.sources.reading import fields_of
from tunesmith.errors import DataError, MissingError, RecipeError, RemoteError
from tunesmith.recipe.recipe import SourceRecipe
from tunesmith.sources.read import read_source

ROWS = [{"question": f"q{n}", "answer": f"a{n}"} for n in range(10)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    (tmp_path / "faq").mkdir()
    for split, rows in {"train": ROWS, "test": ROWS[:2]}.items():
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / "faq" / f"{split}.jsonl").write_text(text)
    return tmp_path


@pytest.mark.parametrize("stream", [False, True])
def test_a_data_set_is_read_by_split_and_limit(folder: Path, stream: bool) -> None:
    recipe = SourceRecipe(hub="faq", stream=stream, limit=4)
    items = list(read_source(recipe, folder=folder))
    assert fields_of(items) == ROWS[:4]
    assert items[3].source == "faq:train row 4"
    recipe = SourceRecipe(hub="faq", stream=stream, split="test")
    assert fields_of(list(read_source(recipe, folder=folder))) == ROWS[:2]


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (SourceRecipe(hub="faq", split="dev"), r"dev.*train"),
        (SourceRecipe(hub="faq", split="dev", stream=True), r"dev.*train"),
        (SourceRecipe(hub="faq", config="large"), "'large' not found"),
    ],
)
def test_a_wrong_name_in_the_recipe_is_named_with_the_choices(
    folder: Path, recipe: SourceRecipe, words: str
) -> None:
    with pytest.raises(RecipeError, match=words):
        read_source(recipe, folder=folder)


def test_a_data_set_that_is_neither_here_nor_reachable_says_so(folder: Path) -> None:
    with pytest.raises(RemoteError, match=r"someone/faq: .*HF_HUB_OFFLINE"):
        read_source(SourceRecipe(hub="someone/faq"), folder=folder)


def test_a_folder_without_data_is_missing(folder: Path) -> None:
    (folder / "nothing").mkdir()
    with pytest.raises(MissingError, match="nothing: no such data set"):
        read_source(SourceRecipe(hub="nothing"), folder=folder)


def test_a_program_in_a_data_set_is_not_run(folder: Path) -> None:
    (folder / "script").mkdir()
    program = "from pathlib import Path\nPath('ran').touch()\n"
    (folder / "script" / "script.py").write_text(program)
    with pytest.raises(DataError, match="scripts are no longer supported"):
        read_source(SourceRecipe(hub="script"), folder=folder)
    assert not Path("ran").exists()


@pytest.mark.parametrize("stream", [False, True])
def test_a_damaged_data_set_is_refused_with_the_way_around(folder: Path, stream: bool) -> None:
    (folder / "faq" / "train.jsonl").write_text('{"question": "q"}\n{"question": \n')
    with pytest.raises(DataError, match="cannot be read") as caught:
        list(read_source(SourceRecipe(hub="faq", stream=stream), folder=folder))
    assert "path:" in (caught.value.cure or "")
