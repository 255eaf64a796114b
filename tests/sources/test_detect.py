"""The kind of a file is seen in its content; a wrong extension does no harm."""

import gzip
import io
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.sources.reading import read_content
from tunesmith.errors import DataError
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.recipe.values import KIND_NAMES
from tunesmith.sources.detect import detect_kind
from tunesmith.sources.kind import Certainty, SourceFile
from tunesmith.sources.kinds import BUILT_IN, NAMES
from tunesmith.sources.read_source import read_source

LINES = b'{"a": 1}\n{"a": 2}\n'
LIST = b'[\n{"a": 1}\n]'
TABLE = b"question,answer\n1,2\n3,4\n"


def parquet() -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table({"a": [1]}), stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        *((name, LINES, "jsonl") for name in ("a.jsonl", "a.json", "a.csv", "a.parquet", "a")),
        *((name, LIST, "json") for name in ("a.json", "a.jsonl", "a.csv", "a.txt")),
        ("a.csv", TABLE, "csv"),
        ("a.jsonl", TABLE, "csv"),
        ("a.TSV", TABLE, "tsv"),
        ("a.jsonl", parquet(), "parquet"),
        ("a.parquet", parquet(), "parquet"),
        ("a.jsonl.gz", gzip.compress(LINES, mtime=0), "jsonl"),
        ("a.jsonl", gzip.compress(LIST, mtime=0), "json"),
        ("a.csv.gz", gzip.compress(TABLE, mtime=0), "csv"),
        ("a.jsonl", b'{"a": \n' + LINES, "jsonl"),
        ("a.jsonl", b"broken\n" + LINES, "jsonl"),
        ("a.jsonl", b'{"a": 1}\nbroken\n', "jsonl"),
        ("a.json", b'{"a": 1}\nbroken\n', "jsonl"),
        ("a.jsonl", b'{\n "a": 1\n}', "json"),
        ("a.json", b'{"a": 1}', "json"),
        ("a.json", b'{"a": 1,\n "b": 2}', "json"),
        ("a.jsonl", b'{"a": 1}', "jsonl"),
        ("a.jsonl", b"[1, 2]\n[3]\n", "jsonl"),
        ("a.jsonl", b"\n\n  {}\n", "jsonl"),
        ("a.jsonl", '{"a": 1}\n'.encode("utf-16"), "jsonl"),
        ("a.jsonl", b"hello, world\nfine, thanks\n", "jsonl"),
        ("a.md", b"# Title\n\nText, text\n", "document"),
        ("a.md", b"# Title\n\n## What is it?\n\nA tool.\n", "faq"),
        ("a.md", b"# Help\n\n## Pay\n\n### Why?\n\nSo.\n\n## Send\n\n### How?\n\nSo.\n", "faq"),
        ("a.md", LINES, "jsonl"),
        ("a.dat", b"<!doctype html><h1>Title</h1><p>Text</p>", "document"),
        ("README", b"Title\n=====\n\nText\n", "document"),
    ],
)
def test_the_kind_is_seen_in_the_content(
    tmp_path: Path, name: str, content: bytes, kind: str
) -> None:
    (tmp_path / name).write_bytes(content)
    detected = detect_kind(SourceFile(path=tmp_path / name, name=name))
    assert detected.kind.name == kind
    assert detected.recognition.reason


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.xlsx", b"PK\x03\x04....", "a zip archive or an Office file"),
        ("a.jsonl.xz", b"\xfd7zXZ\0\0", "packed with xz"),
        ("a.log", b"# Title\n\nText, text\n", "of an unknown kind"),
        ("a.jsonl", b"\x7fELF\0\0\0\0\1\2\3", "a binary file"),
        ("a.jsonl", b"\0" * 1000, "a binary file"),
        ("a.jsonl", b"  \n\n", "only blanks"),
    ],
)
def test_what_is_no_data_is_refused_with_a_cure(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read_content(tmp_path, name, content)
    assert caught.value.where == name
    assert caught.value.cure


@pytest.mark.parametrize(
    ("member", "words", "cure"),
    [
        ("xl/workbook.xml", "an Excel workbook", "CSV UTF-8, or Unicode Text"),
        ("word/document.xml", "a Word document", "HTML, Markdown or plain text"),
        ("content.xml", "an OpenDocument file", "CSV UTF-8"),
        ("Index/Tables/Tile.iwa", "a Numbers spreadsheet", "Export To > CSV"),
        ("notes.bin", "a zip archive or an Office file", "Unpack or export it"),
    ],
)
@pytest.mark.parametrize("kind", [None, "csv"])
def test_an_office_file_is_refused_by_its_name_with_a_way(
    tmp_path: Path, member: str, words: str, cure: str, kind: str | None
) -> None:
    with zipfile.ZipFile(tmp_path / "book.xlsx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr(member, "<x/>")
    with pytest.raises(DataError, match=words) as caught:
        list(read_source(SourceRecipe(path="book.xlsx", kind=kind), folder=tmp_path))
    assert caught.value.where == "book.xlsx"
    assert cure in str(caught.value.cure)


def test_an_old_office_file_is_refused_with_a_way(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="old Office format, or an encrypted one") as caught:
        read_content(tmp_path, "a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    assert "Save As > CSV UTF-8" in str(caught.value.cure)


def test_the_table_holds_the_kinds_that_a_recipe_names() -> None:
    assert sorted(NAMES) == sorted(KIND_NAMES.built_in)
    assert len({kind.name for kind in BUILT_IN}) == len(BUILT_IN)
    assert all(kind.description for kind in BUILT_IN)


@pytest.mark.parametrize(
    ("name", "content", "certainty"),
    [
        ("a.json", b'{"participants": [{}], "messages": [{"sender_name": "A"}]}', "CERTAIN"),
        ("a.txt", b"[10:00] <ann> hi\n[10:01] <bob> hello\n", "LIKELY"),
        ("a.csv", TABLE, "LIKELY"),
        ("a.md", b"# Title\n\nText\n", "FALLBACK"),
    ],
)
def test_a_kind_says_how_sure_it_is(
    tmp_path: Path, name: str, content: bytes, certainty: str
) -> None:
    (tmp_path / name).write_bytes(content)
    found = detect_kind(SourceFile(path=tmp_path / name, name=name))
    assert found.recognition.certainty == Certainty[certainty]


@pytest.mark.parametrize("kind", [*NAMES])
def test_a_folder_of_pages_is_read_only_as_what_may_be_a_folder(tmp_path: Path, kind: str) -> None:
    (tmp_path / "manual").mkdir()
    (tmp_path / "manual" / "a.md").write_text("# Title\n\nText\n")
    try:
        pieces = list(read_source(SourceRecipe(path="manual", kind=kind), folder=tmp_path))
    except DataError as error:
        assert kind not in ("faq", "document")
        assert error.where == "manual"  # noqa: PT017
    else:
        assert kind in ("faq", "document")
        assert pieces
