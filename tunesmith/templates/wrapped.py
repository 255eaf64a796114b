"""A template and a conversation -> the template's own marker that the content carries already.

Such a row would be wrapped twice, or forge a turn; the stage that prepares data counts these
rows and says so once, with the cure.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from tunesmith.examples.example import Message
from tunesmith.templates.template import Template

_HEADERS = (
    "### Instruction:",
    "### Input:",
    "### Response:",
    "### Question:",
    "### Answer:",
)


def wrapped_marker(template: Template, messages: Sequence[Message]) -> str | None:
    """The first marker that stands in the content, or None.

    Headers of the text templates count with every template that has turns or headers.
    """
    if not template.markers:
        return None
    pattern = _pattern(template.markers)
    for message in messages:
        for text in (message.content, message.input):
            if found := pattern.search(text):
                return found.group()
    return None


def wrapping_cure(template: Template, marker: str) -> str:
    """What to do about rows that already carry `marker`."""
    if marker.startswith("#"):
        return (
            "If the data already carries its headers, use template concatenate "
            "(question and answer, nothing between); else take the header lines out of it."
        )
    return (
        f"Take {marker} out of the data, or give the turns as messages: template "
        f"'{template.name}' writes its own marks."
    )


@lru_cache(maxsize=16)
def _pattern(markers: tuple[str, ...]) -> re.Pattern[str]:
    words = []
    for marker in sorted({*markers, *_HEADERS}, key=len, reverse=True):
        is_heading = marker.endswith(":")
        words.append(("^" if is_heading else "") + re.escape(marker))
    return re.compile("|".join(words), re.MULTILINE)
