"""A template and a conversation -> the template's own marker that the content carries already.

Such a row would be wrapped twice, or forge a turn; the stage that prepares data counts these
rows and says so once, with the cure.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from tunesmith.examples.conversion.prompt_headers import HEADERS
from tunesmith.examples.example import Message
from tunesmith.language.translate import sentences, translate
from tunesmith.templates.template import Template

_HEADERS = (
    "### Instruction:",
    "### Input:",
    "### Response:",
    "### Question:",
    "### Answer:",
)
_MARKS = tuple({mark for pair in HEADERS for mark in pair if not mark[0].isalnum()})


def wrapped_marker(template: Template, messages: Sequence[Message]) -> str | None:
    """The first marker that stands in the content, or None.

    Headers of the text templates count with every template that has turns or headers, and so does
    a question that ends as other templates end theirs.
    """
    if not template.markers:
        return None
    pattern = _pattern(template.markers)
    for message in messages:
        for text in (message.content, message.input):
            if found := pattern.search(text):
                return found.group()
    return waiting_lead(messages)


def doubled_header(messages: Sequence[Message]) -> str | None:
    """The first mark of any template known here that stands in the content, or None."""
    pattern = _pattern(_MARKS)
    found = (pattern.search(text) for one in messages for text in (one.content, one.input))
    return next((match.group() for match in found if match), None) or waiting_lead(messages)


def waiting_lead(messages: Sequence[Message]) -> str | None:
    """The words in which a lone question already waits for its answer, such as `### Answer:`.

    Such a row is a prompt as some template wrote it; None where it is not one.
    """
    if [message.role for message in messages] != ["user", "assistant"]:
        return None
    text = (messages[0].input or messages[0].content).rstrip()
    for opening, lead in HEADERS:
        if text.endswith(lead) and opening in (messages[0].content if messages[0].input else text):
            return lead
    return None


def wrapping_notice(template: Template, wrapped: Counter[str], *, is_mixture: bool = False) -> str:
    """How many rows carry a marker already, and what to do about it.

    Args:
        template: Around all rows.
        wrapped: Rows by their marker.
        is_mixture: Whether headers at the start and end of rows have been taken off already.
    """
    ((marker, _),) = wrapped.most_common(1)
    told = translate(
        "{count:,} rows already carry {mark!r} in their text and are wrapped twice.",
        count=wrapped.total(),
        mark=marker,
    )
    if is_mixture and _is_header(marker):
        left = translate(
            "Their headers do not stand at the start and end of a question and answer, so they "
            "were left; take the header lines out of the data, or give the turns as messages."
        )
        return sentences(told, left)
    return sentences(told, wrapping_cure(template, marker))


def wrapping_cure(template: Template, marker: str) -> str:
    """What to do about rows that already carry `marker`."""
    if _is_header(marker):
        return translate(
            "If the data already carries its headers, use template concatenate (question and "
            "answer, nothing between); else take the header lines out of it."
        )
    return translate(
        "Take {mark} out of the data, or give the turns as messages: template '{name}' writes its "
        "own marks.",
        mark=marker,
        name=template.name,
    )


def _is_header(marker: str) -> bool:
    return marker.startswith("#") or any(marker == lead for _, lead in HEADERS)


@lru_cache(maxsize=16)
def _pattern(markers: tuple[str, ...]) -> re.Pattern[str]:
    words = []
    for marker in sorted({*markers, *_HEADERS}, key=len, reverse=True):
        is_heading = marker.endswith(":")
        words.append(("^" if is_heading else "") + re.escape(marker))
    return re.compile("|".join(words), re.MULTILINE)
