"""A file's content -> what is read from it, in one call."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.read_source import read_source
from tunesmith.sources.row import Dropped, Row


def read_content(folder: Path, name: str, content: bytes, **recipe: Any) -> list[Row | Dropped]:
    """Write a file and read it back."""
    (folder / name).write_bytes(content)
    return list(read_source(SourceRecipe(path=name, **recipe), folder=folder))


def fields_of(items: Sequence[Row | Dropped]) -> list[dict[str, object]]:
    """The fields of the rows, without what was dropped."""
    return [dict(item.fields) for item in items if isinstance(item, Row)]


def reasons_of(items: Sequence[Row | Dropped]) -> dict[str, str]:
    """Where and why rows were dropped."""
    return {item.source: item.reason for item in items if isinstance(item, Dropped)}
