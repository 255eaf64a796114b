"""What a source passes over on purpose is named and counted, whoever reads it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import tunesmith.sources.read_source as reading
from tests.stages.rig import Talk
from tunesmith.errors import DataError
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.kind import SourceFile, SourceKind
from tunesmith.sources.material import Piece
from tunesmith.sources.not_read import NotReadCount
from tunesmith.sources.read_source import read_source
from tunesmith.sources.row import NotRead, Row
from tunesmith.stages.import_sources import import_sources
from tunesmith.stages.preview import preview_pieces


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file of a kind that passes over a menu before, between and after its rows."""
    (tmp_path / "a.txt").write_text("hop\n")
    kind = SourceKind(name="json", description="", recognise=lambda _: None, read=_read)
    monkeypatch.setattr(reading, "find_kind", lambda _: kind)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _read(file: SourceFile) -> Iterator[Piece]:
    for number in range(3):
        yield NotRead(source=f"{file.name}:{number}", name="menu", text="Home")
        fields = {"instruction": f"Say {number}!", "response": f"It is {number}."}
        yield Row(fields=fields, source=f"{file.name}:{number}")
    yield NotRead(source=file.name, name="menu", text="Imprint")


def test_it_is_counted_and_never_reaches_the_examples(folder: Path) -> None:
    count = NotReadCount()
    source = SourceRecipe(path="a.txt", kind="json")
    rows = list(read_source(source, folder=folder, not_read=count))
    assert all(isinstance(row, Row) for row in rows)
    assert count.to_json() == {"a.txt": {"menu": {"number": 4, "characters": 19}}}
    assert count.sentences() == ["not read in a.txt: menu (4)"]


def test_a_limit_counts_what_is_read(folder: Path) -> None:
    rows = list(read_source(SourceRecipe(path="a.txt", kind="json", limit=2), folder=folder))
    assert [row.source for row in rows] == ["a.txt:0", "a.txt:1"]


def test_a_source_of_nothing_else_holds_no_rows(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(file: SourceFile) -> Iterator[Piece]:
        yield NotRead(source=file.name, name="menu", text="Home")

    kind = SourceKind(name="json", description="", recognise=lambda _: None, read=nothing)
    monkeypatch.setattr(reading, "find_kind", lambda _: kind)
    with pytest.raises(DataError, match="holds no rows"):
        list(read_source(SourceRecipe(path="a.txt", kind="json"), folder=folder))


def test_import_and_preview_tell_of_it(folder: Path) -> None:
    source = {"path": "a.txt", "kind": "json"}
    result = import_sources([source], folder / "out.jsonl")
    assert result.not_read == {"a.txt": {"menu": {"number": 4, "characters": 19}}}
    progress = Talk()
    recipe = recipe_from_mapping({"sources": [source]}, name="a.txt")
    assert len(list(preview_pieces(recipe, folder, progress=progress))) == 3
    assert "not read in a.txt: menu (4)" in progress.notes
