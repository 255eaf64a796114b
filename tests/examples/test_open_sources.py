"""Sources are opened all at once: what is missing or wrong is known before the first row."""

from pathlib import Path

import pytest

from tunesmith.errors import MissingError, RecipeError
from tunesmith.examples.open_sources import open_sources
from tunesmith.recipe.source_recipe import SourceRecipe

ROW = '{"question": "q", "answer": "a"}\n'


def test_a_missing_file_is_known_before_the_first_row(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(ROW)
    sources = [SourceRecipe(path="a.jsonl"), SourceRecipe(path="b.jsonl")]
    with pytest.raises(MissingError, match=r"b\.jsonl"):
        open_sources(sources, folder=tmp_path)


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "x", "instruction": "y"},
        {"messages": "x", "response": "y"},
        {"text": "x", "messages": "y"},
        {"text": "x", "system": "y"},
    ],
)
def test_fields_of_two_shapes_are_a_mistake_of_the_recipe(
    tmp_path: Path, fields: dict[str, str]
) -> None:
    (tmp_path / "a.jsonl").write_text(ROW)
    with pytest.raises(RecipeError, match=r"sources.0.fields: .* one kind of row"):
        open_sources([SourceRecipe(path="a.jsonl", fields=fields)], folder=tmp_path)
