"""CSV and TSV files -> rows, with the line of each; what is no row of the table is named.

A row's line is its first one: a quoted field may run over several.
"""

import csv
import functools
import itertools
import re
import sys
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from tunesmith.errors import DataError
from tunesmith.sources.chunks import file_head, text_chunks
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.lines import MAX_LINE_BYTES, Line, split_lines
from tunesmith.sources.row import Dropped, NotRead, Row, RowError
from tunesmith.sources.tables.csv_layout import (
    CsvLayout,
    Record,
    find_table_layout,
    is_frame,
    is_unclosed,
    records_of,
)
from tunesmith.sources.tables.strict_json import UNFIT, check_characters

TOTAL_LINE = "total line"
CELL_ERROR = "spreadsheet error"
_FRAMES = ("", "+", "-", "=", "|", ":", " ")
_QUIRKS = frozenset("=#'")  # what a cell begins with where a spreadsheet added something
_QUOTED_FORMULA = re.compile(r'="((?:[^"]|"")*)"')
_GUARD = re.compile(r"'(?=[=+@]|[-\d.,]+\Z)")  # before what is no formula and no number
_RECENT_LINES = 100  # of which a faulty record is shown
_NUMBER = re.compile(r"[\d.,:/ %€$£¥+-]*")

_Records = Iterator[tuple[int, Record | csv.Error]]


def read_csv_file(
    path: Path, name: str, *, delimiter: str | None = None, named: Collection[str] = ()
) -> Iterator[Row | Dropped | NotRead]:
    """The rows of a table; its delimiter is found where none is given.

    Args:
        path: The file.
        name: What it is called in places.
        delimiter: Between cells.
        named: Columns that the recipe names; `column 2` where the table has no names.

    Raises:
        DataError: No line names the columns, or one is named twice; or a quote is never closed.
    """
    layout = find_table_layout(file_head(path, name), delimiter=delimiter, named=named)
    recent: deque[Line] = deque(maxlen=_RECENT_LINES)
    frames: list[NotRead] = []
    records = _without_frames(_records(path, name, layout, recent), name, frames)
    if layout.has_names:
        yield from _passed_over(records, layout.num_above, name, "lines above the column names")
        _check_names(next(records, None), layout, name)
        yield from _passed_over(records, layout.num_below, name, "lines below the column names")
    yield from _CsvTable(name, layout.header, recent).pieces(records)
    yield from frames


class _CsvTable:
    """A table whose columns are known: its records become rows."""

    def __init__(self, name: str, header: Sequence[str], recent: Collection[Line]) -> None:
        self._name = name
        self._header = list(header)
        self._unnamed = {f"column {number}" for number in range(1, len(header) + 1)}
        self._unnamed &= set(header)
        self._recent = recent

    def pieces(self, records: _Records) -> Iterator[Row | Dropped | NotRead]:
        """The rows; the last record may be the sum of the others."""
        header, width, name = self._header, len(self._header), self._name
        is_plain = not self._unnamed
        for number, ((line, record), following) in enumerate(_with_next(records), start=1):
            source = f"{name}:{line}"
            if isinstance(record, csv.Error):
                end = sys.maxsize if following is None else following[0]
                data = b"".join(one.data for one in self._recent if line <= one.number < end)
                fault = RowError("bad CSV", f"not valid CSV: {record}")
                yield Dropped.of(fault, source=source, text=data)
            elif following is None and number > 2 and _is_total(record):
                detail = f"the last line begins with {record[0]!r} and adds up the others"
                yield Dropped.of(RowError(TOTAL_LINE, detail), source=source, text=_shown(record))
            elif record == header:
                text = _shown(record)
                yield NotRead(source=source, name="column names, once more", text=text)
            elif is_plain and len(record) == width and not _is_odd(record):
                yield Row(fields=dict(zip(header, record, strict=True)), source=source)
            else:
                yield self._odd_row(record, source)

    def _odd_row(self, record: Record, source: str) -> Row | Dropped:
        """A row with cells that have to be looked at one by one."""
        try:
            cells = [_cell_text(cell) for cell in self._of_width(record)]
            fields = {
                column: cell
                for column, cell in zip(self._header, cells, strict=True)
                if cell or column not in self._unnamed
            }
            for column, cell in fields.items():
                if _cell_errors().fullmatch(cell):
                    raise RowError(CELL_ERROR, f"column '{column}' holds {cell}")
            check_characters(fields)
        except RowError as fault:
            return Dropped.of(_in_words(fault), source=source, text=_shown(record))
        return Row(fields=fields, source=source)

    def _of_width(self, record: Record) -> Record:
        """A record without the empty cells that exceed the header; where none is named, with."""
        width = len(self._header)
        missing = self._header[len(record) :]
        if any(record[width:]) or not self._unnamed.issuperset(missing):
            detail = f"{len(record)} fields, but the header has {width}"
            raise RowError("wrong number of columns", detail)
        return record[:width] + [""] * len(missing)


def _with_next(
    records: _Records,
) -> Iterator[tuple[tuple[int, Record | csv.Error], tuple[int, Record | csv.Error] | None]]:
    """Each record and the one behind it; an error comes after what was read before it."""
    current, error = next(records, None), None
    while current is not None:
        try:
            following = next(records, None)
        except DataError as caught:
            following, error = None, caught
        yield current, following
        if error is not None:
            raise error
        current = following


def _records(path: Path, name: str, layout: CsvLayout, recent: deque[Line]) -> _Records:
    csv.field_size_limit(MAX_LINE_BYTES)  # of the whole process; Python's own is 128 kB
    lines = itertools.islice(_text_lines(path, name, recent), layout.first_line - 1, None)
    for line, record in records_of(lines, layout.delimiter, first_line=layout.first_line):
        if isinstance(record, csv.Error) and is_unclosed(record):
            raise DataError(
                "a quote that opens here is never closed",
                where=f"{name}:{line}",
                cure='Close it, or write quotes inside a field twice: "".',
            )
        yield line, record


def _without_frames(records: _Records, name: str, frames: list[NotRead]) -> _Records:
    """The records, without the lines that frame a table; these are kept."""
    for line, record in records:
        if not isinstance(record, csv.Error) and record[0][:1] in _FRAMES and is_frame(record):
            text = _shown(record)
            frames.append(NotRead(source=f"{name}:{line}", name="frame of the table", text=text))
        else:
            yield line, record


def _text_lines(path: Path, name: str, recent: deque[Line]) -> Iterator[str]:
    """Lines with their ends; a byte that is not UTF-8 becomes half a surrogate pair."""
    for line in split_lines(text_chunks(path, name)):
        if line.is_too_long:
            raise DataError(
                f"{line.num_bytes:,} bytes without a line end; {MAX_LINE_BYTES:,} are read at most",
                where=f"{name}:{line.number}",
                cure="A table has short lines; is this another kind of file?",
            )
        recent.append(line)
        yield line.data.decode("utf-8", "surrogateescape")


def _passed_over(records: _Records, number: int, name: str, what: str) -> Iterator[NotRead]:
    for line, record in itertools.islice(records, number):
        yield NotRead(source=f"{name}:{line}", name=what, text=_shown(record))


def _check_names(
    first: tuple[int, Record | csv.Error] | None, layout: CsvLayout, name: str
) -> None:
    if first is None:
        raise DataError("the file holds no rows", where=name)
    line, record = first
    where = f"{name}:{line}"
    if isinstance(record, csv.Error):
        raise DataError(f"the header is not valid CSV ({record})", where=where)
    if layout.is_doubtful:
        raise _no_names(record, where)
    twice = sorted({one for one in layout.header if layout.header.count(one) > 1})
    if twice:
        raise DataError(
            f"the header names {', '.join(twice)} more than once",
            where=where,
            cure="Rename one of the columns.",
        )


def _no_names(record: Record, where: str) -> DataError:
    shown = "; ".join(f"column {number}: {cell[:60]!r}" for number, cell in enumerate(record, 1))
    return DataError(
        f"the first line looks like content, not like the names of columns ({shown})",
        where=where,
        cure="Name the columns by number: fields: {instruction: column 1, response: column 2}, or "
        "--field instruction='column 1' --field response='column 2'; or write a line of names "
        "above it, such as question,answer, or of a chat date,author,message. If these are names, "
        "map them: fields: {instruction: "
        f"{record[0][:60]!r}, ...}}.",
    )


def _is_odd(record: Record) -> bool:
    """Whether a cell holds what is no text, or may hold what a spreadsheet writes."""
    joined = " ".join(record)
    if not joined.isprintable():
        return bool(UNFIT.search(joined)) or any(cell[:1] in _QUIRKS for cell in record)
    if not ("'" in joined or "=" in joined or "#" in joined):
        return False
    return any(cell[:1] in _QUIRKS for cell in record)


def _cell_text(cell: str) -> str:
    """A cell without what a spreadsheet writes to keep it from being a number or a formula."""
    quoted = _QUOTED_FORMULA.fullmatch(cell)
    if quoted:
        return quoted[1].replace('""', '"')
    return _GUARD.sub("", cell, count=1) if cell.startswith("'") else cell


def _in_words(fault: RowError) -> RowError:
    if fault.reason != "lone surrogate":  # see `_text_lines`
        return fault
    detail = "not UTF-8: a character that cannot be read. Save the file as UTF-8"
    return RowError("not UTF-8", detail)


def _is_total(record: Record) -> bool:
    """Whether a record says that it is a sum, and holds nothing but numbers beside that."""
    first, *others = [cell.strip() for cell in record if cell.strip()]
    return bool(_totals().fullmatch(first.rstrip(": "))) and all(map(_NUMBER.fullmatch, others))


def _shown(record: Record | csv.Error) -> str:
    return str(record) if isinstance(record, csv.Error) else ", ".join(record)


@functools.cache
def _totals() -> re.Pattern[str]:
    return re.compile(lexicon(__package__).either("totals"), re.IGNORECASE)


@functools.cache
def _cell_errors() -> re.Pattern[str]:
    return re.compile(lexicon(__package__).either("cell_errors"), re.IGNORECASE)
