"""The blocks of a page -> the same, with questions that stand in paragraphs and lists cut out.

`Q: ...` and `A: ...`, bold lines that ask, lists whose items and tables whose rows ask and answer.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from tunesmith.sources.pages.outline import LOWEST_LEVEL, Block
from tunesmith.sources.pages.question_tables import answered_rows
from tunesmith.sources.pages.question_text import (
    QUESTION_MARKS,
    asks,
    bare_text,
    bold_question,
    ends_asking,
    marked_question,
    without_answer_mark,
)

BOLD_LEVEL = LOWEST_LEVEL + 1  # within an answer a bold question may be a mere turn of phrase
_ITEM = re.compile(r"^(\s*)(?:[-*+]|\d{1,3}[.)])\s+")
_BOLD_START = re.compile(rf"^\*\*([^*]+[{QUESTION_MARKS};])\s*\*\*[:：]?[ \t]+(?=\S)")
_MAX_QUESTION_LINES = 4


def with_questions(blocks: Iterable[Block]) -> Iterator[Block]:
    """Let all blocks pass, in order; paragraphs and lists are cut where they ask."""
    for block in blocks:
        if block.kind == "text" and (rows := answered_rows(block.text)):
            yield from _table_blocks(rows, block.line)
        elif block.kind == "text":
            yield from _cut_text(block.text, block.line)
        elif block.kind == "list":
            yield from _cut_list(block)
        else:
            yield block


def _table_blocks(rows: Sequence[tuple[str, str]], line: int) -> Iterator[Block]:
    """All stand at the line of their table, of which HTML shows no more."""
    for question, answer in rows:
        text = bare_text(question)
        if not text:
            yield from _text(answer, line)
            continue
        yield Block(kind="question", text=text, line=line, level=LOWEST_LEVEL)
        yield from _text(answer, line)


def _cut_text(text: str, line: int) -> Iterator[Block]:
    """A paragraph whose lines may ask and answer."""
    lines = text.split("\n")
    start = index = 0
    while index < len(lines):
        found = _question_at(lines, index)
        if found is None:
            index += 1
            continue
        question, behind, rest, level = found
        yield from _text("\n".join(lines[start:index]), line + start)
        yield Block(kind="question", text=question, line=line + index, level=level)
        start = index = behind
        if rest:
            lines[behind - 1] = rest
            start = behind - 1
    yield from _text("\n".join(lines[start:]), line + start)


def _question_at(lines: Sequence[str], index: int) -> tuple[str, int, str, int] | None:
    """The question that begins in a line, the line behind it, and what follows it in its line."""
    line = lines[index]
    if marked_question(line) is not None:
        return _marked(lines, index)
    if (bold := bold_question(line)) is not None:
        return bold, index + 1, "", BOLD_LEVEL
    start = _BOLD_START.match(line)
    if start and asks(start[1]):
        return bare_text(start[1]), index + 1, line[start.end() :], BOLD_LEVEL
    return None


def _marked(lines: Sequence[str], index: int) -> tuple[str, int, str, int]:
    """A question after `Q:`; it may run over some lines, and its answer may follow in its own."""
    parts = [lines[index]]
    behind = index + 1
    while (
        behind < len(lines)
        and len(parts) < _MAX_QUESTION_LINES
        and not asks(parts[-1])
        and without_answer_mark(lines[behind]) is None
        and marked_question(lines[behind]) is None
    ):
        parts.append(lines[behind])
        behind += 1
    whole = " ".join(parts)
    cut = re.search(
        r"\s+[*_]{0,3}(?:A|Answer|答案?)[*_]{0,3}\s*[:：][*_]{0,3}\s*|(?<=[？?])\s*答案?\s*[:：]\s*",
        whole,
    )
    if cut is not None:
        whole, rest = whole[: cut.start()], whole[cut.end() :]
    else:
        rest = ""
    question = marked_question(whole)
    return question or bare_text(whole), behind, rest, LOWEST_LEVEL


def _cut_list(block: Block) -> Iterator[Block]:
    """A list most of whose items ask and answer, as these; any other as it is."""
    items = _items(block)
    if items and 2 * sum(_asks_and_answers(text, len(items)) for _, text in items) >= len(items):
        for line, text in items:
            yield from _item_blocks(text, line)
    else:
        yield block


def _items(block: Block) -> list[tuple[int, str]]:
    """The items of the outer list, each with its line, without marks and indentation."""
    lines = block.text.split("\n")
    first = _ITEM.match(lines[0])
    if first is None:
        return []
    marks = [_ITEM.match(line) for line in lines]
    starts = [index for index, mark in enumerate(marks) if mark and mark[1] == first[1]]
    items = []
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        mark = marks[start]
        head = lines[start][mark.end() if mark else 0 :]
        rest = textwrap.dedent("\n".join(lines[start + 1 : stop]))
        items.append((block.line + start, f"{head}\n{rest}".rstrip()))
    return items


def _asks_and_answers(text: str, num_items: int) -> bool:
    head, _, rest = text.partition("\n")
    if marked_question(head) is not None or bold_question(head) is not None:
        return True
    if (start := _BOLD_START.match(head)) is not None:
        return asks(start[1])
    return asks(head) and ends_asking(head) and (bool(rest.strip()) or num_items == 1)


def _item_blocks(text: str, line: int) -> Iterator[Block]:
    head, _, rest = text.partition("\n")
    is_marked = _question_at([head], 0) is not None
    if not is_marked and asks(head):
        yield Block(kind="question", text=bare_text(head), line=line, level=LOWEST_LEVEL)
        yield from _text(rest, line + 1)
    else:
        yield from _cut_text(text, line)


def _text(text: str, line: int) -> Iterator[Block]:
    body = text.strip("\n")
    if body.strip():
        leading = len(text) - len(text.lstrip("\n"))
        yield Block(kind="text", text=textwrap.dedent(body), line=line + leading)
