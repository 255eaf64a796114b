"""A text -> the loop in it: a stretch that repeats itself, of whatever period, wherever it stands.

From each place where a few characters are those of an earlier place, the text is compared with
itself at that distance as far as it stays the same. A stretch that goes on for several times the
distance is a loop. No stretch is compared twice, so the work grows linearly with the text.
Digits count as equal where the stretch has letters: "1. Paris 2. Paris 3. Paris" is a loop.
"""

import re
from dataclasses import dataclass

from tunesmith.evaluation.usability.answered_row import AnsweredRow
from tunesmith.language.translate import translate

_SEED = 6  # characters that lead to an earlier place
_ROUNDS = 4  # how often a short stretch stands there
_ROUNDS_LONG = 3  # and a long one
_LONG = 20
_MIN_LENGTH = 18
_MIN_LENGTH_SIGNS = 60  # of dots and dashes, which rules and tables are made of
_MIN_WORDS = 24
_RUN = 4
_SAID_AGAIN = 0.5
_MAX_SHOWN = 40
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Loop:
    """What is repeated, and how often it stands there one after the other."""

    text: str
    rounds: int


def find_loop(text: str) -> Loop | None:
    """The first loop of a text; None where it has none."""
    shown = " ".join(text.split())
    start, period, length = _find(shown.casefold(), needs_letters=False)
    if not period:
        counted = _DIGIT.sub("0", shown.casefold())
        start, period, length = _find(counted, needs_letters=True)
    if not period:
        return None
    return Loop(shown[start : start + period].strip(), length // period)


def repeats(row: AnsweredRow) -> str | None:
    """What the answer says again and again, where the reference does no such thing."""
    loop = find_loop(row.text)
    if loop is not None:
        shown = loop.text[:_MAX_SHOWN]
        told = translate("{text!r} {count} times", text=shown, count=loop.rounds)
        return None if find_loop(row.reference) else told
    if len(row.words) < _MIN_WORDS:
        return None
    again = _said_again(row.words)
    if again < _SAID_AGAIN or _said_again(row.reference_words) >= _SAID_AGAIN / 2:
        return None
    return translate("{share:.0%} of the words were said before", share=again)


def _find(text: str, *, needs_letters: bool) -> tuple[int, int, int]:
    """Where the first loop begins, its period, and its length; 0, 0, 0 without one."""
    seen: dict[str, int] = {}
    place = 0
    while place + _SEED <= len(text):
        seed = text[place : place + _SEED]
        before = seen.get(seed)
        seen[seed] = place
        if before is None:
            place += 1
            continue
        period, end = place - before, place
        while end < len(text) and text[end] == text[end - period]:
            end += 1
        start = _begin(text, before, period) if end - before > 2 * period else before
        if _is_loop(text[start:end], period, needs_letters=needs_letters):
            return start, period, end - start
        for passed in range(place + 1, end - _SEED + 1):
            seen[text[passed : passed + _SEED]] = passed
        place = max(place + 1, end - _SEED + 1)
    return 0, 0, 0


def _begin(text: str, start: int, period: int) -> int:
    """Where a stretch begins, at most a period before the place at which it was noticed."""
    first = max(0, start - period)
    while start > first and text[start - 1] == text[start - 1 + period]:
        start -= 1
    return start


def _is_loop(stretch: str, period: int, *, needs_letters: bool) -> bool:
    rounds = _ROUNDS_LONG if period >= _LONG else _ROUNDS
    has_letters = _LETTER.search(stretch) is not None
    has_signs_alone = not has_letters and not _DIGIT.search(stretch)
    if needs_letters and not has_letters:
        return False
    least = _MIN_LENGTH_SIGNS if has_signs_alone else _MIN_LENGTH
    return len(stretch) >= max(least, rounds * period)


def _said_again(words: tuple[str, ...]) -> float:
    """The share of runs of four words that stood in the text before."""
    runs = list(zip(*(words[start:] for start in range(_RUN)), strict=False))
    return 1 - len(set(runs)) / len(runs) if runs else 0.0
