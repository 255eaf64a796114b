"""JSON Lines -> some of their fields as Arrow columns, and where each line begins.

Read in C++ and in blocks: memory holds the fields that were asked for, never the texts.
"""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import json as arrow_json

from tunesmith.errors import DataError

IntArray = NDArray[np.int64]
_BLOCK_BYTES = 4_000_000
_LARGEST_BLOCK = 512_000_000
_CURE = "tunesmith evaluate RECIPE writes it anew."


def read_columns_of(path: Path, schema: pa.Schema, *, is_open: bool = False) -> pa.Table:
    """Some fields of every line.

    Args:
        path: The file.
        schema: The fields, with their types; those of lines that lack one are null.
        is_open: Whether the other fields are read too, as what they are.

    Raises:
        DataError: The file is damaged.
    """
    if path.stat().st_size == 0:
        return schema.empty_table()
    parse = arrow_json.ParseOptions(
        explicit_schema=schema, unexpected_field_behavior="infer" if is_open else "ignore"
    )
    size = _BLOCK_BYTES
    while True:
        try:
            read = arrow_json.ReadOptions(block_size=size)
            return arrow_json.open_json(path, read_options=read, parse_options=parse).read_all()
        except pa.ArrowInvalid as error:  # a line longer than a block, or what is no JSON
            if "straddling" not in str(error) or size >= _LARGEST_BLOCK:
                problem = f"is damaged ({str(error)[:200]})"
                raise DataError(problem, where=str(path), cure=_CURE) from None
            size *= 8


def line_starts(path: Path, count: int) -> IntArray:
    """The byte at which each line begins, (count,).

    Raises:
        DataError: The file has another number of lines.
    """
    found, offset, last = [np.zeros(1, dtype=np.int64)], 0, b"\n"
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == 10)
            found.append(ends + offset + 1)
            offset, last = offset + len(block), block[-1:]
    starts = np.concatenate(found)
    starts = starts[:-1] if last == b"\n" else starts
    if len(starts) != count:
        problem = f"has {len(starts):,} lines and {count:,} records"
        raise DataError(problem, where=str(path), cure=_CURE)
    return starts


def record_at(path: Path, start: int) -> dict[str, Any]:
    """The record of the line that begins at a byte.

    Raises:
        DataError: The file has changed since.
    """
    with path.open("rb") as stream:
        stream.seek(start)
        try:
            found = orjson.loads(stream.readline())
        except orjson.JSONDecodeError:
            found = None
    if not isinstance(found, dict):
        raise DataError("has changed meanwhile", where=str(path), cure="Load the page again.")
    return found
