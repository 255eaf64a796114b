"""Where a pair came from (`faq.md:17`) -> the lines of its source around that place.

Only files that the recipe names are opened, and of them a few lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tunesmith.recipe.recipe import Recipe
from tunesmith.stages.editing.line_index import LineIndexes

_BEFORE, _AFTER = 1, 12
_SHOWN = 2000  # characters of a line


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """A line of a source; `is_marked` where the pair begins."""

    number: int
    text: str
    is_marked: bool


def lines_around(
    source: str, recipe: Recipe, folder: Path, indexes: LineIndexes
) -> Sequence[SourceLine]:
    """The lines around a place; none where it is no line of a text that the recipe names.

    Args:
        source: The place, as an example has it.
        recipe: Whose sources may be opened.
        folder: The recipe's.
        indexes: Of files that were read before.
    """
    name, _, place = source.rpartition(":")
    file = _named_file(name, recipe, folder)
    if file is None or not place.isdecimal():
        return ()
    index = indexes.of(file)
    number = int(place)
    if not 1 <= number <= len(index):
        return ()
    is_table = file.suffix in (".jsonl", ".csv", ".tsv")
    first = max(0, number - 1 - (0 if is_table else _BEFORE))
    last = min(len(index), number + (0 if is_table else _AFTER))
    shown = []
    with file.open("rb") as stream:
        stream.seek(int(index.starts[first]))
        for at in range(first, last):
            line = stream.readline(4 * _SHOWN)
            if b"\0" in line:
                return ()
            stream.seek(int(index.starts[at + 1]))
            text = line.decode("utf-8", "replace").rstrip("\r\n")[:_SHOWN]
            shown.append(SourceLine(number=at + 1, text=text, is_marked=at + 1 == number))
    return shown


def _named_file(name: str, recipe: Recipe, folder: Path) -> Path | None:
    """The file of a name, where it is a source or lies in one."""
    for source in recipe.sources:
        if source.path is None:
            continue
        path = (folder / Path(source.path).expanduser()).resolve()
        for place in (folder / name, path / name, path.parent / name):
            file = place.resolve()
            if file.is_file() and (file == path or file.is_relative_to(path)):
                return file
    return None
