"""All words of a page, and those that its blocks say -> what was not read, by name.

The sum of a page: a word that no block says is passed over on purpose (navigation, a comment, the
text of a picture) where its place shows so, else it is dropped. So nothing vanishes that a reader
does not know.
"""

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tunesmith.sources.row import Dropped, NotRead, RowError

TEXT = ""  # the name of what is text of the page
_WORD = re.compile(r"[぀-ヿ㐀-鿿\uf900-\ufaff]|[^\W_぀-ヿ㐀-鿿\uf900-\ufaff]+")
_FEW = 4  # letters: fewer are marks, such as "Q", that a reader takes off


class PageSpan(NamedTuple):
    """A piece of a page as it was written, and what it is called; `TEXT` is to be read."""

    line: int
    text: str
    name: str = TEXT


class _Rest(NamedTuple):
    line: int
    last: int
    name: str
    words: list[str]


def left_over(
    spans: Iterable[PageSpan], said: Iterable[str], source: str
) -> Iterator[NotRead | Dropped]:
    """What no block says, in the order of the page.

    Args:
        spans: The whole page.
        said: The texts of its blocks.
        source: What the page is called.
    """
    left = Counter(word for text in said for word in _words(text.casefold()))
    given = list(spans)
    texts = [span for span in given if span.name == TEXT]
    others = [span for span in given if span.name != TEXT]  # what is text is found first
    for rest in sorted(_rests([*texts, *others], left), key=lambda rest: rest.line):
        place, words = f"{source}:{rest.line}", " ".join(rest.words)
        if rest.name != TEXT:
            yield NotRead(source=place, name=rest.name, text=words)
        elif len(words) >= _FEW:
            fault = RowError("not understood", "no reader knows what these words belong to")
            yield Dropped.of(fault, source=place, text=words)


def _words(text: str) -> list[str]:
    return _WORD.findall(html.unescape(text))


def _rests(spans: Iterable[PageSpan], left: Counter[str]) -> Iterator[_Rest]:
    """The words of each span that are not left to be found; those of lines in a row together."""
    open_one: _Rest | None = None
    for span in spans:
        words = []
        for word in _words(span.text):
            if left[word.casefold()] > 0:
                left[word.casefold()] -= 1
            else:
                words.append(word)
        if not words:
            continue
        if open_one and open_one.name == span.name and 0 <= span.line - open_one.last <= 1:
            open_one = open_one._replace(last=span.line, words=[*open_one.words, *words])
            continue
        if open_one:
            yield open_one
        open_one = _Rest(span.line, span.line, span.name, words)
    if open_one:
        yield open_one
