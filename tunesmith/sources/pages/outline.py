"""What every page becomes, whatever it is written in: its headings and blocks, with their lines.

Markdown, HTML, reStructuredText and plain text are read into an Outline; `faq` and
`documents` read questions and sections out of it without knowing where it came from.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tunesmith.sources.pages.left_over import PageSpan

BlockKind = Literal[
    "heading",
    "question",  # a line marked as one, outside a heading
    "toggle",  # a line above a panel that does not ask
    "summary",  # opens what `end` closes
    "end",
    "close",  # behind the last panel of an accordion
    "term",
    "definition",
    "text",
    "list",
    "code",
    "navigation",  # links to elsewhere on the page or the site, and nothing else
    "badges",
]
# Reasons why a part of a page becomes no example, though it is readable.
LEFT_OUT_OF_PAGES = frozenset(
    {
        "no question",
        "no answer",
        "only links",
        "navigation",
        "only badges",
        "empty section",
        "no heading",
        "not understood",
    }
)
LOWEST_LEVEL = 7  # below every real heading
_WORDS = re.compile(r"\w+")
_TAG = re.compile(r"<[^<>]*(?:>|$)")
_LINES_AROUND = 8
_BEGINNING = 40  # characters
_SHOWN = 10_000  # characters of a line


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of a page.

    Attributes:
        text: Markdown; of headings, questions, summaries and terms the bare words.
        line: Where it begins, from 1.
        level: Of a heading: 1 is the highest.
        anchor: What a link to a heading names after the `#`.
    """

    kind: BlockKind
    text: str
    line: int
    level: int = LOWEST_LEVEL
    anchor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A page in order.

    Attributes:
        title: What its metadata call it, where they do.
        site: What they call the site, likewise.
        raw: As it was written.
        spans: All its words, and what those are called that are no text of it.
    """

    blocks: tuple[Block, ...]
    title: str | None = None
    site: str = ""
    raw: str = ""
    spans: tuple[PageSpan, ...] = ()


def block_place(name: str, block: Block) -> str:
    """`page.md:17#anchor`; an anchor that would not read back is left out."""
    anchor = block.anchor or ""
    is_plain = anchor and not re.search(r"[\s:#]", anchor)
    return f"{name}:{block.line}#{anchor}" if is_plain else f"{name}:{block.line}"


class PageLines:
    """The lines of a page, to find the one in which a text stands.

    A parser reports where a tag begins or ends; a reader wants the line with the words.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._shown: dict[int, str] = {}

    def placed(self, block: Block) -> Block:
        """A block with the line of its words."""
        return replace(block, line=self.line_of(block.line, block.text))

    def line_of(self, near: int, text: str) -> int:
        """The line near another that holds the beginning of a text, else the other."""
        beginning = " ".join(text[: 4 * _BEGINNING].split())[:_BEGINNING]
        words = _WORDS.findall(text[: 4 * _BEGINNING])[:6]
        if not words:
            return near
        steps = range(1, _LINES_AROUND)
        numbers = [near, *(near + way * step for step in steps for way in (1, -1))]
        for wanted in ([beginning], words, words[:2]):
            for number in numbers:
                if all(word in self._words_of(number) for word in wanted):
                    return number
        return near

    def _words_of(self, number: int) -> str:
        """A line without tags; only the beginning of one that is no line a person reads."""
        if number not in self._shown:
            line = self._lines[number - 1] if 0 < number <= len(self._lines) else ""
            self._shown[number] = " ".join(_TAG.sub("", line[:_SHOWN]).split())
        return self._shown[number]


def entries_as_lists(
    blocks: Iterable[Block], *, keeps: Callable[[str], bool] = lambda term: False
) -> Iterator[Block]:
    """Let all blocks pass; terms and their definitions become lists.

    Args:
        blocks: Of a page, in order.
        keeps: Of a term, whether it stays one, with its definitions.
    """
    items: list[str] = []
    line = 1
    term: str | None = None  # that waits for its definition; None below a term that stays
    for block in blocks:
        if block.kind == "term" and not keeps(block.text):
            line = line if items else block.line
            term = block.text
        elif block.kind == "definition" and term is not None:
            items.append(_entry(term, block.text))
            term = ""
        else:
            if items:
                yield Block(kind="list", text="\n".join(items), line=line)
                items = []
            term = None if block.kind in ("term", "definition") else ""
            yield block
    if items:
        yield Block(kind="list", text="\n".join(items), line=line)


def _entry(term: str, definition: str) -> str:
    name = term if not term or term.startswith(("`", "**")) else f"**{term.rstrip(':')}**"
    first, *rest = definition.split("\n")
    head = f"- {name}: {first}" if name else f"- {first}"
    return "\n".join([head, *(f"  {line}" if line else "" for line in rest)])
