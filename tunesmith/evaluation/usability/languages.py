"""An answer in another language, or in other letters, than its reference."""

import unicodedata
from collections import Counter
from collections.abc import Collection

from tunesmith.evaluation.usability.answered_row import AnsweredRow
from tunesmith.examples.language import sure_language
from tunesmith.language.translate import translate

_MIN_LETTERS = 3
_MAX_CHARACTERS = 2_000
_MOSTLY = 0.6
_SCRIPTS = {"CJK": "Han", "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "HANGUL": "Korean"}
_MIXED = {"Han", "Japanese", "Korean"}  # a text of the latter two may be written in Han alone


def other_language(row: AnsweredRow, known: Collection[str]) -> str | None:
    """What the answer is written in, where that is surely not what the reference is written in.

    Args:
        row: The answer and its reference.
        known: The languages of references, for those too short to tell.
    """
    expected, found = sure_language(row.reference), sure_language(row.text)
    if expected is not None and found is not None:
        if found == expected or found == sure_language(f"{row.reference}\n{row.text}") == expected:
            return None
        told = translate(
            "{language}, not {other_language}", language=found, other_language=expected
        )
        return told if _differ(row, found, expected) else None
    if expected is None and found is not None and known and found not in known:
        return translate("{language}, as no reference is", language=found)
    wanted, written = _script(row.reference), _script(row.text)
    if None in (wanted, written) or wanted == written or {wanted, written} <= _MIXED:
        return None
    return translate("{script} letters, not {other_script}", script=written, other_script=wanted)


def _differ(row: AnsweredRow, found: str, expected: str) -> bool:
    """Not where the reference itself holds words of the other language, as in a quotation."""
    shared = set(row.words) & set(row.reference_words)
    return found != expected and 2 * len(shared) < len(set(row.words))


def _script(text: str) -> str | None:
    """The letters that most of a text is written in; None where there are few."""
    counts: Counter[str] = Counter()
    for character in filter(str.isalpha, text[:_MAX_CHARACTERS]):
        name = unicodedata.name(character, "UNKNOWN").split(maxsplit=1)[0].split("-")[0]
        counts[_SCRIPTS.get(name, name.capitalize())] += 1
    if counts.total() < (1 if _MIXED & counts.keys() else _MIN_LETTERS):
        return None
    script, count = counts.most_common(1)[0]
    return script if count >= _MOSTLY * counts.total() else None
