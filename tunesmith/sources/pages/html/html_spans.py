"""A parsed HTML page -> all its words, each piece with its line and what it is called.

Text of the page has no name; the rest is called as `html_chrome` calls it, as a comment, as the
words of a picture, or as what stands around the main part.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tunesmith.sources.pages.html.html_chrome import chrome_name
from tunesmith.sources.pages.left_over import TEXT, PageSpan

if TYPE_CHECKING:
    from lxml.html import HtmlElement

AROUND = "around the main part"
_INLINE = re.compile(
    r"a|b|i|em|strong|span|code|tt|sub|sup|u|font|small|mark|kbd|samp|abbr|var|q|cite|s|"
    r"del|ins|strike|big|bdi|bdo"
)
_ATTRIBUTES = {
    "alt": "pictures",
    "title": "tool tips",
    "aria-label": "tool tips",
    "placeholder": "form fields",
    "summary": "tool tips",
    "content": "metadata",
}


def html_spans(page: "HtmlElement", root: "HtmlElement") -> Iterator[PageSpan]:
    """The words of a page in order; of inline elements in one piece.

    Args:
        page: All of it.
        root: Its main part.
    """
    from lxml import etree  # noqa: PLC0415 - only pages need it

    names = [TEXT if root is page else AROUND]
    joined = _Joined()
    for event, element in etree.iterwalk(page, events=("start", "end", "comment")):
        line = element.sourceline or 1
        if event == "comment":
            yield from joined.flushed()
            yield PageSpan(line, element.text or "", "comments")
            yield from joined.add(element.tail, line, names[-1])
            continue
        if not _INLINE.fullmatch(element.tag):
            yield from joined.flushed()
        if event == "start":
            names.append(_name(element, names[-1], root))
            yield from _attributes(element, line)
            yield from joined.add(element.text, line, names[-1])
        else:
            names.pop()
            yield from joined.add(element.tail, line, names[-1])
    yield from joined.flushed()


def _name(element: "HtmlElement", above: str, root: "HtmlElement") -> str:
    if element is root:
        return TEXT
    return (chrome_name(element) or above) if above in (TEXT, AROUND, "metadata") else above


def _attributes(element: "HtmlElement", line: int) -> Iterator[PageSpan]:
    for name, called in _ATTRIBUTES.items():
        if (words := element.get(name)) and (name != "content" or element.tag == "meta"):
            yield PageSpan(line, words, called)


class _Joined:
    """Pieces of text that follow each other within a line of words."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._line, self._name = 1, TEXT

    def add(self, text: str | None, line: int, name: str) -> Iterator[PageSpan]:
        """Take one more; what was there goes out where it has another name."""
        if not text:
            return
        if name != self._name:
            yield from self.flushed()
        if not self._pieces:
            self._line, self._name = line, name
        self._pieces.append(text)

    def flushed(self) -> Iterator[PageSpan]:
        """What is there, once."""
        if self._pieces:
            yield PageSpan(self._line, "".join(self._pieces), self._name)
            self._pieces = []
