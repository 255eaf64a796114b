"""A file's content -> the pieces a reader makes of it, and the words that are in none of them."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tunesmith.sources.detect import detect_kind
from tunesmith.sources.kind import SourceFile
from tunesmith.sources.kinds import find_kind
from tunesmith.sources.material import Piece, Thread
from tunesmith.sources.row import Dropped, NotRead


def pieces_of(
    folder: Path,
    name: str,
    content: str | None,
    *,
    fields: dict[str, str] | None = None,
    kind: str | None = None,
) -> list[Piece]:
    """All pieces of a file that is written first, or is there; also what is passed over."""
    if content is not None:
        (folder / name).write_text(content, encoding="utf-8")
    file = SourceFile(path=folder / name, name=name, fields=fields or {})
    reader = find_kind(kind) if kind else detect_kind(file).kind
    return list(reader.read(file))


def kind_of(folder: Path, name: str, content: str) -> str:
    """The kind that a file is taken for."""
    (folder / name).write_text(content, encoding="utf-8")
    return detect_kind(SourceFile(path=folder / name, name=name)).kind.name


def talks(pieces: Iterable[Piece]) -> list[list[str]]:
    """What is said in each thread."""
    return [[turn.text for turn in piece.turns] for piece in pieces if isinstance(piece, Thread)]


def said_in(pieces: Iterable[Piece]) -> list[tuple[str, str]]:
    """Who says what in the first thread."""
    return next(
        [(t.author, t.text) for t in piece.turns] for piece in pieces if isinstance(piece, Thread)
    )


def reasons(pieces: Iterable[Piece]) -> list[str]:
    """Why something was left out, in order."""
    return [piece.reason for piece in pieces if isinstance(piece, Dropped)]


def lost(value: Any, pieces: Iterable[Piece]) -> list[str]:
    """The words of a JSON value that stand in no piece; dates and other numbers are structure."""
    shown: list[str] = []
    for piece in pieces:
        if isinstance(piece, Thread):
            shown += [f"{turn.author}\n{turn.text}" for turn in piece.turns]
            shown += [name for pair in piece.names for name in pair]
        elif isinstance(piece, Dropped | NotRead):
            shown.append(piece.text)
    words = set(re.findall(r"\w+", " ".join(shown)))
    found = re.findall(r"\w+", " ".join(_texts(value)))
    return [word for word in found if word not in words and not re.search(r"\d|^Z$", word)]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif value is not None:
        yield str(value)
