"""A pair's redactions -> each mark with its number, and the text with one of them undone.

What was hidden is not in the run's files; the person says what stood there (a support address
that everybody may know), and it must be something that would be hidden as that very mark.
"""

from collections import Counter
from collections.abc import Mapping

from tunesmith.errors import DataError
from tunesmith.examples.edits.pair_texts import RedactionMark, redaction_marks
from tunesmith.examples.redaction.redact import ALL_KINDS, redact_text


def find_mark(texts: Mapping[str, str], number: int) -> RedactionMark:
    """A mark by its number over the pair, from 1.

    Raises:
        DataError: There is none.
    """
    marks = [*redaction_marks(texts)]
    if not 1 <= number <= len(marks):
        known = ", ".join(f"{one.number} {one.mark} ({one.field})" for one in marks)
        cure = f"There are: {known}." if marks else "Nothing is hidden in this pair."
        raise DataError("no such redaction", where=str(number), cure=cure)
    return marks[number - 1]


def without_redaction(
    texts: Mapping[str, str], number: int, value: str, *, seed: int
) -> dict[str, str]:
    """The text with one mark replaced by what stood there.

    Args:
        texts: Of the pair.
        number: Of the mark.
        value: What stood there.
        seed: Of pseudonyms, `examples.seed`.

    Raises:
        DataError: There is no such mark, or the value is nothing that it would stand for.
    """
    found = find_mark(texts, number)
    text, end = texts[found.field], found.start + len(found.mark)
    shown = text[: found.start] + value + text[end:]
    if redact_text(shown, ALL_KINDS, Counter(), seed=seed) != text:
        problem = f"{value[:60]!r} is not what {found.mark} stands for there"
        cure = "Give exactly what the source says there."
        raise DataError(problem, where=f"redaction {number}", cure=cure)
    return {found.field: shown}
