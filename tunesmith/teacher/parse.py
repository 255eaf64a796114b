"""A teacher's reply -> the JSON object or the numbered list that it holds.

Models fence JSON, think aloud before it and talk after it; all that is passed over. What
cannot be read is a RowError with a reason that is counted, never a guess.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.row import RowError
from tunesmith.sources.tables.strict_json import parse_json

UNREADABLE = "unreadable reply"
_MAX_CHARACTERS = 100_000
_MAX_STARTS = 40
_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_ITEM = re.compile(
    r"^\s*(?:\*\*)?(?:(?:task|instruction|任务|指令)\s*)?\d{1,3}\s*[.):、．：]\s*(?:\*\*)?[:：]?\s*(\S.*)$",
    re.IGNORECASE,
)


def without_thoughts(text: str) -> str:
    """The reply without what a reasoning model thought aloud."""
    return _THOUGHT.sub("", text).strip()


def read_object(text: str) -> dict[str, Any]:
    """The last JSON object of a reply that stands by itself.

    Raises:
        RowError: There is none.
    """
    found: dict[str, Any] | None = None
    fault = "no JSON object stands in it"
    for part in _objects(without_thoughts(text)[:_MAX_CHARACTERS]):
        try:
            value = parse_json(part.encode("utf-8", "surrogatepass"))
        except RowError as error:
            fault = error.detail
            continue
        if isinstance(value, dict):
            found = value
    if found is None:
        raise RowError(UNREADABLE, fault)
    return found


def read_text(values: Mapping[str, Any], *names: str) -> str:
    """The text under the first of some keys, stripped; numbers are written out.

    Raises:
        RowError: None of the keys holds a text.
    """
    for name in names:
        value = values.get(name)
        if isinstance(value, bool):
            value = str(value).lower()
        if isinstance(value, str | int | float):
            return str(value).strip()
    raise RowError(UNREADABLE, f"no text under {' or '.join(names)}; found {_keys(values)}")


def read_list(values: Mapping[str, Any], *names: str) -> list[Any]:
    """The list under the first of some keys.

    Raises:
        RowError: None of the keys holds a list.
    """
    for name in names:
        if isinstance(values.get(name), list):
            found: list[Any] = values[name]
            return found
    raise RowError(UNREADABLE, f"no list under {' or '.join(names)}; found {_keys(values)}")


def read_tasks(text: str) -> list[str]:
    """Instructions: the list `tasks` of an object, or a numbered list in plain text.

    Raises:
        RowError: There is neither.
    """
    try:
        items = read_list(read_object(text), "tasks", "instructions")
    except RowError:
        items = numbered_items(without_thoughts(text))
        if not items:
            raise
    found = [_task_text(item) for item in items]
    return [one for one in found if one]


def numbered_items(text: str) -> list[str]:
    """The items of a numbered list; lines below an item that begin no other belong to it."""
    items: list[str] = []
    for line in text[:_MAX_CHARACTERS].splitlines():
        match = _ITEM.match(line)
        if match:
            items.append(match[1].strip())
        elif items and line.strip():
            items[-1] += f"\n{line.strip()}"
    return items


def read_yes(values: Mapping[str, Any], *names: str) -> bool:
    """Yes or no under the first of some keys.

    Raises:
        RowError: It says neither.
    """
    word = read_text(values, *names).casefold().strip(" .!。\"'")
    if word in lexicon(__package__).words("affirmative"):
        return True
    if word in lexicon(__package__).words("negative"):
        return False
    raise RowError(UNREADABLE, f"{word[:40]!r} is neither yes nor no")


def _task_text(item: Any) -> str:
    """An item of the list, which some models write as an object."""
    if isinstance(item, Mapping):
        item = item.get("instruction") or item.get("task") or ""
    return item.strip() if isinstance(item, str) else ""


def _keys(values: Mapping[str, Any]) -> str:
    return ", ".join(sorted(str(key)[:40] for key in values)[:8]) or "nothing"


def _objects(text: str) -> Iterator[str]:
    """Stretches from a brace to the one that closes it, strings respected."""
    start, tries = text.find("{"), 0
    while start >= 0 and tries < _MAX_STARTS:
        tries += 1
        end = _end_of(text, start)
        if end is None:
            start = text.find("{", start + 1)
            continue
        yield text[start:end]
        start = text.find("{", end)


def _end_of(text: str, start: int) -> int | None:
    depth, is_string, place = 0, False, start
    while place < len(text):
        character = text[place]
        if is_string and character == "\\":
            place += 1
        elif character == '"':
            is_string = not is_string
        elif not is_string and character == "{":
            depth += 1
        elif not is_string and character == "}":
            depth -= 1
            if depth == 0:
                return place + 1
        place += 1
    return None
