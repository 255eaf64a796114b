"""An answer that does not end by itself, or says nothing."""

import unicodedata

from tunesmith.evaluation.usability.answered_row import AnsweredRow
from tunesmith.language.translate import message


def does_not_end(row: AnsweredRow) -> str | None:
    """That the answer was still going on when it was cut off."""
    return message("cut off") if row.finish_reason == "length" else None


def says_nothing(row: AnsweredRow) -> str | None:
    """That there is not a word in the answer, where there is one in the reference."""
    if _speaks(row.text) or not _speaks(row.reference):
        return None
    return message("only marks") if row.text.strip() else message("empty")


def _speaks(text: str) -> bool:
    """Whether a text has a letter, a digit or a sign: blanks and punctuation say nothing."""
    return any(unicodedata.category(character)[0] in "LNS" for character in text)
