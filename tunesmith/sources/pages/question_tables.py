"""A table of a page, as Markdown -> its questions with their answers, where it holds such.

Its header says so (`Question`, `Frage`, `質問`), or it has two columns, no header or one that asks
itself, and most of what stands first asks.
"""

import re
from collections.abc import Callable, Sequence

from tunesmith.sources.pages.question_text import asks, marked_question, without_answer_mark

_BAR = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"\s*:?-{2,}:?\s*")


def answered_rows(text: str) -> list[tuple[str, str]]:
    """Each row of a table as question and answer; none where it is no such table."""
    rows = [_cells(line) for line in text.split("\n")]
    if len(rows) < 3 or not all(_RULE.fullmatch(cell) for cell in rows[1]) or len(rows[1]) < 2:
        return []
    width = len(rows[1])
    if any(len(row) < width for row in rows):
        return []
    rows = [[*row[: width - 1], " | ".join(row[width - 1 :])] for row in rows]  # a bar within
    header, entries = rows[0], rows[2:]
    if not any(header) and len(entries) > 1 and None not in _columns(entries[0]):
        header, entries = entries[0], entries[1:]  # HTML may not say that a row is the header
    asked, answered = _columns(header)
    if asked is None or answered is None:
        if len(header) != 2:
            return []
        if any(header):  # a header of Markdown may be the first row
            entries = [header, *entries]
        if 2 * sum(asks(row[0]) for row in entries) <= len(entries) or not _answers(entries):
            return []
        asked, answered = 0, 1
        header = ["", ""]
    return [(row[asked], _answer(row, header, asked, answered)) for row in entries if any(row)]


def _cells(line: str) -> list[str]:
    bare = line.strip().removeprefix("|")
    bare = bare[:-1] if bare.endswith("|") and not bare.endswith("\\|") else bare
    return [cell.strip().replace("\\|", "|") for cell in _BAR.split(bare)]


def _columns(header: Sequence[str]) -> tuple[int | None, int | None]:
    """Where a header says that questions and answers stand."""
    names = [cell.strip("*_ ") for cell in header]
    asked = [at for at, name in enumerate(names) if _is_mark(name, marked_question)]
    answered = [at for at, name in enumerate(names) if _is_mark(name, without_answer_mark)]
    if len(asked) == len(answered) == 1:
        return asked[0], answered[0]
    return None, None


def _is_mark(name: str, find: Callable[[str], str | None]) -> bool:
    return bool(name) and find(f"{name}: x") is not None


def _answers(entries: Sequence[Sequence[str]]) -> bool:
    """Whether most of what stands second answers: is there, and asks nothing."""
    return 2 * sum(bool(row[1]) and not asks(row[1]) for row in entries) > len(entries)


def _answer(row: Sequence[str], header: Sequence[str], asked: int, answered: int) -> str:
    """The answer, and behind it what other columns say."""
    beside = [
        f"{header[at]}: {cell}"
        for at, cell in enumerate(row)
        if cell and at not in (asked, answered)
    ]
    return "\n\n".join(part for part in (row[answered], *beside) if part)
