"""What every page becomes, whatever it is written in: its headings and blocks, with their lines.

Markdown, HTML, reStructuredText and plain text are read into an Outline; `faq` and
`documents` read questions and sections out of it without knowing where it came from.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

BlockKind = Literal[
    "heading",
    "question",  # a line marked as one, outside a heading
    "summary",  # opens what `end` closes
    "end",
    "term",
    "definition",
    "text",
    "list",
    "code",
    "navigation",  # links to elsewhere on the page or the site, and nothing else
    "badges",
]
LEFT_OUT = frozenset(  # reasons why a part of a page becomes no example, though it is readable
    {
        "no question",
        "no answer",
        "only links",
        "navigation",
        "only badges",
        "empty section",
        "no heading",
    }
)
LOWEST_LEVEL = 7  # below every real heading
_WORDS = re.compile(r"\w+")
_TAG = re.compile(r"<[^<>]*(?:>|$)")
_LINES_AROUND = 8
_BEGINNING = 40  # characters


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
    """A page in order; `title` is what its metadata call it, where they do."""

    blocks: tuple[Block, ...]
    title: str | None = None


def place_of(name: str, block: Block) -> str:
    """`page.md:17#anchor`; an anchor that would not read back is left out."""
    anchor = block.anchor or ""
    is_plain = anchor and not re.search(r"[\s:#]", anchor)
    return f"{name}:{block.line}#{anchor}" if is_plain else f"{name}:{block.line}"


def line_of(lines: Sequence[str], near: int, text: str) -> int:
    """The line near another that holds the beginning of a text, else the other.

    A parser may report where a tag begins or ends; the reader wants the words.
    """
    numbers = [near, *(near + way * step for step in range(1, _LINES_AROUND) for way in (1, -1))]
    shown = {
        number: " ".join(_TAG.sub("", lines[number - 1]).split())
        for number in numbers
        if 0 < number <= len(lines)
    }
    beginning = " ".join(text.split())[:_BEGINNING]
    words = _WORDS.findall(text)[:6]
    if not words:
        return near
    for wanted in ([beginning], words, words[:2]):
        for number, line in shown.items():
            if all(word in line for word in wanted):
                return number
    return near


def add_entry(texts: list[str], term: str, definition: str) -> None:
    """Add a term and its definition as an item of a list, to the list before it if there is one."""
    name = term if not term or term.startswith(("`", "**")) else f"**{term.rstrip(':')}**"
    first, *rest = definition.split("\n")
    head = f"- {name}: {first}" if name else f"- {first}"
    item = "\n".join([head, *(f"  {line}" if line else "" for line in rest)])
    if texts and texts[-1].startswith("- ") and "\n\n" not in texts[-1].split("\n- ")[-1]:
        texts[-1] += f"\n{item}"
    else:
        texts.append(item)
