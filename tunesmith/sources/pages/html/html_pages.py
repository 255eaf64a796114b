"""HTML -> an Outline, each block with its line and the anchor of each heading.

lxml finds the elements, markdownify writes their Markdown. Navigation, headers, footers,
scripts and side bars are no text of the page: `html_spans` says what they are called.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tunesmith.sources.pages.html.accordions import accordions_of, faq_data, place_panels
from tunesmith.sources.pages.html.html_chrome import chrome_name
from tunesmith.sources.pages.html.html_elements import (
    ANCHOR_PARENTS,
    BLOCKS,
    CONTAINERS,
    FRAMES,
    LISTS,
    STRUCTURE,
    anchor_of,
    as_markdown,
    cut_out_blocks,
    heading_level,
    heading_text,
    html_escaped,
    inner_html,
    mark_languages,
    serialised,
)
from tunesmith.sources.pages.html.html_spans import html_spans
from tunesmith.sources.pages.markdown_text import prose_block
from tunesmith.sources.pages.outline import Block, BlockKind, Outline, PageLines
from tunesmith.sources.pages.question_text import MAX_QUESTION, asks
from tunesmith.sources.row import RowError

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_SITE_NAMES = "//meta[@property='og:site_name' or @name='application-name']/@content"
MAX_DEPTH = 150  # elements within each other; pages have 10 to 40


def read_html(text: str) -> Outline:
    """Read a page.

    Raises:
        RowError: Its elements are nested too deeply to be a page.
    """
    page = _parsed(text)
    title = page.findtext(".//title")
    root = next(iter(page.xpath("//main | //*[@role='main']")), page)
    spans = tuple(html_spans(page, root))
    data = list(faq_data(page))
    lines = PageLines(text.split("\n"))
    place_panels(root)
    blocks = [lines.placed(block) for block in _Walk(1, {}, root).element(root)]
    blocks += _unseen(data, blocks)
    names = page.xpath(_SITE_NAMES)
    return Outline(
        blocks=tuple(blocks),
        title=" ".join(title.split()) if title else None,
        site=" ".join(names[0].split()) if names else "",
        spans=spans,
    )


def _unseen(data: Iterable[tuple[int, str, str]], blocks: Iterable[Block]) -> Iterator[Block]:
    """The questions of an FAQPage that its text does not show, each with its answer."""
    shown = {"".join(block.text.casefold().split()) for block in blocks}
    for line, question, answer in data:
        if "".join(question.casefold().split()) not in shown:
            yield Block(kind="question", text=question, line=line)
            yield from html_blocks(answer, line)


def html_blocks(
    text: str, first_line: int, *, references: Mapping[str, str] | None = None
) -> Iterator[Block]:
    """The blocks of a piece of HTML that stands in another page from a line on."""
    page = _parsed(text)
    yield from _Walk(first_line, references or {}, page).element(page)


def _parsed(text: str) -> "HtmlElement":
    import lxml.html  # noqa: PLC0415 - only pages need it

    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True, remove_pis=True)
    data = text.encode("utf-8", "replace")
    try:
        page = lxml.html.document_fromstring(data, parser=parser, ensure_head_body=True)
    except lxml.etree.ParserError:  # no element is in it, as in a lone "</div>"
        page = lxml.html.document_fromstring("<html/>", parser=parser, ensure_head_body=True)
    _check_depth(page)
    mark_languages(page)
    return page


def _check_depth(page: "HtmlElement") -> None:
    depth = 0
    from lxml import etree  # noqa: PLC0415

    for event, _ in etree.iterwalk(page, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise RowError(
                "nested too deeply", f"elements are nested more than {MAX_DEPTH} levels deep"
            )


def _list_of(item: "HtmlElement") -> "HtmlElement | None":
    return next(item.iterancestors("dl"), None)


class _Walk:
    """One walk through a tree."""

    def __init__(self, first_line: int, references: Mapping[str, str], page: "HtmlElement") -> None:
        self._offset = first_line - 1
        self._references = references
        self._toggles, self._holders, self._frames = accordions_of(page)

    def element(self, element: "HtmlElement") -> Iterator[Block]:
        """The blocks that an element holds."""
        inline: list[str] = [html_escaped(element.text)]
        line = self._line(element)
        for child in element:
            if not isinstance(child.tag, str):
                inline.append(html_escaped(child.tail))
                continue
            if chrome_name(child) and child not in self._toggles:
                inline.append(html_escaped(child.tail))
            elif self._is_inline(child):
                inline.append(serialised(child))
            else:
                yield from self._converted("text", "".join(inline), line)
                yield from self._block(child)
                inline, line = [html_escaped(child.tail)], self._line(child)
        yield from self._converted("text", "".join(inline), line)

    def _block(self, element: "HtmlElement") -> Iterator[Block]:
        tag = element.tag
        if heading_level(element) or element in self._toggles:
            yield from self._heading(element)
        elif tag == "details":
            yield from self._details(element)
        elif tag == "dl":
            yield from self._definitions(element)
        elif tag == "hr":
            return
        elif (tag in CONTAINERS or element in self._holders) and self._holds_blocks(element):
            yield from self.element(element)
            if element in self._frames:
                yield Block(kind="close", text="", line=self._line(element))
        else:
            kind: BlockKind = "code" if tag == "pre" else "list" if tag in LISTS else "text"
            yield from self._converted(kind, serialised(element, tail=False), self._line(element))

    def _is_inline(self, element: "HtmlElement") -> bool:
        if element.tag in BLOCKS or heading_level(element):
            return False
        if element in self._toggles or element in self._holders:
            return False
        return next(element.iter(*BLOCKS), None) is None

    def _holds_blocks(self, element: "HtmlElement") -> bool:
        """Whether an element is walked into; lists and tables only for what they frame."""
        if element in self._holders:
            return True
        wanted = BLOCKS if element.tag in ANCHOR_PARENTS | FRAMES else STRUCTURE
        inner = element.iter(*wanted)
        first = next(inner, None)
        is_own = first is element
        found = next(inner, None) if is_own else first
        return found is not None

    def _heading(self, element: "HtmlElement") -> Iterator[Block]:
        within = [] if element in self._toggles else cut_out_blocks(element)
        yield from self._heading_alone(element)
        for block in within:  # a heading whose end tag is missing holds what follows it
            yield from self._block(block)
            yield from self._converted("text", html_escaped(block.tail), self._line(block))

    def _heading_alone(self, element: "HtmlElement") -> Iterator[Block]:
        text = heading_text(element)
        line = self._line(element)
        if not text:
            return
        if len(text) > MAX_QUESTION:
            yield Block(kind="text", text=text, line=line)
            return
        level = heading_level(element)
        kind: BlockKind = "heading" if level else "question" if asks(text) else "toggle"
        yield Block(kind=kind, text=text, line=line, level=level or 7, anchor=anchor_of(element))

    def _details(self, element: "HtmlElement") -> Iterator[Block]:
        summary = element.find("summary")
        text = heading_text(summary) if summary is not None else ""
        line = self._line(element if summary is None else summary)
        yield Block(kind="summary", text=text, line=line, anchor=anchor_of(element))
        if summary is not None:
            tail = summary.tail
            element.remove(summary)
            element.text = f"{element.text or ''}{tail or ''}"
        yield from self.element(element)
        yield Block(kind="end", text="", line=line)

    def _definitions(self, element: "HtmlElement") -> Iterator[Block]:
        """Terms with their definitions; of several terms for one, each that asks has its own."""
        terms: list[HtmlElement] = []
        shown: list[Block] = []
        items = [one for one in element.iter("dt", "dd") if _list_of(one) is element]
        for item in [*items, None]:
            if item is not None and item.tag == "dd":
                html = inner_html(item)
                shown += self._definition(html, self._line(item))
                continue
            if shown or item is None:
                yield from self._entry(terms, shown)
                terms, shown = [], []
            if item is not None:
                terms.append(item)

    def _definition(self, html: str, line: int) -> Iterator[Block]:
        for block in self._converted("definition", html, line):
            yield Block(kind="definition", text=block.text, line=block.line)

    def _entry(self, terms: Sequence["HtmlElement"], shown: Sequence[Block]) -> Iterator[Block]:
        named = [(heading_text(term), term) for term in terms]
        kept = [(text, term) for text, term in named if text]
        if len(kept) > 1 and not all(asks(text) for text, _ in kept):
            kept = [(" / ".join(text for text, _ in kept), kept[0][1])]
        for text, term in kept:
            yield Block(kind="term", text=text, line=self._line(term), anchor=anchor_of(term))
            yield from shown
        if not kept:
            yield from shown

    def _converted(self, kind: BlockKind, html: str, line: int) -> Iterator[Block]:
        if not html.strip():
            return
        markdown = as_markdown(html)
        if kind == "code":
            yield Block(kind="code", text=markdown.strip("\n"), line=line)
        elif markdown.strip():
            yield from prose_block(kind, markdown.strip("\n"), line, self._references)

    def _line(self, element: "HtmlElement") -> int:
        line: int = element.sourceline or 1
        return line + self._offset
