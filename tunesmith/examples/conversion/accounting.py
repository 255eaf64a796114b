"""What a piece held and what was made of it -> how much of it stands in the examples.

So that a sum does not close where a reader says that it used what no example holds.
"""

import functools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from tunesmith.examples.conversion.cell_text import is_blank, is_list
from tunesmith.examples.conversion.talk_forms import structure_words
from tunesmith.examples.example import Example, Message
from tunesmith.sources.lines import num_characters
from tunesmith.sources.material import AnsweredQuestion, Material, Section, Thread
from tunesmith.sources.not_read import NotReadCount
from tunesmith.sources.row import Dropped, Row, RowError
from tunesmith.sources.source_sums import SourceSum, content_texts

_WORD = re.compile(r"\w+")


def placed(
    items: Iterable[Example | Dropped], total: SourceSum, piece: Material | Dropped
) -> Iterator[Example | Dropped]:
    """Let pass what was made of a piece that is no row, and count what of it stands there."""
    for item in items:
        if isinstance(item, Dropped):
            total.characters_dropped += item.num_characters
        else:
            total.characters_in_examples += _content_of(item, piece)
        yield item


def _content_of(example: Example, piece: Material | Dropped) -> int:
    """A question that Tunesmith made of headings is no content."""
    if not isinstance(piece, Section | AnsweredQuestion):
        return example.num_characters
    size = num_characters(example.reference)
    if isinstance(piece, AnsweredQuestion) and example.messages[0].content.endswith(piece.question):
        size += num_characters(piece.question)
    return size


def enter_row(
    row: Row,
    item: Example | Dropped,
    read: Collection[str],
    *,
    not_read: NotReadCount,
    total: SourceSum,
) -> None:
    """Count the cells of a row that a template made an example of, or did not.

    Args:
        row: Its cells.
        item: What was made of it.
        read: The columns that the template reads.
        not_read: Grows by the others.
        total: The sum of the row's source.
    """
    num_full = count_full(row.fields)
    if isinstance(item, Dropped):
        total.drop_cells(num_full)
        return
    unread = list(unread_cells(row, read))
    not_read.add_cells(row.source, unread)
    total.cells_read += num_full
    total.cells_not_read += len(unread)
    total.cells_in_examples += sum(
        not is_blank(row.fields[name]) for name in set(read) if name in row.fields
    )


def no_row(piece: Section | AnsweredQuestion | Thread | Dropped, detail: str) -> Dropped:
    """What is said of material that is no row, where rows are needed."""
    if isinstance(piece, Dropped):
        return piece
    text = "\n".join(content_texts(piece))
    return Dropped.of(RowError("not a row", detail), source=piece.source, text=text)


def unread_cells(row: Row, read: Collection[str]) -> Iterator[tuple[str, object]]:
    """What stands in a row beside the columns that are read."""
    for name, value in row.fields.items():
        if name not in read and not is_blank(value):
            yield name, value


def count_full(columns: Mapping[str, object]) -> int:
    """How many cells of a row hold something."""
    return len(columns) - sum(map(is_blank, columns.values()))


def count_held(
    columns: Mapping[str, object],
    used: Collection[str],
    messages: Sequence[Message],
    beside: Sequence[str],
) -> int:
    """How many of the cells that a reader used are found in what it made of them.

    Args:
        columns: The row.
        used: The names of those cells; blank ones do not count.
        messages: What was made.
        beside: Texts of those cells that are counted elsewhere.
    """
    cells = [value for name in used if not is_blank(value := columns[name])]
    length = sum([len(value) if isinstance(value, str) else -1 for value in cells])
    if length == sum([len(turn.content) + len(turn.input) for turn in messages]):
        return len(cells)  # as they stood there
    return _count_found(cells, messages, beside)


def _count_found(
    cells: Sequence[object], messages: Sequence[Message], beside: Sequence[str]
) -> int:
    texts = {part for turn in messages for part in (turn.content, turn.input)} | set(beside)
    known: frozenset[str] = frozenset()
    num_found = 0
    for cell in cells:
        rest = [text for text in texts_of(cell) if text not in texts]
        if rest and not known:
            known = _known_words().union(chain.from_iterable(map(_words, texts)))
        num_found += all(known.issuperset(_words(text)) for text in rest)
    return num_found


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


@functools.cache
def _known_words() -> frozenset[str]:
    """Words that say who speaks, which a message has in its role."""
    return frozenset(chain.from_iterable(map(_words, structure_words())))


def texts_of(value: object) -> Iterator[str]:
    """Every text within a value, however deep."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping):
            waiting += one.values()
        elif is_list(one):
            waiting += one
