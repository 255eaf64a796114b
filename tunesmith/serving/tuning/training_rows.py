"""An uploaded file -> the number of its rows that can be trained, or its faulty lines by number.

Rows are OpenAI's: `messages`, with `weight` 0 or 1 on answers, or `prompt` and `completion`. The
reasons bear the names of OpenAI's own checks.
"""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tunesmith.examples.conversion.conversations import (
    TOOL_CALLS,
    check_conversation,
    has_tools,
    read_messages,
)
from tunesmith.serving.api_error import ApiError
from tunesmith.sources.row import RowError
from tunesmith.sources.tables.strict_json import parse_json

_NUM_SHOWN = 5
_BOM = codecs.BOM_UTF8
_KEYS = {"messages", "tools", "functions", "parallel_tool_calls"}
_PAIR = {"prompt", "completion"}
_MESSAGE_KEYS = {"role", "content", "name", "weight", "refusal", "tool_calls", "function_call"}


def count_rows(path: Path, *, longest: int) -> int:
    """Count the rows of a file.

    Args:
        path: JSON Lines.
        longest: Bytes of a line at most.

    Raises:
        ApiError: A line cannot be trained; the first are named, with their numbers from 1.
    """
    faults: list[str] = []
    num_rows = num_faulty = 0
    for number, line in _lines(path, longest):
        if not line.strip():
            continue
        num_rows += 1
        try:
            _check(line, longest)
        except RowError as fault:
            num_faulty += 1
            if len(faults) < _NUM_SHOWN:
                faults.append(f"line {number}: {fault.reason}: {fault.detail}")
    if not num_rows:
        raise _refused("the file holds no row. Write a JSON object a line.")
    if num_faulty:
        more = f"; and {num_faulty - len(faults):,} more" if num_faulty > len(faults) else ""
        told = f"{num_faulty:,} of {num_rows:,} rows cannot be trained. {'; '.join(faults)}{more}"
        raise _refused(f"{told}. Mend the lines, and upload the file again.")
    return num_rows


def _lines(path: Path, longest: int) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers; of one that is too long, its beginning."""
    with path.open("rb") as stream:
        number, is_rest = 1, False
        while line := stream.readline(longest + 1):
            if not is_rest:
                yield number, line.removeprefix(_BOM) if number == 1 else line
            is_rest = not line.endswith(b"\n")
            number += not is_rest


def _check(line: bytes, longest: int) -> None:
    if len(line) > longest:
        raise RowError("data_type", f"the line is longer than {longest:,} bytes")
    try:
        row = parse_json(line)
    except RowError as fault:  # what training would drop is not taken
        raise RowError("data_type", fault.detail) from None
    if not isinstance(row, dict):
        raise RowError("data_type", "the row is not an object")
    if row.keys() == _PAIR:
        if not all(isinstance(row[name], str) and row[name].strip() for name in _PAIR):
            raise RowError("missing_content", "prompt and completion are texts that say something")
        return
    if "messages" not in row:
        found = ", ".join(sorted(row))[:100] or "nothing"
        raise RowError("missing_messages_list", f"no messages; found {found}")
    if unknown := sorted(row.keys() - _KEYS):
        raise RowError("unrecognized_key", f"{unknown[0][:60]!r} beside messages")
    _check_messages(row)


def _check_messages(row: dict[str, Any]) -> None:
    if has_tools(row):
        raise RowError(TOOL_CALLS, "the row offers tools, for which templates here have no place")
    messages = row["messages"]
    if isinstance(messages, list):
        for number, one in enumerate(messages, start=1):
            unknown = sorted(one.keys() - _MESSAGE_KEYS) if isinstance(one, dict) else []
            if unknown:
                detail = f"message {number} has the key {unknown[0][:60]!r}"
                raise RowError("message_unrecognized_key", detail)
    check_conversation(read_messages(messages))


def _refused(problem: str) -> ApiError:
    return ApiError(problem, param="file", code="invalid_file_format")
