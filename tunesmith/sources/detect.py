"""A file's first bytes and its name -> its kind. The content decides, the name settles ties."""

import json
import re
import zipfile
from pathlib import Path
from typing import Any, get_args

from tunesmith.errors import DataError
from tunesmith.recipe.values import SourceKind
from tunesmith.sources.chats.detect_chats import is_messenger, kind_of_text, kind_of_tree
from tunesmith.sources.chats.dialogues import message_columns
from tunesmith.sources.chunks import file_head, files_in
from tunesmith.sources.pages.pages import find_page_kind, page_format
from tunesmith.sources.tables.tables import find_delimiter

_PACKED = {".gz", ".zst"}
_ARCHIVES = (
    (b"PK\x03\x04", "a zip archive or an Office file"),
    (b"\xfd7zXZ", "packed with xz"),
    (b"BZh", "packed with bzip2"),
    (b"%PDF", "a PDF file"),
)
_KINDS: dict[str, SourceKind] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
}
_USUAL_COLUMNS = frozenset(
    {"instruction", "question", "prompt", "text", "response", "output", "answer", "completion"}
)
_LIST_OF_OBJECTS = re.compile(rb"\[\s*[{\]]")
_OBJECT = re.compile(rb'\{\s*"[^"\n]*"\s*:')


def detect_kind(path: Path, name: str) -> SourceKind:
    """What kind of material a file holds, also where its extension says something else.

    Raises:
        DataError: It is of no kind that Tunesmith reads.
    """
    if path.is_dir() or zipfile.is_zipfile(path):
        return _tree_kind(path, name)
    head = file_head(path, name)
    if kind := _chat_kind(path, head):
        return kind
    if _is_page(path, head):
        return find_page_kind(path, name).kind
    return _kind_of_rows(path, name, head)


def _chat_kind(path: Path, head: bytes) -> SourceKind | None:
    """The kind of a chat or mailbox in plain text; tags of a page would look like nicks."""
    page = page_format(path, head[:4096].decode("utf-8", "replace"))
    return kind_of_text(head) if page in (None, "plain") else None


def _is_page(path: Path, head: bytes) -> bool:
    """Whether a file is a page of text, by its name or as HTML; JSON in it shows otherwise."""
    if head.startswith((b"PAR1", *(magic for magic, _ in _ARCHIVES))) or b"\0" in head:
        return False
    text = head.lstrip()
    is_json = _LIST_OF_OBJECTS.match(text) or _OBJECT.match(text)
    if not text or is_json:
        return False
    return page_format(path, head[:4096].decode("utf-8", "replace")) is not None


def _kind_of_rows(path: Path, name: str, head: bytes) -> SourceKind:
    named = _kind_of_name(path)
    if head.startswith(b"PAR1"):
        return "parquet"
    for magic, words in _ARCHIVES:
        if head.startswith(magic):
            raise _unknown(name, words, "Unpack or export it, and name the result.")
    text = head.lstrip()
    if not text:
        raise DataError(
            "the file holds only blanks", where=name, cure="Write rows into it, or leave it out."
        )
    if text.startswith((b"[", b"{")):
        return _json_kind(text, named)
    return _other_kind(head, named, name)


def _tree_kind(path: Path, name: str) -> SourceKind:
    if kind := kind_of_tree(path, name):
        return kind
    if path.is_dir():
        raise DataError("is a folder, not a file", where=name, cure=files_in(path))
    words = "a zip archive or an Office file, and no export of Slack or Messenger"
    raise _unknown(name, words, "Unpack or export it, and name the result.")


def _kind_of_name(path: Path) -> SourceKind | None:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    while suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
    return _KINDS.get(suffixes[-1]) if suffixes else None


def _json_kind(text: bytes, named: SourceKind | None) -> SourceKind:
    if text.startswith(b"["):
        return "jsonl" if named == "jsonl" and not _LIST_OF_OBJECTS.match(text) else "json"
    return "messenger" if is_messenger(text) else _object_kind(text, named)


def _object_kind(text: bytes, named: SourceKind | None) -> SourceKind:
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


def _other_kind(head: bytes, named: SourceKind | None, name: str) -> SourceKind:
    """A table, or JSON Lines that begin with a bad line; the content is no JSON so far."""
    if b"\0" in head:
        raise _unknown(name, "a binary file", "Name a file of rows.")
    if named in ("csv", "tsv"):
        return named
    if named in ("json", "jsonl") and re.search(rb"^\s*\{", head, re.MULTILINE):
        return "jsonl"
    if named is not None and _looks_like_table(head):
        return "csv"
    if named in ("json", "jsonl"):
        return named
    raise _unknown(name, "of an unknown kind", f"Set kind: {', '.join(get_args(SourceKind))}.")


def _looks_like_table(head: bytes) -> bool:
    header = head.partition(b"\n")[0].decode("utf-8", "replace")
    columns = {column.strip(' "\r').lower() for column in header.split(find_delimiter(head))}
    is_usual = bool(columns & _USUAL_COLUMNS) or message_columns(columns, {}) is not None
    return len(columns) > 1 and is_usual


def _unknown(name: str, words: str, cure: str) -> DataError:
    return DataError(f"the file is {words}", where=name, cure=cure)
