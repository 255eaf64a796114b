"""The table of kinds: those built in, and those that installed packages add.

A kind is found by its name, or asked whether a source is its own (`detect`). Of two kinds that are
equally sure of a source, the one that stands first reads it.
"""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cache
from typing import Any

from tunesmith.entry_points import (
    Plugin,
    answerable,
    find_plugin,
    installed,
    load_plugin,
    wrong_field,
)
from tunesmith.errors import RecipeError
from tunesmith.sources.chat_kinds import CHAT_KINDS
from tunesmith.sources.feedback_rows import FEEDBACK
from tunesmith.sources.kind import Recognition, SourceFile, SourceKind
from tunesmith.sources.material import Material, Piece
from tunesmith.sources.page_kinds import DOCUMENT, FAQ, PAGE_FOLDER, TEXT
from tunesmith.sources.row import Dropped, NotRead
from tunesmith.sources.row_kinds import ROW_KINDS

BUILT_IN = (FEEDBACK, *CHAT_KINDS, TEXT, FAQ, DOCUMENT, PAGE_FOLDER, *ROW_KINDS)
_BY_NAME = {kind.name: kind for kind in BUILT_IN if kind is not PAGE_FOLDER}
NAMES = tuple(_BY_NAME)
_RESERVED = {kind.name for kind in BUILT_IN} | {"hub"}  # what sources are said to be read as

_END = object()

logger = logging.getLogger(__name__)


def find_kind(name: str) -> SourceKind:
    """The kind of a name, built in or not.

    Raises:
        RecipeError: The name is unknown, or the package that offers it cannot be used.
    """
    if name in _BY_NAME:
        return _BY_NAME[name]
    plugin = find_plugin("sources", name, built_in=_RESERVED)
    if plugin is None:
        known = ", ".join([*NAMES, *(one.name for one in installed("sources"))])
        raise RecipeError(f"source kind '{name}' is unknown", cure=f"Known: {known}.")
    return load_kind(plugin)


def plugin_kinds() -> Iterator[SourceKind]:
    """The kinds that packages add; one that cannot be used costs itself, and is told once."""
    for plugin in installed("sources"):
        try:
            find_plugin("sources", plugin.name, built_in=_RESERVED)
            kind = load_kind(plugin)
        except RecipeError as error:
            _tell(f"a plug-in is passed over: {error}")
        else:
            yield kind


def load_kind(plugin: Plugin) -> SourceKind:
    """A package's record, its code made answerable for what it raises.

    Raises:
        RecipeError: It cannot be used.
    """
    kind: SourceKind = load_plugin(plugin, (SourceKind,))

    def recognise(file: SourceFile) -> Recognition | None:
        with answerable(plugin, where=file.name):
            return _checked(kind.recognise(file))

    def read(file: SourceFile) -> Iterator[Piece]:
        def answerably() -> AbstractContextManager[None]:
            return answerable(plugin, where=file.name)

        with answerably():
            pieces = iter(kind.read(file))
        while True:
            with answerably():  # for one piece: what becomes of it is not the package's
                piece: Any = next(pieces, _END)
                if piece is not _END:
                    _check_piece(piece)
            if piece is _END:
                return
            yield piece

    return replace(kind, recognise=recognise, read=read)


def _check_piece(piece: Piece) -> None:
    if not isinstance(piece, Material | Dropped | NotRead):
        found = type(piece).__name__
        raise TypeError(f"read gave a {found}, not a Row, Section, Thread or the like")
    problem = wrong_field(piece)
    if problem is not None:
        raise TypeError(f"read gave a {type(piece).__name__} whose {problem}")


def _checked(recognition: object) -> Recognition | None:
    if recognition is None:
        return recognition
    if isinstance(recognition, Recognition):
        problem = wrong_field(recognition)
        if problem is None:
            return recognition
        raise TypeError(f"recognise gave a Recognition whose {problem}")
    raise TypeError(f"recognise gave a {type(recognition).__name__}, not a Recognition")


@cache
def _tell(sentence: str) -> None:
    logger.warning("%s", sentence)
