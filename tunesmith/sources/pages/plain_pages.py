"""Plain text -> an Outline: headings by their underline, number, capitals or question mark."""

import re
from collections.abc import Iterator, Sequence

from tunesmith.sources.pages.outline import Block, BlockKind, Outline
from tunesmith.sources.pages.question_text import asks, bare_text, ends_asking, marked_question

_UNDERLINE = re.compile(r"^\s*([=\-~*^#+])\1{2,}\s*$")
_HASHES = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_NUMBERED = re.compile(r"^(\d{1,2}(?:\.\d{1,2}){0,3})[.)]?\s+(?=[^\W\d_])")
_LIST_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)]|[a-z][.)])\s")
_MAX_HEADING = 80
_MAX_QUESTION_LINE = 200
_UNDERLINED_LEVELS = {"=": 1, "#": 1, "*": 1, "-": 2, "~": 3, "^": 3, "+": 3}


def read_plain(text: str) -> Outline:
    """Read a page; paragraphs are separated by blank lines."""
    lines = text.split("\n")
    blocks = [
        block for start, stop in _paragraphs(lines) for block in _paragraph(lines, start, stop)
    ]
    return Outline(blocks=tuple(blocks))


def _paragraphs(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Runs of lines that are not blank: index of the first, index behind the last."""
    start = None
    for index, line in enumerate([*lines, ""]):
        if line.strip() and start is None:
            start = index
        elif not line.strip() and start is not None:
            yield start, index
            start = None


def _paragraph(lines: Sequence[str], start: int, stop: int) -> Iterator[Block]:
    first = lines[start].strip()
    if _UNDERLINE.match(first):
        # A line above as well as below, or one that only separates.
        start, first = start + 1, lines[start + 1].strip() if start + 1 < stop else ""
    if not first:
        return
    has_underline = start + 1 < stop and _is_underline(lines[start + 1], first)
    level = _level(lines, start, stop)
    if has_underline:
        level = _UNDERLINED_LEVELS[lines[start + 1].strip()[0]]
    if level is None:
        yield from _prose(lines, start, stop)
        return
    yield Block(kind="heading", text=_heading_text(first), line=start + 1, level=level)
    behind = start + (2 if has_underline else 1)
    if behind < stop:
        yield from _prose(lines, behind, stop)


def _is_underline(line: str, above: str) -> bool:
    mark = _UNDERLINE.match(line)
    return mark is not None and len(above) <= 120 and 2 * len(line.strip()) >= len(above)


def _level(lines: Sequence[str], start: int, stop: int) -> int | None:
    """The level of a paragraph's first line as a heading, or None where it is none."""
    first = lines[start].strip()
    if hashes := _HASHES.match(first):
        return len(hashes[1])
    if len(first) <= _MAX_QUESTION_LINE and asks(first) and marked_question(first) is None:
        is_whole = stop == start + 1 or ends_asking(first)
        return (
            6
            if is_whole and (stop == start + 1 or not _LIST_ITEM.match(lines[start + 1]))
            else None
        )
    if stop > start + 1 or len(first) > _MAX_HEADING or first.endswith((".", ",", ";", "。", "，")):
        return None
    if numbered := _NUMBERED.match(first):
        return min(numbered[1].count(".") + 2, 6)
    letters = [letter for letter in first if letter.isalpha()]
    is_capitals = len(letters) > 2 and first == first.upper() and first != first.lower()
    return 2 if is_capitals and not _LIST_ITEM.match(first) else None


def _heading_text(line: str) -> str:
    hashes = _HASHES.match(line)
    words = bare_text(hashes[2] if hashes else _NUMBERED.sub("", line)).rstrip(":：")
    return words.capitalize() if words == words.upper() and words != words.lower() else words


def _prose(lines: Sequence[str], start: int, stop: int) -> Iterator[Block]:
    text = "\n".join(line.rstrip() for line in lines[start:stop])
    kept = "\n".join(line for line in text.split("\n") if not _UNDERLINE.match(line))
    if kept.strip():
        kind: BlockKind = "list" if _LIST_ITEM.match(lines[start]) else "text"
        yield Block(kind=kind, text=kept.strip("\n"), line=start + 1)
