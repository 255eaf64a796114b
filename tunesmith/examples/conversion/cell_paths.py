"""A path that a recipe names (`answer.value`, `candidates.-1`) -> a column of its own.

A column of objects becomes a column for each of its keys; of a list one place, counted from 1 or
from the end, becomes a column of its own, and the others one named so.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from tunesmith.examples.conversion.cell_text import is_list
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.row import Row

_Piece = TypeVar("_Piece")
OTHERS = " (others)"  # behind a column's name: the places of its list that the recipe leaves


def opened_rows(material: Iterable[_Piece], source: SourceRecipe) -> Iterator[_Piece | Row]:
    """Rows with a column for each path that a source's `fields`, `columns` and `ignore` name."""
    named = (*source.fields.values(), *source.columns.values(), *source.ignore)
    paths = tuple(dict.fromkeys(path for path in named if "." in path))
    if not paths:
        yield from material
        return
    for piece in material:
        if isinstance(piece, Row):
            yield Row(fields=opened(piece.fields, paths), source=piece.source)
        else:
            yield piece


def opened(fields: Mapping[str, object], paths: Iterable[str]) -> Mapping[str, object]:
    """A row's columns; a path that leads nowhere in this row changes nothing."""
    for path in paths:
        step = _step(fields, path)
        while step is not None:
            fields = step
            step = _step(fields, path)
    return fields


def _step(fields: Mapping[str, object], path: str) -> dict[str, object] | None:
    """The columns after one more step along a path; None where it ends."""
    if path in fields:
        return None
    places = [place for place, letter in enumerate(path) if letter == "."]
    place = next((one for one in reversed(places) if path[:one] in fields), None)
    if place is None:
        return None
    head, key = path[:place], path[place + 1 :].partition(".")[0]
    parts = _parts(fields[head], head, key)
    if parts is None:
        return None
    found: dict[str, object] = {}
    for name, value in fields.items():
        found |= parts if name == head else {name: value}
    return found


def _parts(value: object, head: str, key: str) -> dict[str, object] | None:
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):  # of a table of text
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if isinstance(value, Mapping):
        return {f"{head}.{name}": part for name, part in value.items()} if key in value else None
    if not is_list(value) or not key.removeprefix("-").isdecimal() or len(key) > 9:
        return None
    index = int(key) - (int(key) > 0)
    if not -len(value) <= index < len(value) or int(key) == 0:
        return None
    others = [part for number, part in enumerate(value) if number != index % len(value)]
    return {f"{head}.{key}": value[index], f"{head}{OTHERS}": others}
