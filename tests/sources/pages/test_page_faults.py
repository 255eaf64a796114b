"""Pages that are damaged, huge or built to break a parser: a clear error or a counted reason."""

import logging
from pathlib import Path

import pytest

from tests.sources.reading import read_content
from tunesmith.errors import DataError
from tunesmith.recipe.recipe import SourceRecipe
from tunesmith.sources.material import AnsweredQuestion, Section
from tunesmith.sources.pages.page_text import MAX_PAGE_BYTES
from tunesmith.sources.read_source import read_source
from tunesmith.sources.row import Dropped

DEPTH = 50_000


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.md", b"", "the file is empty"),
        ("a.html", b" \n\n", "only blanks"),
        ("a.md", b"# Title\n\nText \xff\xfe text\n", r"a\.md:3: not UTF-8: byte 0xff"),
        ("a.md", b"# Title\n\nText\0text\n", "binary"),
        ("a.html", b"<html>" + b"<div>" * DEPTH + b"text", "nested more than"),
        ("a.html", b"<html><h1>T</h1>" + b"<ul><li>" * DEPTH + b"text", "nested more than"),
        ("a.md", b"# T\n\n" + b"<div>" * DEPTH + b"text\n", "nested more than"),
        ("a.rst", b"T\n=\n\n" + b"* " * 5000 + b"text\n", "nested too deeply"),
        ("a.rst", b"T\n=\n\n" + b"a *b `c " * DEPTH + b"\n", "line 4 is longer than"),
    ],
)
def test_a_page_that_cannot_be_read_says_why(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read_content(tmp_path, name, content)
    assert caught.value.cure


@pytest.mark.parametrize("suffix", ["md", "mdx", "html", "rst", "txt"])
def test_a_line_of_100_megabytes_is_refused_before_it_is_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    with path.open("wb") as stream:
        stream.write(b"# Title\n\ntext ")
        stream.truncate(100 << 20)  # a sparse file: the rest reads as NUL
    with pytest.raises(DataError):
        list(read_source(SourceRecipe(path=path.name), folder=tmp_path))
    path.write_bytes(b"# Title\n\n" + b"text " * (MAX_PAGE_BYTES // 5))
    with pytest.raises(DataError, match="longer than 16 MB"):
        list(read_source(SourceRecipe(path=path.name), folder=tmp_path))


@pytest.mark.parametrize(
    "content",
    [
        b"# T\n\n" + b">" * DEPTH + b" text\n",
        b"# T\n\n" + b"- " * 5000 + b"text\n",
        b"# T\n\n" + b"*a **b " * DEPTH + b"\n",
        b"# T\n\n" + b"[" * DEPTH + b"text" + b"]" * DEPTH + b"\n",
        b"# T\n\n" + b"<details>\n" * DEPTH + b"<summary>Then</summary>\ntext\n",
        b"# T\n\n" + b"`" * DEPTH + b" text\n",
    ],
    ids=["quotes", "lists", "emphasis", "brackets", "details", "ticks"],
)
def test_nesting_that_markdown_allows_costs_little_and_loses_nothing(
    tmp_path: Path, content: bytes
) -> None:
    # A parser of quadratic cost would take minutes here.
    items = read_content(tmp_path, "a.md", content)
    assert [type(item) for item in items] == [Section]


def test_an_encoding_that_a_page_declares_is_believed(tmp_path: Path) -> None:
    content = b'<html><meta charset="iso-8859-1"><h1>Caf\xe9</h1><p>Tr\xe8s bon.</p>'
    (section,) = read_content(tmp_path, "a.html", content)
    assert isinstance(section, Section)
    assert (section.headings, section.text) == (("Café",), "Très bon.")


def test_utf16_is_read_with_a_notice(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        (section,) = read_content(tmp_path, "a.md", "# Title\n\nText\n".encode("utf-16"))
    assert isinstance(section, Section)
    assert "UTF-16" in caplog.text


@pytest.mark.parametrize(
    ("name", "content", "answer"),
    [
        ("a.md", b"# FAQ\n\n## Why?\n\nSo:\n\n```sh\nmake", "So:\n\n```sh\nmake"),
        ("a.html", b"<html><h1>FAQ</h1><h2>Why?</h2><p>So <a href='x", "So"),
        ("a.md", b"# FAQ\r\n\r\n## Why?\r\n\r\nSo.\r\n", "So."),
    ],
)
def test_half_a_page_gives_what_is_there(
    tmp_path: Path, name: str, content: bytes, answer: str
) -> None:
    questions = [
        i for i in read_content(tmp_path, name, content) if isinstance(i, AnsweredQuestion)
    ]
    assert [item.answer.strip() for item in questions] == [answer]


@pytest.mark.parametrize("lone", ["</div>", "<!-- a note -->", "</p></p>", "</"])
def test_a_piece_without_an_element_in_it_costs_nothing(tmp_path: Path, lone: str) -> None:
    content = f"# Widget\n\nIt turns.\n\n{lone}\n\n## Gadget\n\nIt spins.\n".encode()
    items = read_content(tmp_path, "a.md", content)
    assert [item.text.split("\n")[0] for item in items if isinstance(item, Section)] == [
        "It turns.",
        "It spins.",
    ]


def test_a_bad_page_of_a_folder_costs_only_itself(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.md").write_bytes(b"# Good\n\nText.\n")
    (folder / "b.md").write_bytes(b"# Bad\n\n\xff\n")
    (folder / "c.html").write_bytes(b"<html>" + b"<div>" * DEPTH)
    (folder / "d.md").write_bytes(b"")
    (folder / "e.md").symlink_to(tmp_path / "secret.md")
    (tmp_path / "secret.md").write_bytes(b"# Secret\n\nText.\n")
    items = list(read_source(SourceRecipe(path="docs"), folder=tmp_path))
    assert [item.source for item in items if isinstance(item, Section)] == ["docs/a.md:1#good"]
    dropped = [(item.source, item.reason) for item in items if isinstance(item, Dropped)]
    assert dropped == [
        ("docs/b.md:3", "unreadable page"),
        ("docs/c.html:1", "unreadable page"),
        ("docs/d.md:1", "unreadable page"),
    ]
