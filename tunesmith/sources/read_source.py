"""One source of a recipe -> its material in order, and in its place what could not be read."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tunesmith.errors import DataError, RecipeError
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.recipe.values import SourceKind
from tunesmith.sources.chats.detect_chats import are_dialogues, kind_of_tree
from tunesmith.sources.chats.dialogues import read_dialogues
from tunesmith.sources.chats.irc import read_irc
from tunesmith.sources.chats.mail import read_mailbox
from tunesmith.sources.chats.messenger import read_messenger
from tunesmith.sources.chats.slack import read_slack
from tunesmith.sources.chats.whatsapp import read_whatsapp
from tunesmith.sources.chunks import check_file, files_in
from tunesmith.sources.detect import detect_kind
from tunesmith.sources.material import Material
from tunesmith.sources.pages.page_folder import page_files, read_folder
from tunesmith.sources.pages.pages import read_page
from tunesmith.sources.row import Dropped, Row
from tunesmith.sources.tables.hub import read_hub
from tunesmith.sources.tables.json_files import read_json_file, read_json_lines_file
from tunesmith.sources.tables.tables import read_csv_file, read_parquet_file

_OF_FOLDERS = frozenset({"slack", "messenger"})
_CHATS: dict[SourceKind, Callable[[Path, str], Iterator[Material | Dropped]]] = {
    "slack": read_slack,
    "mbox": read_mailbox,
    "whatsapp": read_whatsapp,
    "messenger": read_messenger,
    "irc": read_irc,
}


def read_source(recipe: SourceRecipe, *, folder: Path) -> Iterator[Material | Dropped]:
    """Open a source at once, and read it while the caller iterates.

    Args:
        recipe: `limit` counts what is read, faulty rows too.
        folder: The recipe's; paths are relative to it.

    Raises:
        MissingError: There is no such file or data set.
        DataError: It is no regular file, is empty, is damaged or of no known kind. What
            shows only in the middle of a file is raised while iterating.
        RecipeError: A Hub data set has no such split or configuration.
        RemoteError: The Hub cannot be reached.
    """
    refuse_teacher(recipe)
    if recipe.path is None:
        return _some(read_hub(recipe, folder=folder), recipe.hub or "", limit=recipe.limit)
    path, name = folder / recipe.path, recipe.path
    if holds_pages(path, name, recipe.kind):
        page_kind = recipe.kind if recipe.kind in ("faq", "document") else None
        return _some(read_folder(path, name, page_kind), name, limit=recipe.limit)
    check_file(path, name)
    fields = {str(ours): theirs for ours, theirs in recipe.fields.items()}
    kind = recipe.kind or source_kind(path, name, fields)
    if path.is_dir() and kind not in _OF_FOLDERS:
        raise DataError("is a folder, not a file", where=name, cure=files_in(path))
    found = read_row_file(path, name, kind) or _read_other(path, name, kind, fields)
    return _some(found, name, limit=recipe.limit)


def refuse_teacher(recipe: SourceRecipe) -> None:
    """A teacher's rows are there when preparing has let it write them.

    Raises:
        RecipeError: The source is a teacher.
    """
    if recipe.teacher is not None:
        raise RecipeError(
            "a teacher has no rows before they are written",
            where="sources.teacher",
            cure="tunesmith prepare RECIPE writes them into the run's data/teacher-*.jsonl; "
            "tunesmith teach writes them without a recipe.",
        )


def holds_pages(path: Path, name: str, kind: SourceKind | None) -> bool:
    """Whether a folder is one of pages; an export of a chat is none, whatever lies beside it."""
    if not path.is_dir() or kind in _OF_FOLDERS or (kind is None and kind_of_tree(path, name)):
        return False
    return bool(page_files(path))


def source_kind(path: Path, name: str, fields: Mapping[str, str]) -> SourceKind:
    """The kind of a file or folder, from its content.

    Args:
        path: The file or folder.
        name: What it is called in messages.
        fields: Columns that the recipe names; those of a conversation say what it is.

    Raises:
        DataError: It is of no kind that Tunesmith reads.
    """
    kind = detect_kind(path, name)
    rows = read_row_file(path, name, kind)
    if rows is None:
        return kind
    if fields.keys() & {"thread", "author", "role", "message"} or are_dialogues(rows, fields):
        return "dialogues"
    return kind


def read_row_file(path: Path, name: str, kind: SourceKind) -> Iterator[Row | Dropped] | None:
    """The rows of a file of rows; None of every other kind."""
    match kind:
        case "jsonl":
            return read_json_lines_file(path, name)
        case "json":
            return read_json_file(path, name)
        case "csv":
            return read_csv_file(path, name)
        case "tsv":
            return read_csv_file(path, name, delimiter="\t")
        case "parquet":
            return read_parquet_file(path, name)
        case _:
            return None


def _read_other(
    path: Path, name: str, kind: SourceKind, fields: Mapping[str, str]
) -> Iterator[Material | Dropped]:
    if kind in ("faq", "document"):
        return read_page(path, name, kind)
    if kind == "dialogues":
        rows = read_row_file(path, name, detect_kind(path, name))
        return read_dialogues(rows or iter(()), fields, name)
    return _CHATS[kind](path, name)


def _some(
    rows: Iterator[Material | Dropped], name: str, *, limit: int | None
) -> Iterator[Material | Dropped]:
    """The first rows; a source without any is a mistake."""
    first = next(rows, None)
    if first is None:
        raise DataError("holds no rows", where=name, cure="Write rows into it, or leave it out.")
    yield from itertools.islice(itertools.chain([first], rows), limit)
