"""JSON Lines, or a JSON file that holds a list -> rows with file and line.

A list is read piece by piece, so that each of its rows has a line and a faulty row costs
only itself. Where a row is no JSON at all, nobody can say where the next one begins: that
stops the reading, as it would in any other program.
"""

import codecs
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError
from tunesmith.sources.chunks import file_head, text_chunks
from tunesmith.sources.lines import MAX_LINE_BYTES, Line, split_lines
from tunesmith.sources.row import Dropped, NotRead, Row, RowError
from tunesmith.sources.tables.json_columns import JsonTable, find_json_table
from tunesmith.sources.tables.json_list import list_place, parse_object, split_list
from tunesmith.sources.tables.json_wrapped import list_within, values_in_a_row
from tunesmith.sources.tables.strict_json import parse_json
from tunesmith.sources.tables.tables import checked_row

MAX_OBJECT_BYTES = 256 << 20  # of a file that is one object: it has to be held whole
_Reader = Callable[[bytes, str, int], Row | Dropped]  # of data, its place, where in the file
_BETWEEN_OBJECTS = re.compile(rb"(?<=\n\})\s*\n(?=\{)")
_LIST_OF_LISTS = re.compile(rb"\[\s*\[\s*\"")
ROW_LISTS = frozenset({"messages", "conversations", "Instances"})  # lists that make an object a row


def read_json_lines_file(path: Path, name: str) -> Iterator[Row | Dropped | NotRead]:
    """One row a line; blank lines are left out, bad ones come as Dropped.

    A file of one line may be a table.
    """
    return _line_rows(path, name, _row)


def read_json_file(path: Path, name: str) -> Iterator[Row | Dropped | NotRead]:
    """The rows of a list or of a table; of an object's only list of objects; or the object as one.

    Raises:
        DataError: It is no valid JSON, or it is unclear which list is meant.
    """
    if _is_list(path, name):
        chunks = _without_mark(text_chunks(path, name))
        yield from _list_rows(chunks, name, first_line=1, read=_list_row)
        return
    data = _whole(path, name)
    if _BETWEEN_OBJECTS.search(data):
        yield from _objects(data, name)
        return
    try:
        value = _parsed(data, name)
    except DataError:
        ends = values_in_a_row(data)
        if len(ends) < 2:
            raise
        yield from _cut(data, ends, name)
        return
    table = _table(value, data, name)
    if table is not None:
        yield from _table_rows(table, name)
    elif isinstance(value, list):
        yield from _list_rows([data], name, first_line=1, read=_list_row)
    else:
        yield from _object_rows(value, data, name)


def read_json_values(path: Path, name: str, *, is_lines: bool) -> Iterator[Row | Dropped | NotRead]:
    """The values of a list, a table or of lines, or one object whole.

    Of a value that is no object, a row holds it under "".
    """
    if is_lines:
        yield from _line_rows(path, name, _value)
        return
    if _is_list(path, name):
        chunks = _without_mark(text_chunks(path, name))
        yield from _list_rows(chunks, name, first_line=1, read=_value)
        return
    data = _whole(path, name)
    value = _parsed(data, name)
    table = _table(value, data, name)
    if table is not None:
        yield from _table_rows(table, name)
    elif isinstance(value, list):
        yield from _list_rows([data], name, first_line=1, read=_value)
    else:
        yield _value(data, f"{name}:1")


def _is_list(path: Path, name: str) -> bool:
    """Whether a file is a list that can be read piece by piece, and no table."""
    head = file_head(path, name).lstrip()
    return head.startswith(b"[") and not _LIST_OF_LISTS.match(head)


def _line_rows(path: Path, name: str, read: _Reader) -> Iterator[Row | Dropped | NotRead]:
    lines = (
        line
        for line in split_lines(text_chunks(path, name))
        if line.data and not line.data.isspace()
    )
    first = list(itertools.islice(lines, 1))
    table = _table_of_line(first[0]) if first else None
    if table is not None:
        first += itertools.islice(lines, 1)
    if table is not None and len(first) == 1:
        yield from _table_rows(table, name)
        return
    for line in itertools.chain(first, lines):
        source = f"{name}:{line.number}"
        if line.is_too_long:
            yield _too_long(source, line.num_bytes, line.data)
        else:
            yield read(_without_comma(line.data), source, line.offset)


def _without_comma(data: bytes) -> bytes:
    """A line of a list whose brackets were cut away ends with the comma between rows."""
    bare = data.rstrip()
    return bare[:-1] if bare.endswith((b"},", b"],")) else data


def _table_of_line(line: Line) -> JsonTable | None:
    try:
        value = None if line.is_too_long else parse_json(line.data)
        return find_json_table(value) if isinstance(value, list | dict) else None
    except RowError:
        return None  # whoever reads the line will say so


def _objects(data: bytes, name: str) -> Iterator[Row | Dropped]:
    """Objects of several lines one behind another, as `jq` writes them; a bad one costs itself."""
    ends = [*(match.end() for match in _BETWEEN_OBJECTS.finditer(data)), len(data)]
    return _cut(data, ends, name)


def _cut(data: bytes, ends: Iterable[int], name: str) -> Iterator[Row | Dropped]:
    begin, line = 0, 1
    for number, end in enumerate(ends, start=1):
        shares_line = number > 1 and b"\n" not in data[begin:end]
        source = f"{name}:{line}" + (f" row {number}" if shares_line else "")
        yield _row(data[begin:end].strip(), source)
        line += data.count(b"\n", begin, end)
        begin = end


def _object_rows(
    value: Mapping[str, Any], data: bytes, name: str
) -> Iterator[Row | Dropped | NotRead]:
    key = _list_key(value, name)
    if key is None:
        yield from _rows_within(value, data, name)
        return
    yield from _others({other: item for other, item in value.items() if other != key}, name)
    begin, end = list_place(data, key)
    first_line = data.count(b"\n", 0, begin) + 1
    yield from _list_rows([data[begin:end]], name, first_line=first_line, read=_list_row)


def _rows_within(
    value: Mapping[str, Any], data: bytes, name: str
) -> Iterator[Row | Dropped | NotRead]:
    """The rows of the only list of objects that stands deeper; else the object as one."""
    found = list_within(value)
    row = _row(data, f"{name}:1")
    if found is None or isinstance(row, Dropped):
        yield row
        return
    path, rows, others = found
    yield from _others(others, name)
    for number, fields in enumerate(rows, start=1):
        place = f"{name}:{'.'.join(path)} row {number}"
        if isinstance(fields, dict):
            yield Row(fields=fields, source=place)
        else:
            fault = RowError("data_type", f"a row must be an object, this is {_kind_of(fields)}")
            yield Dropped.of(fault, source=place, text=json.dumps(fields))


def _value(data: bytes, source: str, offset: int = 0) -> Row | Dropped:
    try:
        value = parse_json(data, offset=offset)
    except RowError as fault:
        return Dropped.of(fault, source=source, text=data)
    return Row(fields=value if isinstance(value, dict) else {"": value}, source=source)


def _row(data: bytes, source: str, offset: int = 0) -> Row | Dropped:
    try:
        value = parse_json(data, offset=offset)
        if isinstance(value, str) and value.lstrip().startswith("{"):
            value = parse_json(value.encode())  # a row that was written as JSON twice
    except (RowError, UnicodeEncodeError) as error:
        fault = error if isinstance(error, RowError) else RowError("bad JSON", "no text")
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
    row = _row(data, source)
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


def _parsed(data: bytes, name: str) -> Any:
    """A whole value, to see what it holds."""
    try:
        return parse_json(data) if data.lstrip().startswith(b"[") else parse_object(data)
    except RowError as fault:
        raise _broken(name, fault) from None


def _table(value: Any, data: bytes, name: str) -> JsonTable | None:
    try:
        table = find_json_table(value)
        if table is not None:
            parse_json(data)  # is stricter than who looked at it
    except RowError as fault:
        cure = "Mend the table, or write it as JSON Lines, an object a row."
        raise DataError(f"not readable as a table: {fault.detail}", where=name, cure=cure) from None
    return table


def _table_rows(table: JsonTable, name: str) -> Iterator[Row | Dropped | NotRead]:
    yield from _others(table.others, name)
    for row_name in table.row_names:
        yield NotRead(source=f"{name}:1", name="names of rows", text=row_name)
    for number, fields in enumerate(table.rows, start=1):
        yield checked_row(dict(fields), f"{name}:row {number}")


def _others(items: Mapping[str, Any], name: str) -> Iterator[NotRead]:
    """What stands beside the rows."""
    for key, item in items.items():
        text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
        yield NotRead(source=f"{name}:1", name=f"key '{key}'", text=text)


def _list_key(value: Mapping[str, Any], name: str) -> str | None:
    """The key of the object's only list of objects; None where the object is a row itself."""
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
