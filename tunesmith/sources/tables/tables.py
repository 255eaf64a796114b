"""CSV, TSV and Parquet files -> rows, with the line or the row number of each.

A CSV row's line is its first one: a quoted field may run over several.
"""

import csv
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError
from tunesmith.sources.chunks import file_head, text_chunks
from tunesmith.sources.lines import MAX_LINE_BYTES, split_lines
from tunesmith.sources.row import Dropped, Row, RowError
from tunesmith.sources.tables.strict_json import check_characters

DELIMITERS = (",", ";", "\t")
_SNIFFED_ROWS = 20
_PARQUET_ROWS = 256  # held at once


def read_csv_file(
    path: Path, name: str, *, delimiter: str | None = None
) -> Iterator[Row | Dropped]:
    """The rows of a table with a header line; its delimiter is found where none is given.

    Raises:
        DataError: The header names a column twice, or a quote is never closed.
    """
    separator = delimiter or find_delimiter(file_head(path, name))
    records = _records(path, name, separator)
    header = _header(next(records, None), name)
    for line, record in records:
        yield _table_row(record, header, f"{name}:{line}")


def find_delimiter(head: bytes) -> str:
    """The delimiter that cuts the beginning of a table into most columns, evenly."""
    cut = itertools.islice(split_lines([head]), _SNIFFED_ROWS)
    lines = [line.data.decode("utf-8", "replace") for line in cut]
    best, most = DELIMITERS[0], 1
    for delimiter in DELIMITERS:
        widths = [len(record) for record in csv.reader(lines, delimiter=delimiter) if record]
        whole = widths[:-1] or widths  # the last may be cut off
        if whole and whole[0] > most and whole.count(whole[0]) * 2 > len(whole):
            best, most = delimiter, whole[0]
    return best


def read_parquet_file(path: Path, name: str) -> Iterator[Row | Dropped]:
    """The rows of a Parquet file, a few hundred in memory at a time.

    Raises:
        DataError: It is not a Parquet file, or it is damaged.
    """
    import pyarrow as pa  # noqa: PLC0415 - heavy
    import pyarrow.parquet as pq  # noqa: PLC0415

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_PARQUET_ROWS):
                for fields in _batch_rows(batch):
                    number += 1
                    yield checked_row(fields, f"{name}:row {number}")
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"not readable as Parquet after row {number} ({str(error).splitlines()[0]})",
            where=name,
            cure="The file is damaged or of another kind; copy it again or name its kind.",
        ) from None


def checked_row(fields: dict[str, Any] | RowError, source: str) -> Row | Dropped:
    """A row of a table, or Dropped where its text could not be used."""
    try:
        if isinstance(fields, RowError):
            raise fields
        check_characters(fields)
    except RowError as fault:
        return Dropped.of(fault, source=source, text="" if fields is fault else str(fields))
    return Row(fields=fields, source=source)


def _batch_rows(batch: Any) -> Iterator[dict[str, Any] | RowError]:
    try:
        yield from batch.to_pylist()
        return
    except UnicodeDecodeError:
        pass
    for index in range(batch.num_rows):
        try:
            yield batch.slice(index, 1).to_pylist()[0]
        except UnicodeDecodeError as error:
            yield RowError("not UTF-8", f"byte 0x{error.object[error.start]:02x} is not UTF-8")


def _records(path: Path, name: str, delimiter: str) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Records with the line they begin in; blank ones left out."""
    csv.field_size_limit(MAX_LINE_BYTES)  # of the whole process; Python's own is 128 kB
    reader = csv.reader(_text_lines(path, name), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "unexpected end of data" in str(error) or "field larger" in str(error):
                raise DataError(
                    "a quote that opens here is never closed",
                    where=f"{name}:{line}",
                    cure='Close it, or write quotes inside a field twice: "".',
                ) from None
            yield line, error
            continue
        if record:
            yield line, record


def _text_lines(path: Path, name: str) -> Iterator[str]:
    """Lines with their ends; a byte that is not UTF-8 becomes half a surrogate pair."""
    for line in split_lines(text_chunks(path, name)):
        if line.is_too_long:
            raise DataError(
                f"{line.num_bytes:,} bytes without a line end; {MAX_LINE_BYTES:,} are read at most",
                where=f"{name}:{line.number}",
                cure="A table has short lines; is this another kind of file?",
            )
        yield line.data.decode("utf-8", "surrogateescape")


def _header(first: tuple[int, list[str] | csv.Error] | None, name: str) -> list[str]:
    if first is None:
        raise DataError("the file holds no rows", where=name)
    line, record = first
    if isinstance(record, csv.Error):
        raise DataError(f"the header is not valid CSV ({record})", where=f"{name}:{line}")
    header = [column.strip() for column in record]
    named = [column for column in header if column]
    twice = sorted({column for column in named if named.count(column) > 1})
    if twice:
        raise DataError(
            f"the header names {', '.join(twice)} more than once",
            where=f"{name}:{line}",
            cure="Rename one of the columns.",
        )
    return header


def _table_row(
    record: Sequence[str] | csv.Error, header: Sequence[str], source: str
) -> Row | Dropped:
    if isinstance(record, csv.Error):
        return Dropped.of(RowError("bad CSV", f"not valid CSV: {record}"), source=source)
    if len(record) != len(header):
        detail = f"{len(record)} fields, but the header has {len(header)}"
        fault = RowError("wrong number of columns", detail)
        return Dropped.of(fault, source=source, text=", ".join(record))
    row = checked_row(dict(zip(header, record, strict=True)), source)
    if isinstance(row, Dropped) and row.reason == "lone surrogate":  # see `_text_lines`
        detail = "not UTF-8: a character that cannot be read. Save the file as UTF-8"
        return replace(row, reason="not UTF-8", detail=detail)
    return row
