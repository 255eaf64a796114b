"""One source of a recipe -> its material in order, and in its place what could not be read.

Also what it is read as, and why, for the user to know.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tunesmith.errors import DataError, RecipeError
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.chunks import check_file, files_in, found_charset
from tunesmith.sources.detect import detect_kind
from tunesmith.sources.encodings.named_encoding import read_in, reading_in
from tunesmith.sources.kind import SourceFile
from tunesmith.sources.kinds import find_kind
from tunesmith.sources.material import Material, Piece
from tunesmith.sources.not_read import NotReadCount, count_not_read
from tunesmith.sources.row import Dropped, NotRead
from tunesmith.sources.tables.hub import read_hub

# The kinds whose files are texts; a mail, a page of Slack or a Parquet file says how it is written.
_OF_TEXT = frozenset(
    {"json", "jsonl", "csv", "tsv", "text", "faq", "document", "folder"}
    | {"whatsapp", "irc", "transcript", "dialogues"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAs:
    """How a source is read; `reason` ends a sentence such as "a.md is read as faq: ...".

    `encoding` is None for UTF-8, and for what says its own or is no file.
    """

    name: str
    kind: str
    reason: str
    encoding: str | None = None
    is_encoding_guessed: bool = False

    @property
    def sentence(self) -> str:
        """What a person is told of it."""
        read = f"{self.name} is read as {self.kind}: {self.reason}"
        return f"{read}; its letters as {self.encoding}" if self.encoding else read

    @property
    def doubt(self) -> str | None:
        """What to do if the letters were guessed wrongly; None where none were."""
        if not self.is_encoding_guessed:
            return None
        return (
            f"{self.name} is not UTF-8 and is read as {self.encoding}, a guess; if its letters "
            "are wrong, say encoding: NAME"
        )


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
    with reading_in(recipe.encoding):
        kind = find_kind(recipe.kind) if recipe.kind else detect_kind(file).kind
        _check_encoding(recipe, kind.name, file)
        if file.path.is_dir() and not kind.takes_folders:
            raise DataError("is a folder, not a file", where=file.name, cure=files_in(file.path))
        pieces = kind.read(file)
    return _some(read_in(recipe.encoding, pieces), file.name, limit=recipe.limit)


def _check_encoding(recipe: SourceRecipe, kind: str, file: SourceFile) -> None:
    """Refuse to name the encoding of what is no text, or says its own."""
    if recipe.encoding and (kind not in _OF_TEXT or file.head.startswith((b"PAR1", b"ARROW1"))):
        raise DataError(
            f"is read as {kind}, which takes no encoding: it says its own",
            where=file.name,
            cure=f"Leave out encoding: {recipe.encoding}.",
        )


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
    file = source_file(source.path, source, folder)
    kind, reason = source.kind, "that kind was asked for"
    if kind is None:
        with reading_in(source.encoding):
            found, recognition = detect_kind(file)
        kind, reason = found.name, recognition.reason
    charset = None
    if source.encoding is None and kind in _OF_TEXT and not file.is_tree:
        charset = found_charset(file.path, file.name)
    return ReadAs(
        name=source.path,
        kind=kind,
        reason=reason,
        encoding=charset.codec if charset else source.encoding,
        is_encoding_guessed=charset is not None and not charset.is_declared,
    )


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
