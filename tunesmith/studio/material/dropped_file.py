"""A file that somebody drops -> the same in the folder, under a name that replaces nothing."""

import os
import re
import tempfile
from pathlib import Path
from typing import BinaryIO

from tunesmith.errors import DataError, RecipeError
from tunesmith.files import raise_disk_full, write_text
from tunesmith.recipe.draft import read_draft
from tunesmith.recipe.key_edit import with_key

_NAME = re.compile(r"[\w][\w .,+()-]{0,118}")
_OURS = {"edits.jsonl", "splits.jsonl", "reviews.jsonl", "feedback.jsonl", "looks.jsonl"}
_RECIPES = (".yaml", ".yml")
_PIECE = 1 << 20


def keep_file(stream: BinaryIO, name: str, folder: Path, *, most_bytes: int) -> str:
    """Write what is read beside the recipe, whole or not at all.

    Args:
        stream: The file's content.
        name: As the browser says; a folder before it is left out.
        folder: Where it goes.
        most_bytes: How large it may be.

    Returns:
        The name that it has now.

    Raises:
        DataError: The name is none that a source may have, or stands already; or it is too large.
        DiskFullError: There is no space.
    """
    safe = _safe_name(name)
    target = folder / safe
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".tmp-dropped-")
    try:
        with os.fdopen(handle, "wb") as out:
            _copy(stream, out, most_bytes, safe)
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).chmod(0o644)
        target.hardlink_to(temporary)
    except FileExistsError:
        cure = "Give the new file another name; nothing is replaced."
        raise DataError("there is a file of this name", where=safe, cure=cure) from None
    except OSError as error:
        raise_disk_full(error, target)
        raise DataError(f"cannot be written ({error.strerror})", where=safe) from None
    finally:
        Path(temporary).unlink(missing_ok=True)
    return safe


def add_source(recipe: Path, name: str) -> str:
    """Name a file of the folder among a recipe's sources; one line is added.

    Returns:
        The line.

    Raises:
        DataError: There is no such file beside the recipe.
        RecipeError: The recipe's text is such that nothing can be added, or it has the source.
    """
    safe = _safe_name(name)
    if not (recipe.parent / safe).is_file():
        raise DataError("no such file beside the recipe", where=safe, cure="Drop it first.")
    text = recipe.read_text(encoding="utf-8")
    values = read_draft(text).values or {}
    sources = values.get("sources") or []
    if any(isinstance(one, dict) and one.get("path") == safe for one in sources):
        raise RecipeError("the recipe reads it already", where=safe)
    line = source_line(safe)
    write_text(recipe, with_key(text, ("sources", len(sources), "path"), _written(safe)))
    return line


def source_line(name: str) -> str:
    """The line that names a file among a recipe's sources."""
    return f"- path: {_written(name)}"


def _written(name: str) -> str:
    """A name as YAML, quoted where it has to be."""
    return name if re.fullmatch(r"[A-Za-z_][\w.-]*", name) else f'"{name}"'


def _safe_name(name: str) -> str:
    safe = re.split(r"[/\\]", name)[-1].strip()
    cure = "Rename it: letters, digits, blanks and . , + ( ) - _, at most 119 of them."
    if not _NAME.fullmatch(safe):
        raise DataError("no name for a source", where=repr(safe[:60]), cure=cure)
    if safe in _OURS or safe.endswith(_RECIPES):
        cure = "Give it another name, such as mine.jsonl."
        raise DataError("this name is kept for Tunesmith's own files", where=safe, cure=cure)
    return safe


def _copy(stream: BinaryIO, out: BinaryIO, most: int, name: str) -> None:
    size = 0
    while piece := stream.read(_PIECE):
        size += len(piece)
        if size > most:
            cure = "Copy it into the folder yourself."
            raise DataError(f"larger than {most:,} bytes", where=name, cure=cure)
        out.write(piece)
