"""A JSON value that holds a whole table -> its rows: columns as lists or by index, rows by name.

These are the layouts of pandas (`orient`: columns, index, split, tight, values), of `datasets`
and of Google's Sheets. What is none of them is left to the readers of lists and objects.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tunesmith.sources.row import RowError
from tunesmith.sources.tables.csv_layout import is_column_name

_SPLIT = frozenset({"columns", "data"})
_OF_SPLIT = _SPLIT | {"index", "index_names", "column_names"}
_QUESTION_MARKS = ("?", "？", "؟", ";", "՞")
_LISTS_OF_TURNS = frozenset({"messages", "conversations"})  # of one row, not of a column


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonTable:
    """The rows of a table.

    Attributes:
        rows: Column -> value, of each.
        row_names: What the rows are called, of each; empty where they are only numbered.
        others: Keys of the value that belong to no column.
    """

    rows: Sequence[Mapping[str, Any]]
    row_names: Sequence[str]
    others: Mapping[str, Any]


def find_json_table(value: Any) -> JsonTable | None:
    """The table that a value holds; None where it is none.

    Raises:
        RowError: Its columns are not of one length, or no first row names them.
    """
    if isinstance(value, list):
        return _of_rows(value[0], value[1:], [], {}) if _are_named(value) else None
    if _SPLIT <= value.keys() <= _OF_SPLIT and _are_records(value["data"]):
        return _of_rows(value["columns"], value["data"], value.get("index", []), {})
    if _are_named(value.get("values")):
        others = {key: item for key, item in value.items() if key != "values"}
        return _of_rows(value["values"][0], value["values"][1:], [], others)
    asked = _of_questions(value)
    if asked is None and value and all(isinstance(item, dict) and item for item in value.values()):
        return _of_objects(value)
    return asked or _of_lists(value)


def _of_questions(value: Mapping[str, Any]) -> JsonTable | None:
    """Questions with their answers, or such by topic."""
    rows: list[dict[str, Any]] = []
    for key, item in ({"": value} if _are_asked(value) else value).items():
        if not isinstance(item, dict) or not _are_asked(item):
            return None
        topic = {"topic": key} if key else {}
        rows += [{**topic, "question": asked, "answer": told} for asked, told in item.items()]
    return JsonTable(rows=rows, row_names=[], others={}) if rows else None


def _are_asked(value: Mapping[str, Any]) -> bool:
    """Whether an object's keys are questions, and its values their answers."""
    asked = sum(key.rstrip().endswith(_QUESTION_MARKS) for key in value)
    return 2 * asked > len(value) > 1 and all(isinstance(item, str) for item in value.values())


def _of_rows(
    names: Any, rows: Sequence[Sequence[Any]], row_names: Sequence[Any], others: Mapping[str, Any]
) -> JsonTable:
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise RowError("no names", "a list of lists whose first one does not name the columns")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(names):
            detail = f"row {number} has {len(row)} cells, but {len(names)} columns are named"
            raise RowError("wrong number of columns", detail)
    table = [dict(zip(names, row, strict=True)) for row in rows]
    return JsonTable(rows=table, row_names=list(_names_of_rows(row_names)), others=others)


def _of_objects(value: Mapping[str, Mapping[str, Any]]) -> JsonTable | None:
    """Columns of cells by index, or rows of cells by column: whichever names are names."""
    inner = list(dict.fromkeys(key for item in value.values() for key in item))
    is_deeper = any(isinstance(cell, dict) for item in value.values() for cell in item.values())
    is_by_column = _are_names(value) and not _are_names(inner) and not is_deeper
    if is_by_column:
        if any(list(item) != inner for item in value.values()):
            return None
        rows = [{name: item[key] for name, item in value.items()} for key in inner]
        return JsonTable(rows=rows, row_names=list(_names_of_rows(inner)), others={})
    if _are_names(inner) and not _are_names(value):
        return JsonTable(
            rows=list(value.values()), row_names=list(_names_of_rows(value)), others={}
        )
    return None


def _of_lists(value: Mapping[str, Any]) -> JsonTable | None:
    columns = {
        key: item for key, item in value.items() if isinstance(item, list) and _are_cells(item)
    }
    num_known = sum(map(is_column_name, columns))
    is_whole = len(columns) == len(value)
    if _LISTS_OF_TURNS & value.keys() or num_known < (1 if is_whole else 2):
        return None
    lengths = {key: len(item) for key, item in columns.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{key} {length:,}" for key, length in list(lengths.items())[:5])
        raise RowError("wrong number of cells", f"columns of different lengths: {found}")
    cells = zip(*columns.values(), strict=True)
    rows = [dict(zip(columns, row, strict=True)) for row in cells]
    others = {key: item for key, item in value.items() if key not in columns}
    return JsonTable(rows=rows, row_names=[], others=others)


def _are_records(value: Any) -> bool:
    """Whether a value is a list of lists of cells."""
    is_list = isinstance(value, list) and bool(value)
    return is_list and all(isinstance(row, list) and _are_cells(row) for row in value)


def _are_named(value: Any) -> bool:
    """Whether the first of such lists holds a usual name of a column."""
    return _are_records(value) and any(is_column_name(str(cell)) for cell in value[0])


def _are_cells(value: Sequence[Any]) -> bool:
    return bool(value) and not any(isinstance(item, dict | list) for item in value)


def _are_names(keys: Sequence[str] | Mapping[str, Any]) -> bool:
    return any(map(is_column_name, keys))


def _names_of_rows(keys: Any) -> Iterator[str]:
    """Names of rows that are more than their numbers."""
    texts = [str(key) for key in keys]
    yield from () if all(text.lstrip("-").isdigit() for text in texts) else texts
