"""The value of a cell -> its text, or why it has none, in the words of the file."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import TypeGuard

from tunesmith.sources.lines import excerpt
from tunesmith.sources.row import RowError


def kind_of(value: object) -> str:
    """A value in words, for messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {str(value)[:20]}"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, bytes):
        return "bytes"
    return "a text" if isinstance(value, str) else "a list"


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """Whether it is a list; a text is none."""
    return isinstance(value, list | tuple)


def is_blank(value: object) -> bool:
    """Whether it says nothing: null, empty, blanks."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or (isinstance(value, list | tuple | dict) and not value)


def are_numbers(value: object) -> bool:
    """Whether it is a list of numbers, such as token ids."""
    return is_list(value) and bool(value) and all(isinstance(one, int | float) for one in value)


def plain_text(value: object) -> str | None:
    """A text, or a number as JSON writes it; None where the value is neither."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value) if math.isfinite(value) else None
    if value is None or isinstance(value, Mapping | bytes) or is_list(value):
        return None
    return str(value)  # a date or a decimal of a Parquet file


def cell_content(value: object, name: str, reason: str) -> str:
    """The text of a cell.

    Args:
        value: As it was read.
        name: Of its column, for messages.
        reason: What an empty cell is called.

    Raises:
        RowError: It is empty, or no text.
    """
    if is_list(value) and len(value) == 1 and isinstance(value[0], str):
        value = value[0]  # one text in a list is that text
    text = plain_text(value)
    if text is None:
        raise _no_text(value, name)
    if not text or text.isspace():
        raise RowError(reason, f"field '{name}' is {'blank' if text else 'empty'}")
    return text


def _number(value: float) -> str:
    text = repr(value)
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if mark else text


def _no_text(value: object, name: str) -> RowError:
    detail = f"field '{name}' is {kind_of(value)}, not a text"
    texts = [one for one in value if isinstance(one, str)] if is_list(value) else []
    if is_list(value) and value and len(texts) == len(value):
        shown = excerpt(json.dumps(", ".join(texts), ensure_ascii=False))
        detail = f"{detail}: it holds {len(value)} texts. Write one, such as {shown}"
    return RowError("not a text", detail)
