"""A long section -> parts of bounded length, cut between paragraphs only.

Code, lists and tables stay whole, and so does a sentence that announces one with a colon.
"""

import re
from collections.abc import Iterator

PART_SIZE = 1600  # characters; a Chinese or Japanese one weighs three: some 400 tokens
_FENCE = re.compile(r"\s*(?:>\s*)*(?:(?:[-*+]|\d+[.)])\s+)?(`{3,}|~{3,})")
_CONTINUES = re.compile(r"(?:[-*+•]|\d{1,3}[.)]) |\s|\||>")
_WIDE = re.compile(r"[⺀-鿿가-힯豈-﫿＀-￯]")


def cut_section(text: str) -> list[str]:
    """The parts of a text, in order; joined by blank lines they are the text.

    A part is longer than PART_SIZE only by a crumb, or where a single paragraph, list or
    block of code is.
    """
    parts: list[list[str]] = [[]]
    size = 0
    for piece in _whole(text):
        weight = _weight(piece)
        limit = PART_SIZE * 5 // 4 if size < PART_SIZE // 4 else PART_SIZE
        if parts[-1] and size + weight > limit:
            parts.append([])
            size = 0
        parts[-1].append(piece)
        size += weight
    if len(parts) > 1 and size < PART_SIZE // 8:  # a crumb at the end
        crumb = parts.pop()
        parts[-1] += crumb
    return ["\n\n".join(part) for part in parts if part]


def _weight(text: str) -> int:
    return len(text) + 2 * len(_WIDE.findall(text))


def _whole(text: str) -> Iterator[str]:
    """What may stand alone: a paragraph with the code or list that it announces."""
    waiting: list[str] = []
    pieces = list(_pieces(text))
    for index, piece in enumerate(pieces):
        waiting.append(piece)
        following = pieces[index + 1] if index + 1 < len(pieces) else ""
        is_heading = piece.startswith("#") and "\n" not in piece
        announces = piece.rstrip().endswith((":", "：")) or is_heading
        continues = bool(_CONTINUES.match(following)) and bool(_CONTINUES.match(piece))
        if not (following and (announces or continues)):
            yield "\n\n".join(waiting)
            waiting = []


def _pieces(text: str) -> Iterator[str]:
    """Runs of lines between blank lines; a block of code is one run."""
    run: list[str] = []
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        if line.strip() or fence:
            run.append(line)
        elif run:
            yield "\n".join(run)
            run = []
    if run:
        yield "\n".join(run)
