"""A text -> the JSON or the list that it is, if it is one."""

import json
import re
from typing import Any

_FENCE = re.compile(r"\A```\w*\n(.*?)\n?```\s*\Z", re.DOTALL)
_ITEM = re.compile(r"^\s*(?:[-*•‣·]|\(?\d{1,3}[.)、:])\s*(\S.*)$")


def json_value(text: str) -> Any:
    """The object or array that a text is, in a fence or not; None where it is none."""
    bare = text.strip()
    if fenced := _FENCE.match(bare):
        bare = fenced.group(1).strip()
    if not bare.startswith(("{", "[")):
        return None
    try:
        return json.loads(bare)
    except (ValueError, RecursionError):
        return None


def list_items(text: str) -> list[str]:
    """What stands behind the bullets or numbers; empty where they are not most of the lines."""
    lines = [line for line in text.splitlines() if line.strip()]
    found = [item.group(1) for line in lines if (item := _ITEM.match(line))]
    return found if 2 * len(found) > len(lines) else []
