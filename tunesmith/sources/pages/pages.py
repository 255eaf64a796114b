"""A page of text (Markdown, HTML, reStructuredText, plain) -> its questions or its sections.

Which of the two a page holds is seen in its headings: where most of them ask, it is a page
of questions.
"""

import re
from collections.abc import Container, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

from tunesmith.errors import DataError
from tunesmith.sources.material import AnsweredQuestion, Piece, Section
from tunesmith.sources.pages.documents import read_sections
from tunesmith.sources.pages.faq import read_questions
from tunesmith.sources.pages.html.html_pages import read_html
from tunesmith.sources.pages.inline_questions import with_questions
from tunesmith.sources.pages.left_over import left_over
from tunesmith.sources.pages.markdown_pages import read_markdown
from tunesmith.sources.pages.outline import Outline, block_place
from tunesmith.sources.pages.page_spans import PageFormat, page_spans
from tunesmith.sources.pages.page_text import read_page_text
from tunesmith.sources.pages.plain_pages import read_plain
from tunesmith.sources.pages.question_text import asks
from tunesmith.sources.pages.rst_pages import read_rst
from tunesmith.sources.row import Dropped, NotRead, RowError
from tunesmith.sources.tables.strict_json import check_characters

PageKind = Literal["faq", "document"]

_FORMATS: dict[str, PageFormat] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".mdx": "mdx",
    ".rst": "rst",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".txt": "plain",
    ".text": "plain",
}
_SEEN = 1 << 18  # characters that are looked at to find the kind
_PACKED = {".gz", ".zst"}
_NAMES_WITHOUT_SUFFIX = frozenset({"readme", "faq", "install", "howto", "manual", "contributing"})
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S
)
_MARKDOWN = re.compile(r"^(?:#{1,6} \S|```|\*\*\S)", re.MULTILINE)


class FoundKind(NamedTuple):
    """What a page holds, and what speaks for it."""

    kind: PageKind
    reason: str


def page_format(path: Path, head: str = "") -> PageFormat | None:
    """How a page is written, by its name or its beginning; None where it is no page."""
    if _HTML.match(head):
        return "html"
    suffixes = [suffix.lower() for suffix in path.suffixes]
    while suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
    if suffixes and suffixes[-1] in _FORMATS:
        found = _FORMATS[suffixes[-1]]
        return "markdown" if found == "plain" and _MARKDOWN.search(head) else found
    is_known = not suffixes and path.name.lower() in _NAMES_WITHOUT_SUFFIX
    return "markdown" if is_known else None


def find_page_kind(path: Path, name: str) -> FoundKind:
    """Whether a page asks and answers, or tells.

    Raises:
        DataError: It is no text, too long, or nested too deeply.
    """
    outline = _outline(path, name, limit=_SEEN)
    counted = _counted_headings(outline)
    num_asking = sum(asks(text) for text in counted)
    words = f"{num_asking} of {len(counted)} headings and marked lines ask"
    return FoundKind("faq" if 2 * num_asking > len(counted) else "document", words)


def _counted_headings(outline: Outline) -> list[str]:
    """What may ask: not the title, no heading that only groups others, terms only if they do."""
    kinds = ("heading", "question", "summary", "term")
    blocks = list(with_questions(outline.blocks))
    found = []
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        groups = block.kind == "heading" and following is not None and following.kind in kinds
        is_counted = block.kind in ("heading", "question") and not groups and block.text
        if is_counted or (block.kind in kinds and asks(block.text)):
            found.append(block)
    tops = [block for block in found if block.kind == "heading" and block.level == 1]
    is_titled = len(tops) == 1 and len(found) > 1 and not asks(tops[0].text)
    return [block.text for block in found if not (is_titled and block is tops[0])]


def read_page(path: Path, name: str, kind: PageKind) -> Iterator[Piece]:
    """The questions or the sections of a page, in order, then what is none of its text.

    Raises:
        DataError: It is no text, too long, or nested too deeply.
    """
    outline = _outline(path, name)
    pieces = read_questions if kind == "faq" else read_sections
    shown: set[str] = set()
    for piece in pieces(outline, name):
        if not isinstance(piece, Dropped):
            shown.update(piece.headings)
        yield piece if isinstance(piece, Dropped) else _checked(piece)
    yield from _passed_over(outline, name, shown)


def _passed_over(outline: Outline, name: str, shown: Container[str]) -> Iterator[NotRead | Dropped]:
    """What no piece of a page says: its navigation and badges, and all words outside its blocks."""
    for block in outline.blocks:
        if block.kind in ("navigation", "badges"):
            called = "badges and pictures" if block.kind == "badges" else block.kind
            yield NotRead(source=block_place(name, block), name=called, text=block.text)
    said = [block.text for block in outline.blocks]
    said += [outline.title] if outline.title and outline.title in shown else []
    yield from left_over(outline.spans, said, name)


def _outline(path: Path, name: str, *, limit: int | None = None) -> Outline:
    text = read_page_text(path, name)[:limit]
    written = page_format(path, text[:4096]) or "markdown"
    try:
        outline = _read(text, written)
    except RowError as fault:
        raise DataError(
            f"cannot be read: {fault.detail}",
            where=name,
            cure="Take it out of sources, or mend it.",
        ) from None

    spans = outline.spans or tuple(page_spans(text, written)) if limit is None else ()
    return replace(outline, raw=text, spans=spans)


def _read(text: str, written: PageFormat) -> Outline:
    match written:
        case "html":
            return read_html(text)
        case "rst":
            return read_rst(text)
        case "plain":
            return read_plain(text)
        case _:
            return read_markdown(text, is_mdx=written == "mdx")


def _checked(piece: AnsweredQuestion | Section) -> AnsweredQuestion | Section | Dropped:
    """A piece, or Dropped where it holds what training could not use."""
    if isinstance(piece, AnsweredQuestion):
        texts = [piece.question, piece.answer]
    else:
        texts = [*piece.headings, piece.text]
    try:
        check_characters(texts)
    except RowError as fault:
        return Dropped.of(fault, source=piece.source, text="\n".join(texts))
    return piece
