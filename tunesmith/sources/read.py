"""One source of a recipe -> its material in order, and in its place what could not be read."""

import itertools
from collections.abc import Iterator
from pathlib import Path

from tunesmith.errors import DataError
from tunesmith.recipe.recipe import SourceKind, SourceRecipe
from tunesmith.sources.chunks import check_file
from tunesmith.sources.detect import detect_kind
from tunesmith.sources.hub import read_hub
from tunesmith.sources.json_files import read_json_file, read_json_lines_file
from tunesmith.sources.material import Material
from tunesmith.sources.page_folder import page_files, read_folder
from tunesmith.sources.pages import read_page
from tunesmith.sources.row import Dropped
from tunesmith.sources.tables import read_csv_file, read_parquet_file


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
    if recipe.path is None:
        return _some(read_hub(recipe, folder=folder), recipe.hub or "", limit=recipe.limit)
    path, name = folder / recipe.path, recipe.path
    if path.is_dir() and page_files(path):
        kind = recipe.kind if recipe.kind in ("faq", "document") else None
        return _some(read_folder(path, name, kind), name, limit=recipe.limit)
    check_file(path, name)
    rows = _read_file(path, name, recipe.kind or detect_kind(path, name))
    return _some(rows, name, limit=recipe.limit)


def _read_file(path: Path, name: str, kind: SourceKind) -> Iterator[Material | Dropped]:
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
        case "faq" | "document":
            return read_page(path, name, kind)


def _some(
    rows: Iterator[Material | Dropped], name: str, *, limit: int | None
) -> Iterator[Material | Dropped]:
    """The first rows; a source without any is a mistake."""
    first = next(rows, None)
    if first is None:
        raise DataError("holds no rows", where=name, cure="Write rows into it, or leave it out.")
    yield from itertools.islice(itertools.chain([first], rows), limit)
