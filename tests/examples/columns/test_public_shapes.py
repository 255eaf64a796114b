"""Thirty public shapes: each row is read to the last word, or asked about by its column."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.examples.columns.public_shapes import ASKED, READ, TOOLS
from tests.examples.reading import made_of
from tunesmith.errors import RecipeError
from tunesmith.examples.example import Example
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.row import Dropped


def read(folder: Path, rows: list[dict[str, Any]], **recipe: Any) -> list[Example | Dropped]:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "rows.jsonl").write_text(text, encoding="utf-8")
    return list(made_of([SourceRecipe(path="rows.jsonl", **recipe)], folder=folder))


def turns(item: Example | Dropped) -> list[str]:
    assert isinstance(item, Example), item
    return [f"{one.content}\n\n{one.input}" if one.input else one.content for one in item.messages]


def test_there_are_thirty_shapes() -> None:
    assert len(READ) + len(ASKED) + len(TOOLS) >= 30


@pytest.mark.parametrize("name", READ)
def test_a_public_shape_is_read(tmp_path: Path, name: str) -> None:
    row, expected = READ[name]
    (item,) = read(tmp_path, [row])
    assert turns(item) == expected


@pytest.mark.parametrize("name", ASKED)
def test_a_public_shape_is_asked_about(tmp_path: Path, name: str) -> None:
    rows, column = ASKED[name]
    with pytest.raises(RecipeError) as caught:
        read(tmp_path, rows, kind="jsonl")
    assert f"\n  {column} " in str(caught.value)
    assert rows[0][column][:40] in str(caught.value)
    assert f"ignore: [{column}]" in str(caught.value)


@pytest.mark.parametrize("name", TOOLS)
def test_a_public_shape_with_calls_is_dropped_by_name(tmp_path: Path, name: str) -> None:
    (item,) = read(tmp_path, [TOOLS[name]])
    assert isinstance(item, Dropped)
    assert item.reason == "tool calls"
