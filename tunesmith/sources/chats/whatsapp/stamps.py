"""The date and time at the beginning of a message, in any language's style -> a `Stamp`.

Read are numbers of any script and words that CLDR knows, so that no list of styles is needed:
`14.10.2024 klo 15.50`, `2024/10/14 下午3:50`, `15:50, 14 thg 10, 2024`, also Arabic.
Which number is the day and which the month is decided over all dates of a file.
"""

import itertools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from tunesmith.sources.chats.whatsapp.calendars import DateOrder, day_number
from tunesmith.sources.chats.whatsapp.date_words import (
    WORD,
    DateWords,
    english_words,
    letters_of,
    world_words,
)

MARKS = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
MAX_CHARACTERS = 80
_FORBIDDEN = re.compile('[<>{}"“”?!=#@*|\\\\^~+&%$;\\[\\]]')
_CLOCK = re.compile(r"(?<![\d.:])(\d{1,2}) ?: ?(\d\d)(?: ?: ?(\d\d))?(?![\d:])")
_NUMBER = re.compile(r"\d+")
_LAST_DIGIT = 0x1FC00  # no script has digits behind
_LONGEST_GLUE = 3  # letters
_LONGEST_PHRASE = 8  # words between two numbers


class Stamp(NamedTuple):
    """A date whose order is still open, and a time.

    Attributes:
        date: Its numbers as they stand; two where a name tells the month.
        month: By name, else None.
        seconds: Since midnight.
        style: What dates of one order have in common: the separator, the widths of numbers.
        is_american: Whether it is written as in the United States, where nothing else decides.
        half: "am" or "pm", or "" on a clock of 24 hours.
    """

    date: tuple[int, ...]
    month: int | None
    seconds: int
    style: str
    is_american: bool
    half: str


class _Parts(NamedTuple):
    """Numbers of a text and what stands before, between and behind them: one more than those."""

    numbers: tuple[str, ...]
    gaps: tuple[str, ...]


class _Reading(NamedTuple):
    """A date and a time, and the words around the time."""

    date: _Parts
    clock: tuple[str, ...]
    before: str
    after: str


def plain(text: str) -> str:
    """A beginning of a line in our digits and blanks, without marks of direction."""
    return " ".join(text.translate(_plain_characters()).split())


def read_stamp(text: str) -> Stamp | None:
    """Read a date and a time that fill a text; None where it is anything else."""
    if len(text) > MAX_CHARACTERS:
        return None
    written = plain(text)
    if _FORBIDDEN.search(written):
        return None
    readings = [reading for reading in _readings(written) if _is_moment(reading)]
    words = _words_for(written) if readings else None
    stamps = (_stamp(reading, words) for reading in readings if words)
    return next((stamp for stamp in stamps if stamp), None)


def find_orders(stamps: Sequence[Stamp]) -> Mapping[str, DateOrder]:
    """For each style the order in which most dates exist, and run on as a chat does."""
    by_style: dict[str, list[Stamp]] = {}
    for stamp in stamps:
        by_style.setdefault(stamp.style, []).append(stamp)
    return {style: _order(found) for style, found in by_style.items()}


def stamp_seconds(stamp: Stamp, orders: Mapping[str, DateOrder]) -> float | None:
    """Seconds since 1970 as the clock of the telephone showed them; None without such a day."""
    day = day_number(stamp.date, stamp.month, orders[stamp.style])
    return None if day is None else day * 86_400.0 + stamp.seconds


def _order(stamps: Sequence[Stamp]) -> DateOrder:
    is_american = 2 * sum(stamp.is_american for stamp in stamps) > len(stamps)
    usual: list[DateOrder] = ["mdy", "dmy", "ymd"] if is_american else ["dmy", "mdy", "ymd"]

    def doubt(order: DateOrder) -> tuple[int, int, int, int]:
        days = [day_number(stamp.date, stamp.month, order) for stamp in stamps]
        known = [day for day in days if day is not None]
        num_back = sum(after < before for before, after in itertools.pairwise(known))
        span = max(known, default=0) - min(known, default=0)
        return len(days) - len(known), num_back, span, usual.index(order)

    return min(usual, key=doubt)


@cache
def _plain_characters() -> Mapping[int, str | None]:
    table: dict[int, str | None] = {ord(mark): None for mark in MARKS}
    for code in range(128, _LAST_DIGIT):
        character = chr(code)
        if character.isdecimal():
            table[code] = str(unicodedata.decimal(character))
    return table | {
        ord(mark): to
        for marks, to in (("\u00a0\u2009\u202f\u3000\t_", " "), ("：∶", ":"), ("，", ","))
        for mark in marks
    }


def _parts(text: str) -> _Parts:
    return _Parts(tuple(_NUMBER.findall(text)), tuple(_NUMBER.split(text)))


def _readings(text: str) -> list[_Reading]:
    """The ways to part a text into a date and a time; without a colon its end is the time."""
    match = _CLOCK.search(text)
    if match:
        left, right = _parts(text[: match.start()]), _parts(text[match.end() :])
        if left.numbers and right.numbers:
            return []
        clock = tuple(number for number in match.groups() if number)
        date = left if left.numbers else right
        return [_Reading(date, clock, left.gaps[-1], right.gaps[0])]
    whole = _parts(text)
    return [
        _Reading(
            _Parts(whole.numbers[:num_date], whole.gaps[: num_date + 1]),
            whole.numbers[num_date:],
            whole.gaps[num_date],
            whole.gaps[-1],
        )
        for num_date in (2, 3)
        if len(whole.numbers) - num_date in (2, 3)
    ]


def _stamp(reading: _Reading, words: DateWords) -> Stamp | None:
    date = reading.date
    month = _month(date, words)
    if len(date.numbers) != (3 if month is None else 2):
        return None
    half = _half(reading, words)
    seconds = _seconds(reading.clock, half)
    separator = next((mark for mark in "".join(date.gaps[1:-1]) if mark != " "), " ")
    style = f"{separator}{len(date.numbers[0]) > 2}{month is None}"
    is_american = separator == "/" and any(mark in reading.after for mark in ("AM", "PM"))
    return Stamp(tuple(map(int, date.numbers)), month, seconds, style, is_american, half)


@lru_cache(maxsize=1024)
def _words_of(text: str) -> tuple[str, ...]:
    return tuple(letters_of(word) for word in WORD.findall(text))


def _words_for(text: str) -> DateWords | None:
    """The words to read a date with; None where it holds one of no date."""
    found = [key for key in _words_of(_NUMBER.sub(" ", text)) if key]
    if all(key in english_words().known for key in found):
        return english_words()
    return world_words() if all(_is_known(key, world_words()) for key in found) else None


def _is_known(key: str, words: DateWords) -> bool:
    """Whether dates hold a word, also joined to another, as "in" in Hebrew and Basque."""
    return any(core in words.known and rest in words.known for core, rest in _joined(key))


@lru_cache(maxsize=1024)
def _joined(key: str) -> tuple[tuple[str, str], ...]:
    """A word itself, and what it is without a short word at its beginning or its end."""
    longest = range(1, max(1, min(_LONGEST_GLUE, len(key) - 2) + 1))
    parted = [pair for n in longest for pair in ((key[n:], key[:n]), (key[:-n], key[-n:]))]
    return ((key, key), *parted)


def _month(date: _Parts, words: DateWords) -> int | None:
    if len(date.numbers) != 2:
        return None
    for gap in date.gaps:
        for key in _phrases(_words_of(gap)):
            for core, _ in _joined(key):
                if core in words.months:
                    return words.months[core]
    return None


@lru_cache(maxsize=1024)
def _phrases(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Words and those that stand together as one, the longest first."""
    spans = itertools.combinations(range(min(len(keys), _LONGEST_PHRASE) + 1), 2)
    return tuple(sorted(("".join(keys[i:j]) for i, j in spans), key=len, reverse=True))


def _is_moment(reading: _Reading) -> bool:
    """Whether the numbers may be a day, a month and a year in some order, and those of a clock.

    Where a name tells the month any day up to 31 will do, since it may mean another elsewhere.
    """
    numbers = reading.date.numbers
    is_named = len(numbers) == 2 and any(WORD.search(gap) for gap in reading.date.gaps)
    if not (is_named or len(numbers) == 3) or any(len(number) > 4 for number in numbers):
        return False
    values, month = [int(number) for number in numbers], 1 if is_named else None
    orders: tuple[DateOrder, ...] = ("dmy", "mdy", "ymd")
    is_date = any(day_number(values, month, order) is not None for order in orders)
    return is_date and _is_clock(reading.clock)


def _half(reading: _Reading, words: DateWords) -> str:
    """The half of the day behind the time, or before it, where one Latin letter is none."""
    found = [key for key in _phrases(_words_of(reading.after)) if key in words.halves]
    found += [
        key
        for key in _phrases(_words_of(reading.before))
        if key in words.halves and not (len(key) == 1 and key.isascii())
    ]
    return words.halves[found[0]] if found else ""


def _is_clock(clock: Sequence[str]) -> bool:
    hour, minute, second = (*map(int, clock), 0)[:3]
    are_two = all(len(number) == 2 for number in clock[1:])
    return are_two and len(clock[0]) < 3 and hour <= 24 and minute < 60 and second <= 60


def _seconds(clock: Sequence[str], half: str) -> int:
    hour, minute, second = (*map(int, clock), 0)[:3]
    is_late = half == "pm" or (half == "night" and 6 <= hour < 12)
    if half and hour <= 12:
        hour = hour % 12 + (12 if is_late else 0)
    return hour * 3600 + minute * 60 + second
