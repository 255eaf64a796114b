"""An answer and its reference -> whether it is right, as far as that can be told without a judge.

What has one right answer (a label, a number, a few words, JSON, a list) is compared as a whole. A
text is right where it agrees with its reference: in the words that the question does not hold
already, or, where there are few of those (a sentence rewritten), in words and their order.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from tunesmith.evaluation.final_answer import final_answer
from tunesmith.evaluation.metrics import exact_match, rouge_l, token_f1
from tunesmith.evaluation.normalise import normalised_words
from tunesmith.evaluation.usability.answered_row import AnsweredRow
from tunesmith.evaluation.usability.forms import Form
from tunesmith.evaluation.usability.structured_text import json_value, list_items

_AGREES = 50.0  # token F1 of the words beyond the question
_SAME_ORDER = 70.0  # ROUGE-L of all words
_SAME_ITEMS = 0.8
_FEW = 5
_PARTLY = 0.3


def is_right(row: AnsweredRow, form: Form) -> bool:
    """Whether the answer is right, or, of a text, agrees with the reference."""
    if row.words == row.reference_words and row.words:
        return True
    return bool(row.text.strip()) and _CHECKS[form](row)


def beyond_question(words: Sequence[str], asked: Collection[str]) -> list[str]:
    """The words that the question does not hold."""
    return [word for word in words if word not in asked]


def _has_label(row: AnsweredRow) -> bool:
    return exact_match(row.text, row.reference) == 100


def _has_number(row: AnsweredRow) -> bool:
    return _has_label(row) or final_answer(row.text, row.reference) == 100


def _has_values(row: AnsweredRow) -> bool:
    return bool(json_value(row.text) == json_value(row.reference))


def _has_items(row: AnsweredRow) -> bool:
    found, expected = (
        {tuple(normalised_words(item)) for item in list_items(text)}
        for text in (row.text, row.reference)
    )
    return 2 * len(found & expected) >= _SAME_ITEMS * (len(found) + len(expected))


def _agrees(row: AnsweredRow) -> bool:
    asked = set(row.asked_words)
    expected = beyond_question(row.reference_words, asked)
    if len(expected) < max(_FEW, _PARTLY * len(row.reference_words)):
        return rouge_l(row.text, row.reference) >= _SAME_ORDER
    said = beyond_question(row.words, asked)
    return token_f1(" ".join(said), " ".join(expected)) >= _AGREES


_CHECKS: Mapping[Form, Callable[[AnsweredRow], bool]] = {
    "label": _has_label,
    "number": _has_number,
    "JSON": _has_values,
    "list": _has_items,
    "short": _has_label,
    "text": _agrees,
}
