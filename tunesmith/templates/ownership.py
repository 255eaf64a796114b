"""A rendered conversation -> which characters are content and which the template's own.

Content is rendered a second time between two private-use marks. Where the marks come out
in pairs, and the text without them is the plain rendering, the characters between are
content; anything else is refused, never guessed.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from tunesmith.errors import DataError

TurnDict = dict[str, str]
Owned = tuple[tuple[str, bool], ...]  # (text, is content), in order
Render = Callable[[Sequence[TurnDict]], str]

_THINKING = re.compile(r"(</?think>)")
_PRIVATE_USE = range(0xE000, 0xF8FF, 2)


def owned_pieces(turns: Sequence[TurnDict], text: str, render: Render) -> Owned:
    """Split `text`, which is `render(turns)`, into content and template text.

    Some templates take an answer's thinking apart and write its tags themselves; then the
    parts between the tags are marked, each by itself.

    Raises:
        DataError: The template changes content in a way that hides whose text it is.
    """
    marks = _unused_marks([text, *(turn["content"] for turn in turns)])
    for mark in (_mark_whole, _mark_thinking):
        marked = render([{**turn, "content": mark(turn, marks)} for turn in turns])
        if marked.replace(marks[0], "").replace(marks[1], "") == text:
            pieces = _between(marked, marks)
            if pieces is not None:
                return pieces
    raise DataError(
        "the template rewrites the content of this conversation, so that content and "
        "template text cannot be told apart"
    )


def cut(owned: Owned, positions: Iterable[int]) -> Owned:
    """Cut pieces further, at positions of the joined text."""
    pieces: list[tuple[str, bool]] = []
    start = 0
    waiting = sorted(set(positions))
    for text, is_content in owned:
        end = start + len(text)
        inner = [position - start for position in waiting if start < position < end]
        for first, last in zip([0, *inner], [*inner, len(text)], strict=True):
            pieces.append((text[first:last], is_content))
        start = end
    return tuple(pieces)


def _mark_whole(turn: TurnDict, marks: tuple[str, str]) -> str:
    return _wrap(turn["content"], marks)


def _mark_thinking(turn: TurnDict, marks: tuple[str, str]) -> str:
    if turn["role"] != "assistant":
        return _wrap(turn["content"], marks)
    parts = _THINKING.split(turn["content"])
    return "".join(part if _THINKING.fullmatch(part) else _wrap(part, marks) for part in parts)


def _wrap(content: str, marks: tuple[str, str]) -> str:
    """Marks within the content's own outer whitespace, which templates like to trim."""
    inner = content.strip()
    if not inner:
        return content
    start = content.index(inner)
    end = start + len(inner)
    return f"{content[:start]}{marks[0]}{inner}{marks[1]}{content[end:]}"


def _between(marked: str, marks: tuple[str, str]) -> Owned | None:
    pieces: list[tuple[str, bool]] = []
    for number, part in enumerate(_pattern(marks).split(marked)):
        is_content = number % 2 == 1
        if not is_content and (marks[0] in part or marks[1] in part):
            return None
        if part:
            pieces.append((part, is_content))
    return tuple(pieces)


@lru_cache(maxsize=64)
def _pattern(marks: tuple[str, str]) -> re.Pattern[str]:
    start, end = marks
    return re.compile(f"{start}([^{start}{end}]*){end}")


def _unused_marks(texts: Sequence[str]) -> tuple[str, str]:
    for code in _PRIVATE_USE:
        marks = (chr(code), chr(code + 1))
        if not any(mark in text for text in texts for mark in marks):
            return marks
    raise DataError("the conversation uses every private-use character of Unicode")
