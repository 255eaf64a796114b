"""A pattern and a decision about each of its matches -> the text with marks, and how many."""

import re
from collections.abc import Callable

Decision = Callable[[re.Match[str]], str | None]
Hidden = tuple[str, int]


def replace(pattern: re.Pattern[str], text: str, decide: Decision) -> Hidden:
    """Replace the matches for which `decide` returns a text; None leaves a match as it is."""
    count = 0

    def one(match: re.Match[str]) -> str:
        nonlocal count
        mark = decide(match)
        if mark is None:
            return match[0]
        count += 1
        return mark

    return pattern.sub(one, text), count
