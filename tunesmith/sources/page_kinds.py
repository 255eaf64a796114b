"""The kinds of pages, as records: questions, documents, and folders of both."""

import re
from collections.abc import Iterator
from functools import lru_cache, partial

from tunesmith.errors import DataError
from tunesmith.sources.chunks import files_in
from tunesmith.sources.kind import Certainty, Recognition, SourceFile, SourceKind
from tunesmith.sources.material import Piece
from tunesmith.sources.pages.long_texts import looks_long, read_long_text
from tunesmith.sources.pages.page_folder import page_files, read_folder
from tunesmith.sources.pages.page_spans import PageFormat
from tunesmith.sources.pages.pages import (
    FoundKind,
    PageKind,
    find_page_kind,
    page_format,
    read_page,
)

ARCHIVES = (
    (b"PK\x03\x04", "a zip archive or an Office file"),
    (b"\xfd7zXZ", "packed with xz"),
    (b"BZh", "packed with bzip2"),
    (b"%PDF", "a PDF file"),
)
LIST_OF_OBJECTS = re.compile(rb"\[\s*[{\]]")
_OBJECT = re.compile(rb'\{\s*"[^"\n]*"\s*:')


def format_of(file: SourceFile) -> PageFormat | None:
    """How a page is written, by its name or its beginning; None where it is no page."""
    return page_format(file.path, file.head[:4096].decode("utf-8", "replace"))


def is_page(file: SourceFile) -> bool:
    """Whether a file is a page of text, by its name or as HTML; JSON in it shows otherwise."""
    head = file.head
    if head.startswith((b"PAR1", *(magic for magic, _ in ARCHIVES))) or b"\0" in head:
        return False
    text = head.lstrip()
    is_json = LIST_OF_OBJECTS.match(text) or _OBJECT.match(text)
    return bool(text) and not is_json and format_of(file) is not None


@lru_cache(maxsize=4)
def _found(file: SourceFile) -> FoundKind | None:
    """What a page holds; two kinds ask."""
    return find_page_kind(file.path, file.name) if is_page(file) else None


def _recognise_page(kind: PageKind, file: SourceFile) -> Recognition | None:
    found = _found(file)
    if found is None or found.kind != kind:
        return None
    return Recognition(certainty=Certainty.FALLBACK, reason=found.reason)


def _recognise_folder(file: SourceFile) -> Recognition | None:
    if not file.path.is_dir() or not page_files(file.path):
        return None
    return Recognition(certainty=Certainty.FALLBACK, reason="each page in it by its own kind")


def _read(kind: PageKind | None, file: SourceFile) -> Iterator[Piece]:
    """One page, or all of a folder, of one kind or each of its own."""
    if not file.path.is_dir():
        return read_page(file.path, file.name, kind or find_page_kind(file.path, file.name).kind)
    if not page_files(file.path):
        raise DataError("is a folder, not a file", where=file.name, cure=files_in(file.path))
    return read_folder(file.path, file.name, kind)


def _recognise_text(file: SourceFile) -> Recognition | None:
    if not is_page(file) or format_of(file) != "plain":
        return None
    reason = looks_long(file.head.decode("utf-8", "ignore"))
    return None if reason is None else Recognition(certainty=Certainty.FALLBACK, reason=reason)


TEXT = SourceKind(
    name="text",
    description="a long plain text (a novel, wikitext), in passages to be continued",
    recognise=_recognise_text,
    read=lambda file: read_long_text(file.path, file.name),
)
FAQ = SourceKind(
    name="faq",
    description="a page, or a folder of pages, that asks and answers",
    recognise=partial(_recognise_page, "faq"),
    read=partial(_read, "faq"),
    takes_folders=True,
)
DOCUMENT = SourceKind(
    name="document",
    description="a page, or a folder of pages, that tells: a manual, a README",
    recognise=partial(_recognise_page, "document"),
    read=partial(_read, "document"),
    takes_folders=True,
)
# Found, and shown; a recipe names no such kind: each page has its own.
PAGE_FOLDER = SourceKind(
    name="folder",
    description="a folder of pages",
    recognise=_recognise_folder,
    read=partial(_read, None),
    takes_folders=True,
)
