"""The kinds of files of rows, as records: JSON, JSON Lines, CSV, TSV, Parquet, Arrow.

The content decides, the name settles ties.
"""

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal

from tunesmith.sources.dialogues.read_dialogues import message_columns
from tunesmith.sources.kind import Certainty, Recognition, SourceFile, SourceKind
from tunesmith.sources.page_kinds import ARCHIVES, LIST_OF_OBJECTS, format_of, is_page
from tunesmith.sources.row import Dropped, NotRead, Row
from tunesmith.sources.tables.csv_files import read_csv_file
from tunesmith.sources.tables.csv_layout import find_table_layout
from tunesmith.sources.tables.json_files import read_json_file, read_json_lines_file
from tunesmith.sources.tables.tables import (
    ARROW_MARK,
    ARROW_STREAM_MARK,
    read_arrow_file,
    read_parquet_file,
)
from tunesmith.sources.unrecognised import unrecognised

RowKind = Literal["json", "jsonl", "csv", "tsv", "parquet", "arrow"]
PACKED = {".gz", ".gzip", ".zst", ".zstd"}
_SUFFIXES: dict[str, RowKind] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}
_READERS: dict[RowKind, Callable[[Path, str], Iterator[Row | Dropped | NotRead]]] = {
    "json": read_json_file,
    "jsonl": read_json_lines_file,
    "parquet": read_parquet_file,
    "arrow": read_arrow_file,
}
_MANY_LINES = 40  # of a file whose beginning may end within one
_EVEN = 0.9  # of a table's rows have its width, where its name does not say that it is one


@lru_cache(maxsize=4)
def row_kind(file: SourceFile) -> RowKind | None:
    """What kind of rows a file holds, also where its extension says something else."""
    text = file.head.lstrip()
    is_packed = file.head.startswith(tuple(magic for magic, _ in ARCHIVES))
    if file.is_tree or not text or is_packed:
        return None
    if is_page(file):
        is_table = format_of(file) == "plain" or _is_framed_table(file.head)
        return _kind_of_table(file) if is_table else None
    named = _kind_of_name(file.path)
    if file.head.startswith(b"PAR1"):
        return "parquet"
    if file.head.startswith((ARROW_MARK, ARROW_STREAM_MARK)):
        return "arrow"
    if text.startswith(b"["):
        return "jsonl" if named == "jsonl" and not LIST_OF_OBJECTS.match(text) else "json"
    return _object_kind(text, named) if text.startswith(b"{") else _other_kind(file, named)


def read_rows(file: SourceFile) -> Iterator[Row | Dropped | NotRead]:
    """The rows of a file as what they look like; none where it holds none."""
    kind = row_kind(file)
    return iter(()) if kind is None else _read(kind, file)


def _is_framed_table(head: bytes) -> bool:
    """Whether all that a page holds is one table of Markdown."""
    lines = [line.strip() for line in head.splitlines() if line.strip()]
    whole = lines[:-1] if len(lines) > _MANY_LINES else lines
    return len(whole) > 2 and all(line[:1] == line[-1:] == b"|" for line in whole)


def _kind_of_name(path: Path) -> RowKind | None:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    while suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return _SUFFIXES.get(suffixes[-1]) if suffixes else None


def _object_kind(text: bytes, named: RowKind | None) -> RowKind:
    """JSON Lines, or one object over several lines; `text` begins with a brace."""
    first, _, others = text.partition(b"\n")
    if not others.strip():
        return "json" if named == "json" else "jsonl"
    if others.lstrip().startswith(b"{") or _is_object(first):
        return "jsonl"
    return "json" if named == "json" or first.strip() == b"{" else "jsonl"


def _is_object(line: bytes) -> bool:
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict)


def _other_kind(file: SourceFile, named: RowKind | None) -> RowKind | None:
    """A table, or JSON Lines that begin with a bad line; the content is no JSON so far."""
    if b"\0" in file.head:
        return None
    if named in ("csv", "tsv"):
        return named
    if named in ("json", "jsonl") and re.search(rb"^\s*\{", file.head, re.MULTILINE):
        return "jsonl"
    return _kind_of_table(file) or (named if named in ("json", "jsonl") else None)


def _kind_of_table(file: SourceFile) -> RowKind | None:
    """CSV or TSV, if a text without such a name is even and names its columns as tables do."""
    layout = find_table_layout(file.head, named=file.columns)
    is_even = layout.num_rows > 0 and layout.share >= _EVEN
    if len(layout.header) < 2 or not is_even or layout.is_doubtful:
        return None
    if layout.delimiter == "\t":
        return "tsv"
    is_named = layout.num_known > 1 or not file.columns.isdisjoint(layout.header)
    return "csv" if is_named or message_columns(layout.header, {}) is not None else None


def _recognise(kind: RowKind, reason: str, file: SourceFile) -> Recognition | None:
    """Rows may hold anything, so that a kind that knows what these mean may be surer."""
    if row_kind(file) != kind:
        return None
    return Recognition(certainty=Certainty.LIKELY, reason=reason)


def _read(kind: RowKind, file: SourceFile) -> Iterator[Row | Dropped | NotRead]:
    if file.is_tree:
        raise unrecognised(file)
    if kind in ("csv", "tsv"):
        is_tsv = kind == "tsv" and b"\t" in file.head
        delimiter = "\t" if is_tsv else None
        return read_csv_file(file.path, file.name, delimiter=delimiter, named=file.columns)
    return _READERS[kind](file.path, file.name)


def _record(kind: RowKind, description: str, reason: str) -> SourceKind:
    return SourceKind(
        name=kind,
        description=description,
        recognise=partial(_recognise, kind, reason),
        read=partial(_read, kind),
    )


ROW_KINDS = (
    _record("json", "one JSON value, a list of rows", "it holds one JSON value, a list of rows"),
    _record("jsonl", "a JSON object a line", "its lines are JSON objects"),
    _record("csv", "a table of text with a header", "it is a table of text with a header"),
    _record(
        "tsv",
        "a table of text with tabs and a header",
        "it is a table of text with tabs and a header",
    ),
    _record("parquet", "a Parquet file", "it begins with Parquet's mark"),
    _record(
        "arrow", "an Arrow file, as datasets and Feather save it", "it begins as Arrow's files"
    ),
)
