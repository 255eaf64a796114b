"""HTML -> an Outline, each block with its line and the anchor of each heading.

lxml finds the elements, markdownify writes their Markdown. Navigation, headers, footers,
scripts and side bars are no text of the page.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tunesmith.sources.markdown_text import prose_block
from tunesmith.sources.outline import Block, BlockKind, Outline, PageLines
from tunesmith.sources.question_text import MAX_QUESTION, asks
from tunesmith.sources.row import RowError

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_DEPTH = 150  # elements within each other; pages have 10 to 40

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SKIPPED = frozenset(
    [
        "script",
        "style",
        "template",
        "noscript",
        "svg",
        "nav",
        "footer",
        "iframe",
        "select",
        "option",
        "input",
        "textarea",
        "head",
        "title",
        "canvas",
        "object",
        "audio",
        "video",
        "map",
        "meta",
        "link",
        "button",
        "dialog",
    ]
)
_CHROME = frozenset(
    [
        "toc",
        "table-of-contents",
        "contents",
        "toctree-wrapper",
        "sidebar",
        "sphinxsidebar",
        "navbar",
        "breadcrumb",
        "breadcrumbs",
        "nav",
        "navigation",
        "footer",
        "site-footer",
        "page-footer",
        "copyright",
        "pagination",
        "pager",
        "headerlink",
        "skip-link",
        "skip-to-content",
        "edit-this-page",
        "cookie-banner",
        "related",
        "prev-next",
    ]
)
_CHROME_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary"})
_CALLOUT = re.compile(r"note|tip|warning|callout|admonition|alert|important|info", re.I)
_CONTAINERS = frozenset(
    [
        "html",
        "body",
        "div",
        "section",
        "article",
        "main",
        "header",
        "form",
        "fieldset",
        "center",
        "aside",
        "figure",
        "dd",
        "li",
        "ul",
        "ol",
        "blockquote",
        "table",
        "tbody",
        "tr",
        "td",
        "font",
        "span",
    ]
)
_BLOCKS = frozenset(
    [
        "p",
        "pre",
        "ul",
        "ol",
        "table",
        "blockquote",
        "div",
        "section",
        "article",
        "main",
        "header",
        "form",
        "fieldset",
        "center",
        "aside",
        "figure",
        "dl",
        "details",
        "hr",
        "address",
    ]
) | set(_HEADINGS)
_LISTS = frozenset({"ul", "ol"})
_STRUCTURE = [*_HEADINGS, "details", "dl"]
_QUESTION_CLASS = re.compile(
    r"question|accordion[\w-]*(?:header|title|button|head)|faq[\w-]*title", re.I
)
_ANCHOR_PARENTS = frozenset({"section", "div", "article"})


def read_html(text: str) -> Outline:
    """Read a page.

    Raises:
        RowError: Its elements are nested too deeply to be a page.
    """
    page = _parsed(text)
    title = page.findtext(".//title")
    root = next(iter(page.xpath("//main | //*[@role='main']")), page)
    lines = PageLines(text.split("\n"))
    blocks = [lines.placed(block) for block in _Walk(1, {}).element(root)]
    return Outline(blocks=tuple(blocks), title=" ".join(title.split()) if title else None)


def html_blocks(
    text: str, first_line: int, *, references: Mapping[str, str] | None = None
) -> Iterator[Block]:
    """The blocks of a piece of HTML that stands in another page from a line on."""
    yield from _Walk(first_line, references or {}).element(_parsed(text))


def _parsed(text: str) -> "HtmlElement":
    import lxml.html  # noqa: PLC0415 - only pages need it

    parser = lxml.html.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True
    )
    data = text.encode("utf-8", "replace")
    page = lxml.html.document_fromstring(data, parser=parser, ensure_head_body=True)
    _check_depth(page)
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


class _Walk:
    """One walk through a tree."""

    def __init__(self, first_line: int, references: Mapping[str, str]) -> None:
        self._offset = first_line - 1
        self._references = references

    def element(self, element: "HtmlElement") -> Iterator[Block]:
        """The blocks that an element holds."""
        inline: list[str] = [_escaped(element.text)]
        line = self._line(element)
        for child in element:
            if not isinstance(child.tag, str):
                inline.append(_escaped(child.tail))
                continue
            if _is_chrome(child):
                inline.append(_escaped(child.tail))
            elif self._is_inline(child):
                inline.append(_serialised(child))
            else:
                yield from self._converted("text", "".join(inline), line)
                yield from self._block(child)
                inline, line = [_escaped(child.tail)], self._line(child)
        yield from self._converted("text", "".join(inline), line)

    def _block(self, element: "HtmlElement") -> Iterator[Block]:
        tag = element.tag
        if tag in _HEADINGS or _is_question(element):
            yield from self._heading(element)
        elif tag == "details":
            yield from self._details(element)
        elif tag == "dl":
            yield from self._definitions(element)
        elif tag == "hr":
            return
        elif tag in _CONTAINERS and self._holds_blocks(element):
            yield from self.element(element)
        else:
            kind: BlockKind = "code" if tag == "pre" else "list" if tag in _LISTS else "text"
            yield from self._converted(kind, _serialised(element, tail=False), self._line(element))

    def _is_inline(self, element: "HtmlElement") -> bool:
        if element.tag in _BLOCKS or _is_question(element):
            return False
        return next(element.iter(*_BLOCKS), None) is None

    def _holds_blocks(self, element: "HtmlElement") -> bool:
        """Whether an element is walked into; lists and tables only for what they frame."""
        wanted = _BLOCKS if element.tag in _ANCHOR_PARENTS | _FRAMES else _STRUCTURE
        inner = element.iter(*wanted)
        first = next(inner, None)
        is_own = first is element
        found = next(inner, None) if is_own else first
        return found is not None or any(_is_question(child) for child in element)

    def _heading(self, element: "HtmlElement") -> Iterator[Block]:
        within = _cut_out_blocks(element)
        yield from self._heading_alone(element)
        for block in within:  # a heading whose end tag is missing holds what follows it
            yield from self._block(block)
            yield from self._converted("text", _escaped(block.tail), self._line(block))

    def _heading_alone(self, element: "HtmlElement") -> Iterator[Block]:
        text = _heading_text(element)
        line = self._line(element)
        if not text:
            return
        if len(text) > MAX_QUESTION:
            yield Block(kind="text", text=text, line=line)
            return
        level = _HEADINGS.get(element.tag)
        kind: BlockKind = "question" if level is None else "heading"
        yield Block(kind=kind, text=text, line=line, level=level or 7, anchor=_anchor(element))

    def _details(self, element: "HtmlElement") -> Iterator[Block]:
        summary = element.find("summary")
        text = _heading_text(summary) if summary is not None else ""
        line = self._line(element if summary is None else summary)
        yield Block(kind="summary", text=text, line=line, anchor=_anchor(element))
        if summary is not None:
            tail = summary.tail
            element.remove(summary)
            element.text = f"{element.text or ''}{tail or ''}"
        yield from self.element(element)
        yield Block(kind="end", text="", line=line)

    def _definitions(self, element: "HtmlElement") -> Iterator[Block]:
        for item in element.iter("dt", "dd"):
            if next(item.iterancestors("dl"), None) is not element:
                continue
            if item.tag == "dt":
                text = _heading_text(item)
                if text:
                    anchor = _anchor(item)
                    yield Block(kind="term", text=text, line=self._line(item), anchor=anchor)
                continue
            html = _inner(item)
            for block in self._converted("definition", html, self._line(item)):
                yield Block(kind="definition", text=block.text, line=block.line)

    def _converted(self, kind: BlockKind, html: str, line: int) -> Iterator[Block]:
        if not html.strip():
            return
        markdown = _markdown(html)
        if kind == "code":
            yield Block(kind="code", text=markdown.strip("\n"), line=line)
        elif markdown.strip():
            yield from prose_block(kind, markdown.strip("\n"), line, self._references)

    def _line(self, element: "HtmlElement") -> int:
        line: int = element.sourceline or 1
        return line + self._offset


_FRAMES = frozenset(
    ["html", "body", "main", "header", "form", "fieldset", "center", "aside", "figure"]
)


def _is_chrome(element: "HtmlElement") -> bool:
    if element.tag in _SKIPPED:
        return not (element.tag == "button" and _is_question(element))
    if element.get("role") in _CHROME_ROLES:
        return True
    names = f"{element.get('class', '')} {element.get('id', '')}".lower()
    if element.tag == "aside":
        return not _CALLOUT.search(names)
    return element.tag not in _HEADINGS and not _CHROME.isdisjoint(names.split())


def _is_question(element: "HtmlElement") -> bool:
    """A clickable line of an accordion, or one that its class calls a question."""
    if element.tag in _HEADINGS or element.tag in ("dt", "dd", "details", "summary", "a", "body"):
        return False
    is_button = element.tag == "button" and element.get("aria-expanded") is not None
    marks = f"{element.get('class', '')} {element.get('itemprop', '')}"
    if not is_button and not _QUESTION_CLASS.search(marks) and element.get("itemprop") != "name":
        return False
    if next((child for child in element.iter(*_BLOCKS) if child is not element), None) is not None:
        return False
    return asks(_heading_text(element))


def _cut_out_blocks(heading: "HtmlElement") -> list["HtmlElement"]:
    """Take out of a heading the first block in it and all that follows."""
    children = list(heading)
    is_block = [child.tag in _BLOCKS - {"div"} for child in children]
    cut = children[is_block.index(True) :] if True in is_block else []
    for child in cut:
        heading.remove(child)
    return cut


def _heading_text(element: "HtmlElement") -> str:
    """The words of a heading as Markdown: code keeps its marks, all else leaves its words."""
    parts: list[str] = [element.text or ""]
    for child in element:
        name = child.tag if isinstance(child.tag, str) else None
        is_permalink = name == "a" and (
            "headerlink" in child.get("class", "")
            or (child.text or "").strip() in ("#", "¶", "§", "🔗")
        )
        if name is not None and not is_permalink and name not in ("img", "svg", "script", "style"):
            words = _heading_text(child)
            if name in ("code", "tt", "kbd", "samp") and words.strip():
                words = f"`{words.strip()}`"
            parts.append(f"{words} " if name in _BLOCKS or name == "br" else words)
        parts.append(child.tail or "")
    return " ".join("".join(parts).split())


def _anchor(element: "HtmlElement") -> str | None:
    """The id of a heading, of an anchor in it, or of the section it opens."""
    for name in ("id", "name"):
        if value := element.get(name):
            return str(value)
    for inner in element.iter("a", "span"):
        if value := inner.get("id") or inner.get("name"):
            return str(value)
    parent = element.getparent()
    is_first = parent is not None and parent.index(element) == 0
    if is_first and parent is not None and parent.tag in _ANCHOR_PARENTS and parent.get("id"):
        return str(parent.get("id"))
    return None


def _escaped(text: str | None) -> str:
    return (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _serialised(element: "HtmlElement", *, tail: bool = True) -> str:
    import lxml.html  # noqa: PLC0415

    for inner in element.xpath(
        ".//script | .//style | .//nav | .//svg | .//*[@class='headerlink']"
    ):
        inner.drop_tree()
    text: str = lxml.html.tostring(element, encoding="unicode", with_tail=tail)
    return text


def _inner(element: "HtmlElement") -> str:
    return _escaped(element.text) + "".join(
        _serialised(child) for child in element if isinstance(child.tag, str)
    )


def _markdown(html: str) -> str:
    from markdownify import markdownify  # noqa: PLC0415

    text: str = markdownify(
        re.sub(r"(</?)(?:tt|kbd|samp)\b", r"\1code", html),
        heading_style="ATX",
        bullets="-",
        strip=["img"],
        escape_asterisks=False,
        escape_underscores=False,
        escape_misc=False,
        code_language_callback=_code_language,
    )
    return text


def _code_language(element: object) -> str:
    """`language-python` of a block of code or of what it holds, as highlighters write it."""
    match = re.search(
        r"""class="[^"]*\b(?:language|lang|highlight)-([\w+#-]+)""", str(element)[:500]
    )
    return match[1] if match and match[1] not in ("default", "none", "text") else ""
