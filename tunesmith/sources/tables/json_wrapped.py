"""JSON whose rows stand deeper than at its top, or one behind another -> where they are."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_DEEPEST = 8
_BLANKS = re.compile(r"\s*")
_OF_A_ROW = frozenset(
    {"question", "answer", "instruction", "input", "output", "prompt", "completion", "response"}
    | {"text", "messages", "conversations", "context", "chosen", "rejected", "choices", "options"}
)


class ListWithin(NamedTuple):
    """A list of objects, the keys that lead to it, and what stands beside the way by its path."""

    path: tuple[str, ...]
    rows: list[Any]
    others: dict[str, Any]


def values_in_a_row(data: bytes) -> list[int]:
    """Where each of the objects in a text ends that has nothing but blanks between them.

    Empty where the first value is all, or something is no object.
    """
    decoder = json.JSONDecoder()
    ends: list[int] = []
    try:
        text = data.decode()
        begin, num_bytes = _past_blanks(text, 0), 0
        last = 0
        while begin < len(text):
            if text[begin] != "{":
                return []
            _, end = decoder.raw_decode(text, begin)
            num_bytes += len(text[last:end].encode())
            ends.append(num_bytes)
            last, begin = end, _past_blanks(text, end)
    except (ValueError, RecursionError):
        return []
    return ends


def _past_blanks(text: str, place: int) -> int:
    match = _BLANKS.match(text, place)
    return match.end() if match else place


def list_within(value: Mapping[str, Any]) -> ListWithin | None:
    """The only list of objects below an object that is no row itself."""
    if not _OF_A_ROW.isdisjoint(key.casefold() for key in value):
        return None
    lists = list(_lists(value, ()))
    if len(lists) != 1:
        return None
    path, rows = lists[0]
    others: dict[str, Any] = {}
    at: Any = value
    for depth, key in enumerate(path):
        beside = {".".join((*path[:depth], name)): part for name, part in at.items() if name != key}
        others |= beside
        at = at[key]
    return ListWithin(path, rows, others)


def _lists(
    value: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, item in value.items():
        if isinstance(item, list) and item and isinstance(item[0], dict):
            yield (*path, key), item
        elif isinstance(item, dict) and len(path) < _DEEPEST:
            yield from _lists(item, (*path, key))
