"""Pages in the shape that each generator writes: the text is read, all else is named."""

import html
from pathlib import Path

import pytest

from tunesmith.sources.material import AnsweredQuestion, Section
from tunesmith.sources.pages.pages import read_page
from tunesmith.sources.row import Dropped, NotRead

PAGES = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted((Path(__file__).parent / "files" / "generators").iterdir())
}
TEXT = [  # what each page says, whatever wrote it
    (("Boiling water",), "Fill the kettle."),
    (("Boiling water", "Before you start"), "Read **this** first:\n\n- a plug\n- some water"),
    (("Boiling water", "Steps"), "```sh\nkettle on\n```\n\nThen wait."),
]
NOISE = (
    "Chrome",
    "Crumb",
    "Footnote",
    "Edit",
    "Previous",
    "Next",
    "Copy",
    "Direct link",
    "helpful",
)


@pytest.mark.parametrize("generator", PAGES)
def test_the_text_of_a_generated_page_is_read_exactly(tmp_path: Path, generator: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(PAGES[generator], encoding="utf-8")
    pieces = list(read_page(path, "page.html", "document"))
    sections = [(one.headings, one.text) for one in pieces if isinstance(one, Section)]
    assert sections == TEXT
    assert [one for one in pieces if isinstance(one, Dropped)] == []


@pytest.mark.parametrize("generator", PAGES)
def test_all_else_on_a_generated_page_is_named(tmp_path: Path, generator: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(PAGES[generator], encoding="utf-8")
    pieces = list(read_page(path, "page.html", "document"))
    shown = " ".join(one.text for one in pieces if isinstance(one, NotRead))
    present = [word for word in NOISE if word in html.unescape(PAGES[generator])]
    assert len(present) > 2
    assert [word for word in present if word not in shown] == []
    names = {one.name for one in pieces if isinstance(one, NotRead)}
    assert names & {"navigation", "around the main part", "table of contents"}
    assert names & {"footer", "around the main part"}


@pytest.mark.parametrize("generator", PAGES)
def test_a_generated_page_names_its_product_or_none(tmp_path: Path, generator: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(PAGES[generator], encoding="utf-8")
    pieces = list(read_page(path, "page.html", "document"))
    subjects = {one.subject for one in pieces if isinstance(one, Section)}
    assert subjects <= {"Kettle", ""}


def test_no_generated_page_is_one_of_questions(tmp_path: Path) -> None:
    for page in PAGES.values():
        path = tmp_path / "page.html"
        path.write_text(page, encoding="utf-8")
        pieces = read_page(path, "page.html", "faq")
        assert not any(isinstance(one, AnsweredQuestion) for one in pieces)
