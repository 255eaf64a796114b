"""Long plain texts become passages; whatever asks, talks or is a table stays what it is."""

import random
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tunesmith.errors import DataError
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.lines import num_characters
from tunesmith.sources.pages.long_texts import PASSAGE, is_heading
from tunesmith.sources.read_source import explain_source, read_source
from tunesmith.sources.row import Row

DRAW = random.Random(1)
WORDS = [
    "".join(DRAW.choice("bdfglmnprst") + DRAW.choice("aeiou") for _ in range(1 + n % 4))
    for n in range(900)
]


def sentence(end: str = ".") -> str:
    return " ".join(DRAW.choice(WORDS) for _ in range(9)).capitalize() + end


def paragraph(count: int = 6) -> str:
    return textwrap.fill(" ".join(sentence() for _ in range(count)), 72)


def novel() -> str:
    chapters = (
        [f"CHAPTER {number}", *(paragraph() for _ in range(9)), f'"{sentence("?")}"', paragraph()]
        for number in range(1, 11)
    )
    return "\n\n".join(["THE HARBOUR", *(part for chapter in chapters for part in chapter)])


def wikitext() -> str:
    long_line = " ".join(sentence() for _ in range(20))
    articles = (f" = Place {n} = \n \n {long_line} \n {long_line} \n" for n in range(20))
    sections = " = = Sights = = \n \n"
    return "".join(f"{article} {sections} {long_line} \n" for article in articles)


TEXTS: dict[str, Callable[[], str]] = {
    "novel": novel,
    "wikitext": wikitext,
    "paragraphs": lambda: "\n\n".join(paragraph() for _ in range(90)),
    "a line a paragraph": lambda: "\n".join(
        " ".join(sentence() for _ in range(12)) for _ in range(60)
    ),
    "one line": lambda: " ".join(sentence() for _ in range(600)),
    "dashes for speech": lambda: "\n\n".join(
        f"{paragraph()}\n\n— {sentence(' ?')}" for _ in range(70)
    ),
    "Chinese": lambda: "\n\n".join(f"第{n}回\n\n" + "山高月小，水落石出。" * 90 for n in range(20)),
    "no blanks": lambda: "\n\n".join("木" * 4_000 + "。" for _ in range(6)),
}
OTHERS: dict[str, tuple[str, Callable[[], str]]] = {
    "questions": (
        "faq",
        lambda: "\n\n".join(f"{sentence('?')}\n\n{paragraph()}" for _ in range(80)),
    ),
    "marked questions": (
        "faq",
        lambda: "\n\n".join(f"Q: {sentence('?')}\nA: {paragraph()}" for _ in range(80)),
    ),
    "numbered headings": (
        "document",
        lambda: "\n\n".join(f"{n}.{n} Of it\n\n{paragraph(20)}" for n in range(1, 60)),
    ),
    "underlined headings": (
        "document",
        lambda: "\n\n".join(f"Of it\n=====\n\n{paragraph(20)}" for _ in range(40)),
    ),
    "speakers with paragraphs": (
        "document",
        lambda: "\n\n".join(f"{('Ann', 'Bob')[n % 2]}: {paragraph()}" for n in range(90)),
    ),
    "a short text": ("document", lambda: "\n\n".join(paragraph() for _ in range(9))),
    "a chat": (
        "transcript",
        lambda: "\n".join(
            f"[{n // 60:02}:{n % 60:02}] {('Ann', 'Bob')[n % 2]}: {sentence()}" for n in range(700)
        ),
    ),
}


def saved(folder: Path, text: str) -> SourceRecipe:
    (folder / "text.txt").write_text(text, encoding="utf-8")
    return SourceRecipe(path="text.txt")


@pytest.mark.parametrize("name", TEXTS)
def test_a_long_text_is_cut_into_passages_and_nothing_of_it_is_lost(
    tmp_path: Path, name: str
) -> None:
    text = TEXTS[name]()
    source = saved(tmp_path, text)
    found = explain_source(source, folder=tmp_path)
    assert (found.kind, found.reason[:10]) == ("text", "it is long")
    rows = [row for row in read_source(source, folder=tmp_path) if isinstance(row, Row)]
    passages = [str(row.fields["text"]) for row in rows]
    assert sum(map(num_characters, passages)) == num_characters(text)
    assert max(map(len, passages)) <= 3 * PASSAGE
    assert len(passages) <= 1 + 3 * len(text) // PASSAGE


@pytest.mark.parametrize("name", OTHERS)
def test_what_asks_talks_or_has_headings_is_no_long_text(tmp_path: Path, name: str) -> None:
    kind, make = OTHERS[name]
    assert explain_source(saved(tmp_path, make()), folder=tmp_path).kind == kind


@pytest.mark.parametrize(
    "make",
    [
        lambda: "\n".join(f"{('Ann', 'Bob')[n % 2]}: {sentence()}" for n in range(700)),
        lambda: "\n".join(";".join((sentence(), sentence(), "x")) for _ in range(300)),
    ],
    ids=["dialogue", "table"],
)
def test_what_seems_to_be_another_thing_is_asked_about(
    tmp_path: Path, make: Callable[[], str]
) -> None:
    with pytest.raises(DataError, match="seems to be"):
        explain_source(saved(tmp_path, make()), folder=tmp_path)


def test_a_chapter_has_one_group_and_a_passage_only_one_chapter(tmp_path: Path) -> None:
    rows = list(read_source(saved(tmp_path, novel()), folder=tmp_path))
    groups = {str(row.fields.get("group")) for row in rows if isinstance(row, Row)}
    assert len(groups) == 11  # and what stands before the first
    for row in rows:
        assert isinstance(row, Row)
        assert str(row.fields["text"]).count("CHAPTER") <= 1


def test_any_text_is_read_so_where_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"# What?\n\nThis \xff.\nAnd that.\n")
    source = SourceRecipe(path="a.md", kind="text")
    rows = list(read_source(source, folder=tmp_path))
    assert [row.fields["text"] for row in rows if isinstance(row, Row)] != []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("CHAPTER IV.", True),
        ("Kapitel 3", True),
        ("第十二回 石出", True),
        (" = = Sights = = ", True),
        ("== Sights ==", True),
        ("Part of the sea was calm,", False),
        ("a = b", False),
        ("=====", False),
    ],
)
def test_headings_of_chapters_and_wikitext_are_known(line: str, found: bool) -> None:
    assert is_heading(line) is found
