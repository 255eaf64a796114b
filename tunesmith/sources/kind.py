"""The words of the table of kinds: what is looked at, how sure a kind is of it, how it is read.

A kind of source is one record, `SourceKind`. Those built in stand in `kinds`; packages add theirs
through the entry-point group `tunesmith.sources`.
"""

import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from pathlib import Path

from tunesmith.sources.archive import open_tree
from tunesmith.sources.chunks import file_head
from tunesmith.sources.material import Piece


class Certainty(IntEnum):
    """How sure a kind is that a source is its own; the surest kind reads it."""

    FALLBACK = 1  # nothing speaks against it
    LIKELY = 2  # it looks so; other kinds may look the same, as all exports in JSON do
    CERTAIN = 3  # nothing else looks so


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """How sure a kind is, and why.

    `reason` ends a sentence that the user reads: "a.txt is read as irc: its lines begin with a
    time and a nick".
    """

    certainty: Certainty
    reason: str


@dataclass(frozen=True, kw_only=True, eq=False)
class SourceFile:
    """A file, folder or archive that a recipe names; what is looked at twice is read once.

    Attributes:
        path: Where it is.
        name: What messages and places call it.
        fields: Our field -> their column, as far as the recipe says.
        columns: All columns that the recipe names.
    """

    path: Path
    name: str
    fields: Mapping[str, str] = field(default_factory=dict)
    columns: frozenset[str] = frozenset()

    @cached_property
    def is_tree(self) -> bool:
        """Whether it is a folder or a zip archive."""
        return self.path.is_dir() or zipfile.is_zipfile(self.path)

    @cached_property
    def inner_names(self) -> tuple[str, ...]:
        """The files in a folder or zip archive, sorted; none in a file.

        Raises:
            DataError: The archive is damaged, hostile or too large.
        """
        if not self.is_tree:
            return ()
        tree = open_tree(self.path, self.name)
        tree.close()
        return tuple(tree.names)

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB of a file, unpacked and as UTF-8; nothing of a folder or zip archive.

        Raises:
            DataError: It cannot be read or unpacked.
        """
        return b"" if self.is_tree else file_head(self.path, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """A kind of raw material.

    Attributes:
        name: What a recipe calls it.
        description: What such a source is, in a few words, for lists.
        recognise: How sure it is that a source is of this kind, or None.
        read: What a source holds, in order, and in its place what could not be read, or was not
            read on purpose.
        takes_folders: Whether a folder may be of this kind.
    """

    name: str
    description: str
    recognise: Callable[[SourceFile], Recognition | None]
    read: Callable[[SourceFile], Iterator[Piece]]
    takes_folders: bool = False
