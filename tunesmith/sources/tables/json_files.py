"""JSON Lines, or a JSON file that holds a list -> rows with file and line.

A list is read piece by piece, so that each of its rows has a line and a faulty row costs
only itself. Where a row is no JSON at all, nobody can say where the next one begins: that
stops the reading, as it would in any other program.
"""

import codecs
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError
from tunesmith.sources.chunks import file_head, text_chunks
from tunesmith.sources.lines import MAX_LINE_BYTES, split_lines
from tunesmith.sources.row import Dropped, Row, RowError
from tunesmith.sources.tables.json_list import list_place, parse_object, split_list
from tunesmith.sources.tables.strict_json import parse_json

MAX_OBJECT_BYTES = 256 << 20  # of a file that is one object: it has to be held whole
ROW_LISTS = frozenset({"messages", "conversations", "Instances"})  # lists that make an object a row


def read_json_lines_file(path: Path, name: str) -> Iterator[Row | Dropped]:
    """One row a line; blank lines are left out, bad ones come as Dropped."""
    for line in split_lines(text_chunks(path, name)):
        if not line.data or line.data.isspace():
            continue
        source = f"{name}:{line.number}"
        if line.is_too_long:
            yield _too_long(source, line.num_bytes, line.data)
        else:
            yield _row(line.data, source, offset=line.offset)


def read_json_file(path: Path, name: str) -> Iterator[Row | Dropped]:
    """The rows of a list; of an object's only list of objects; or the object as one row.

    Raises:
        DataError: It is no valid JSON, or it is unclear which list is meant.
    """
    if file_head(path, name).lstrip().startswith(b"["):
        yield from _list_rows(
            _without_mark(text_chunks(path, name)), name, first_line=1, read=_list_row
        )
        return
    data = _whole(path, name)
    key = _list_key(data, name)
    if key is None:
        yield _row(data, f"{name}:1", offset=0)
        return
    begin, end = list_place(data, key)
    first_line = data.count(b"\n", 0, begin) + 1
    yield from _list_rows([data[begin:end]], name, first_line=first_line, read=_list_row)


def read_json_values(path: Path, name: str, *, is_lines: bool) -> Iterator[Row | Dropped]:
    """The values of a list or of lines, or one object whole; of no object, its value under ""."""
    if is_lines:
        for line in split_lines(text_chunks(path, name)):
            if line.data and not line.data.isspace():
                source = f"{name}:{line.number}"
                is_whole = not line.is_too_long
                yield (
                    _value(line.data, source)
                    if is_whole
                    else _too_long(source, line.num_bytes, line.data)
                )
    elif file_head(path, name).lstrip().startswith(b"["):
        chunks = _without_mark(text_chunks(path, name))
        yield from _list_rows(chunks, name, first_line=1, read=_value)
    else:
        yield _value(_whole(path, name), f"{name}:1")


def _value(data: bytes, source: str) -> Row | Dropped:
    try:
        value = parse_json(data)
    except RowError as fault:
        return Dropped.of(fault, source=source, text=data)
    return Row(fields=value if isinstance(value, dict) else {"": value}, source=source)


def _row(data: bytes, source: str, *, offset: int) -> Row | Dropped:
    try:
        value = parse_json(data, offset=offset)
    except RowError as fault:
        return Dropped.of(fault, source=source, text=data)
    if not isinstance(value, dict):
        detail = f"a row must be an object, this is {_kind_of(value)}"
        return Dropped.of(RowError("data_type", detail), source=source, text=data)
    return Row(fields=value, source=source)


def _list_rows(
    chunks: Iterable[bytes],
    name: str,
    *,
    first_line: int,
    read: Callable[[bytes, str], Row | Dropped],
) -> Iterator[Row | Dropped]:
    elements = split_list(chunks, first_line=first_line)
    number = last_line = 0
    while True:
        try:
            element = next(elements, None)
            if element is None:
                return
            number += 1
            shares_line = element.line == last_line
            last_line = element.line
            source = f"{name}:{element.line}" + (f" row {number}" if shares_line else "")
            if element.is_too_long:
                yield _too_long(source, element.num_bytes, element.data)
                continue
            row = read(element.data, source)
        except RowError as fault:
            raise _broken(name, fault) from None
        yield row


def _list_row(data: bytes, source: str) -> Row | Dropped:
    row = _row(data, source, offset=0)
    if isinstance(row, Dropped) and row.reason == "bad JSON":
        raise RowError(row.reason, f"line {source.rpartition(':')[2]}: {row.detail}")
    return row


def _whole(path: Path, name: str) -> bytes:
    parts: list[bytes] = []
    num_bytes = 0
    for chunk in _without_mark(text_chunks(path, name)):
        num_bytes += len(chunk)
        if num_bytes > MAX_OBJECT_BYTES:
            raise DataError(
                f"a JSON object of more than {MAX_OBJECT_BYTES >> 20} MB",
                where=name,
                cure="Write the rows as JSON Lines, one a line; that has no limit.",
            )
        parts.append(chunk)
    return b"".join(parts)


def _list_key(data: bytes, name: str) -> str | None:
    """The key of the object's only list of objects; None where the object is a row itself."""
    try:
        value = parse_object(data)
    except RowError as fault:
        raise _broken(name, fault) from None
    if ROW_LISTS & value.keys():
        return None
    keys = [key for key, item in value.items() if _is_list_of_objects(item)]
    if len(keys) > 1:
        raise DataError(
            f"an object with several lists: {', '.join(keys[:5])}",
            where=name,
            cure="Save the list that holds the rows as a file of its own.",
        )
    return keys[0] if keys else None


def _is_list_of_objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _without_mark(chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield next(chunks, b"").removeprefix(codecs.BOM_UTF8)
    yield from chunks


def _broken(name: str, fault: RowError) -> DataError:
    return DataError(
        f"not readable as JSON: {fault.detail}",
        where=name,
        cure="Mend the file, or write it as JSON Lines, where a bad line costs only itself.",
    )


def _too_long(source: str, num_bytes: int, data: bytes) -> Dropped:
    detail = f"{num_bytes:,} bytes long; {MAX_LINE_BYTES:,} are read at most"
    return Dropped.of(RowError("line too long", detail), source=source, text=data)


def _kind_of(value: Any) -> str:
    names = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
