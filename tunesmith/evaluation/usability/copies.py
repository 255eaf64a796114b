"""An answer that is only the question again, or word for word the answer to another question."""

from tunesmith.evaluation.metrics import token_f1
from tunesmith.evaluation.normalise import normalised_words
from tunesmith.evaluation.usability.answered_row import AnsweredRow, share_within
from tunesmith.evaluation.usability.expected import Expected, text_key
from tunesmith.language.translate import message, translate

_RUN = 4
_MOSTLY = 0.8  # of the answer's words
_PARTLY = 0.5
_AKIN = 50.0  # token F1 from which on two answers say about the same
_MIN_WORDS = 5  # shorter answers are alike without one being a copy


def copies_prompt(row: AnsweredRow) -> str | None:
    """That the answer is the question, where the reference is not."""
    if not row.words or row.words == row.reference_words:
        return None
    if len(row.words) > 1 and any(normalised_words(one) == [*row.words] for one in row.asked):
        return message("the question again")
    if len(row.words) < _MIN_WORDS:
        return None
    copied = share_within(row.words, row.asked_words, length=_RUN)
    expected = share_within(row.reference_words, row.asked_words, length=_RUN)
    told = translate("{share:.0%} of it is the question", share=copied)
    return told if copied >= _MOSTLY > expected + 0.3 else None


def copies_training(row: AnsweredRow, expected: Expected) -> str | None:
    """That the answer stands word for word in training, where the reference is another."""
    if len(row.words) < _MIN_WORDS or row.words == row.reference_words:
        return None
    if text_key(row.words) not in expected.answers:
        return None
    is_akin = token_f1(row.text, row.reference) >= _AKIN
    return None if is_akin else message("an answer of the training rows")
