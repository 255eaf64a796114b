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


PARTS = [  # a part of a page, and what it is called
    ("<nav class='theme-doc-breadcrumbs'>", "navigation"),
    ("<ol class='breadcrumb'>", "breadcrumbs"),
    ("<div class='wy-breadcrumbs'>", "breadcrumbs"),
    ("<div class='theme-doc-toc-mobile'>", "table of contents"),
    ("<div class='toc-drawer'>", "table of contents"),
    ("<div class='tableOfContents_bqdL'>", "table of contents"),
    ("<div class='md-sidebar'>", "navigation"),
    ("<div class='VPDocFooter'>", "links to the pages around"),
    ("<div class='rst-footer-buttons'>", "links to the pages around"),
    ("<a class='md-content__button'>", "links of the page"),
    ("<a class='theme-edit-this-page'>", "links of the page"),
    ("<div class='page-metadata'>", "dates and authors of the page"),
    ("<div class='article-votes'>", "comments and votes"),
    ("<div class='comments-area'>", "comments and votes"),
    ("<div role='contentinfo'>", "footer"),
    ("<div class='announcementBar_mb4j'>", "banners"),
    ("<div class='pageSection'>", "lists of attachments"),
]


@pytest.mark.parametrize(("tag", "name"), PARTS)
def test_a_part_around_the_text_has_its_name(tmp_path: Path, tag: str, name: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(f"<html><body><h1>Tea</h1><p>Hot.</p>{tag}Chrome", encoding="utf-8")
    passed_over = list(read_page(path, "page.html", "document"))[1:]
    assert [(type(one), one.name) for one in passed_over] == [(NotRead, name)]


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
