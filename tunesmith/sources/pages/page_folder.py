"""A folder -> the pages below it, each read as a source of its own.

Hidden files and folders are passed over, and so are runs, whose reports would be read as pages
and show the test set to the training; no link leads out of the folder.
"""

import logging
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tunesmith.errors import DataError, MissingError
from tunesmith.files import RUN_MARKER
from tunesmith.sources.chunks import check_file, file_head
from tunesmith.sources.material import Piece
from tunesmith.sources.pages.pages import PageKind, find_page_kind, page_format, read_page
from tunesmith.sources.row import Dropped, RowError
from tunesmith.sources.signs import sign_of_page

MAX_FILES = 100_000

logger = logging.getLogger(__name__)


def page_files(folder: Path) -> list[Path]:
    """The pages below a folder, in the order of their paths.

    Raises:
        DataError: It holds more files than a folder of pages does.
    """
    return [path for path in folder_files(folder) if page_format(path)]


def _tell_others(folder: Path, name: str, num_pages: int) -> None:
    """Say how many files of a folder are left out because they are no pages."""
    kinds = Counter(
        path.suffix or path.name for path in folder_files(folder) if not page_format(path)
    )
    if kinds and num_pages:
        shown = ", ".join(f"{count:,} {suffix}" for suffix, count in kinds.most_common(5))
        total = f"{kinds.total():,}"
        logger.warning("%s: %s files are no pages and were left out (%s)", name, total, shown)


def _tell_runs(folder: Path, name: str) -> None:
    """Say which runs lie in a folder, whose reports and data are no pages of it."""
    markers = (marker.parent.relative_to(folder) for marker in folder.rglob(RUN_MARKER))
    runs = sorted(run.as_posix() for run in markers if run.parts and run.parts[0][0] != ".")
    if runs:
        shown = ", ".join(runs[:5]) + (", ..." if len(runs) > 5 else "")
        logger.warning("%s: runs of tunesmith in it were left out (%s)", name, shown)


def folder_files(folder: Path) -> list[Path]:
    """All files below a folder but hidden ones and those of runs in it, sorted.

    Links out of it are not followed.

    Raises:
        DataError: It holds more files than a folder of pages does.
    """
    root = folder.resolve()
    found: list[Path] = []
    for parent, names, files in os.walk(folder, followlinks=False):
        names[:] = sorted(
            name
            for name in names
            if not name.startswith(".") and not Path(parent, name, RUN_MARKER).is_file()
        )
        for name in files:
            path = Path(parent) / name
            if not name.startswith(".") and path.resolve().is_relative_to(root) and path.is_file():
                found.append(path)
        if len(found) > MAX_FILES:
            raise DataError(
                f"holds more than {MAX_FILES:,} files",
                where=str(folder.name),
                cure="Name a folder further down.",
            )
    return sorted(found)


def read_folder(folder: Path, name: str, kind: PageKind | None) -> Iterator[Piece]:
    """What the pages of a folder hold; one that cannot be read costs only itself.

    Args:
        folder: Where the pages are.
        name: What the recipe calls it; a page is named `name/page.md`.
        kind: Of all pages; None finds it for each.

    Raises:
        DataError: It holds no pages.
    """
    pages = page_files(folder)
    if not pages:
        check_file(folder, name)  # says that it is a folder, and what to name instead
    _tell_others(folder, name, len(pages))
    _tell_runs(folder, name)
    for path in pages:
        page = f"{name.rstrip('/')}/{path.relative_to(folder).as_posix()}"
        try:
            check_file(path, page)
            yield from read_page(path, page, kind or _kind_of_page(path, page))
        except (DataError, MissingError) as error:
            where = error.where or page
            source = where if ":" in where else f"{where}:1"
            yield Dropped.of(RowError("unreadable page", error.message), source=source)


def _kind_of_page(path: Path, page: str) -> PageKind:
    """Of what kind a page is; a chat, a table or a log among the pages is none."""
    text = file_head(path, page).decode("utf-8", "replace")
    sign = sign_of_page(text, page_format(path, text[:4096]))
    if sign is not None:
        words = f"seems to be {sign.words}, since {sign.reason}; name it as a source of its own"
        raise DataError(words, where=page)
    return find_page_kind(path, page).kind
