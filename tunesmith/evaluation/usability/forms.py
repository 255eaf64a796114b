"""A reference -> its form, and whether an answer has it: a label, a number, JSON, a list, a length.

What can be checked is checked strictly where references leave no choice: a label has to be one of
the closed set, JSON has to parse. A text only has to be about as long as texts here are.
"""

import re
from typing import Literal

from tunesmith.evaluation.usability.answered_row import AnsweredRow
from tunesmith.evaluation.usability.expected import Expected, Group, text_key
from tunesmith.evaluation.usability.structured_text import json_value, list_items
from tunesmith.language.translate import message, translate

Form = Literal["label", "number", "JSON", "list", "short", "text"]
CHECKABLE: tuple[Form, ...] = ("label", "number", "JSON", "list", "short")
_SHORT = 5  # words
_LONGER, _SHORTER, _SLACK = 2, 3, 10
_NUMBER = re.compile(r"[-+−]?\s*[$€£¥]?\s*\d[\d.,:/ ]*\s*(?:%|[$€£¥]|[^\W\d_]{1,3})?\.?")


def form_of(row: AnsweredRow, expected: Expected) -> Form:
    """What kind of text the reference is."""
    if json_value(row.reference) is not None:
        return "JSON"
    if text_key(row.reference_words) in _group(row, expected).label_set:
        return "label"
    if _NUMBER.fullmatch(row.reference.strip()):
        return "number"
    if len(list_items(row.reference)) > 1:
        return "list"
    return "short" if len(row.reference_words) <= _SHORT else "text"


def other_form(row: AnsweredRow, expected: Expected) -> str | None:
    """In what way the answer is not what references are; None where it is, or is empty."""
    form, group = form_of(row, expected), _group(row, expected)
    if not row.words:
        return None
    if form == "JSON" and type(json_value(row.text)) is not type(json_value(row.reference)):
        return message("no such JSON")
    if form == "label" and text_key(row.words) not in group.label_set:
        return message("none of the labels")
    if form == "number" and not any(map(str.isdigit, row.text)):
        return message("no number")
    if form == "list" and group.is_listed and len(list_items(row.text)) < 2:
        return message("no list")
    return _other_length(len(row.words), group)


def _other_length(length: int, group: Group) -> str | None:
    if length > _LONGER * group.longest + _SLACK:
        return translate(
            "{count:,} words; references have at most {limit:,}", count=length, limit=group.longest
        )
    if length * _SHORTER < group.shortest:
        return translate(
            "{count:,} words; references have at least {limit:,}",
            count=length,
            limit=group.shortest,
        )
    return None


def _group(row: AnsweredRow, expected: Expected) -> Group:
    return expected.groups[row.group]
