"""One source of a recipe -> its material in order, and in its place what could not be read.

Also what it is read as, and why, for the user to know.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tunesmith.errors import DataError, RecipeError
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.chunks import check_file, files_in
from tunesmith.sources.detect import detect_kind
from tunesmith.sources.kind import SourceFile
from tunesmith.sources.kinds import find_kind
from tunesmith.sources.material import Material, Piece
from tunesmith.sources.not_read import NotReadCount, count_not_read
from tunesmith.sources.row import Dropped, NotRead
from tunesmith.sources.tables.hub import read_hub


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAs:
    """How a source is read; `reason` ends a sentence such as "a.md is read as faq: ..."."""

    name: str
    kind: str
    reason: str


def read_source(
    recipe: SourceRecipe, *, folder: Path, not_read: NotReadCount | None = None
) -> Iterator[Material | Dropped]:
    """Open a source at once, and read it while the caller iterates.

    Args:
        recipe: `limit` counts what is read, faulty rows too.
        folder: The recipe's; paths are relative to it.
        not_read: Grows by what is passed over on purpose.

    Raises:
        TunesmithError: As `read_pieces` does.
    """
    pieces = read_pieces(recipe, folder=folder)
    return count_not_read(pieces, not_read, source=recipe.path or recipe.hub or "")


def read_pieces(recipe: SourceRecipe, *, folder: Path) -> Iterator[Piece]:
    """Open a source at once, and read it while the caller iterates, with what is passed over.

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
    file = source_file(recipe.path, recipe, folder)
    kind = find_kind(recipe.kind) if recipe.kind else detect_kind(file).kind
    if file.path.is_dir() and not kind.takes_folders:
        raise DataError("is a folder, not a file", where=file.name, cure=files_in(file.path))
    return _some(kind.read(file), file.name, limit=recipe.limit)


def explain_source(source: SourceRecipe, *, folder: Path) -> ReadAs:
    """Say of what kind a source is; whether it can be read shows when it is opened.

    Raises:
        MissingError: There is no such file.
        DataError: It is of no kind that Tunesmith reads.
        RecipeError: It is a teacher.
    """
    refuse_teacher(source)
    if source.path is None:
        return ReadAs(name=source.hub or "", kind="hub", reason="it is a data set on the Hub")
    if source.kind is not None:
        return ReadAs(name=source.path, kind=source.kind, reason="that kind was asked for")
    kind, recognition = detect_kind(source_file(source.path, source, folder))
    return ReadAs(name=source.path, kind=kind.name, reason=recognition.reason)


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


def source_file(path: str, recipe: SourceRecipe, folder: Path) -> SourceFile:
    """What a recipe names, which is there.

    Raises:
        MissingError: It is not.
        DataError: It is no regular file, or is empty.
    """
    check_file(folder / path, path)
    fields = {str(ours): theirs for ours, theirs in recipe.fields.items()}
    columns = frozenset([*recipe.fields.values(), *recipe.columns.values()])
    return SourceFile(path=folder / path, name=path, fields=fields, columns=columns)


def _some(rows: Iterator[Piece], name: str, *, limit: int | None) -> Iterator[Piece]:
    """The first rows; a source without any is a mistake."""
    num_read = 0
    for row in rows:
        yield row
        num_read += not isinstance(row, NotRead)
        if num_read and limit is None:
            yield from rows
        if num_read == limit:
            break
    if not num_read:
        raise DataError("holds no rows", where=name, cure="Write rows into it, or leave it out.")
