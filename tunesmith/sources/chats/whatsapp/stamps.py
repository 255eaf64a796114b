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
    MORNING,
    WORD,
    DateWords,
    english_words,
    letters_of,
    world_words,
)

MARKS = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
MAX_CHARACTERS = 80
_LEAST_CHARACTERS = 9
_LONGEST_YEAR = 4
_DIGIT = re.compile(r"\d")
_FORBIDDEN = re.compile('[<>{}"“”?!=#@*|\\\\^~+&%$;\\[\\]]')
_CLOCK = re.compile(r"(?<![\d.:])(\d{1,2}) ?: ?(\d{1,2})(?: ?: ?(\d{1,2}))?(?![\d:])")
_NUMBER = re.compile(r"\d+")
_LAST_DIGIT = 0x1FC00  # no script has digits behind
_LONGEST_GLUE = 3  # letters
_LONGEST_PHRASE = 8  # words between two numbers


class Stamp(NamedTuple):
    """A date whose order is still open, and a time.

    Attributes:
        date: Its numbers as they stand; two where a name tells the month.
        clock: Its numbers, hour first.
        month: By name, else None.
        hours: That the part of the day may name; None on a clock of 24 hours.
        style: What dates of one order have in common: the separator, the widths of numbers.
        is_american: Whether it is written as in the United States, where nothing else decides.
        month_words: What may name the month, the longest first.
        half_words: What may name the part of the day, the likeliest first.
    """

    date: tuple[int, ...]
    clock: tuple[int, ...]
    month: int | None
    hours: frozenset[int] | None
    style: str
    is_american: bool
    month_words: tuple[str, ...]
    half_words: tuple[str, ...]

    @property
    def seconds(self) -> int:
        """Since midnight."""
        hour, minute, second = (*self.clock, 0)[:3]
        if self.hours and hour <= 12:
            hour = _hour_in(self.hours, hour % 12)
        return hour * 3600 + minute * 60 + second


class _Layout(NamedTuple):
    """Where date and time stand among the numbers of a text, and what stands around them."""

    date: tuple[int, int]  # from, up to
    clock: tuple[int, int]
    width: int  # of the date's first number
    gaps: tuple[str, ...]  # before, between and behind the date's numbers
    before: str  # the time
    after: str


class _Meaning(NamedTuple):
    """What the words of a layout say."""

    month: int | None
    hours: frozenset[int] | None
    style: str
    is_american: bool
    month_words: tuple[str, ...]
    half_words: tuple[str, ...]


def plain(text: str) -> str:
    """A beginning of a line in our digits and blanks, without marks of direction."""
    return " ".join(text.translate(_plain_characters()).split())


def read_stamp(text: str) -> Stamp | None:
    """Read a date and a time that fill a text; None where it is anything else.

    A chat has few shapes of dates, so that what a shape means is looked up once.
    """
    if not _LEAST_CHARACTERS <= len(text) <= MAX_CHARACTERS:
        return None
    written = plain(text)
    layouts = _layouts(_DIGIT.sub("0", written))
    numbers = tuple(map(int, _NUMBER.findall(written))) if layouts else ()
    for layout in layouts:
        date, clock = numbers[slice(*layout.date)], numbers[slice(*layout.clock)]
        meaning = _meaning(layout) if _is_moment(date, clock) else None
        if meaning is not None:
            return Stamp(date, clock, *meaning)
    return None


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


@lru_cache(maxsize=1024)
def _layouts(shape: str) -> tuple[_Layout, ...]:
    """The ways to part a text, whose digits are all 0, into a date and a time.

    Without a colon the time is at the end.
    """
    gaps, widths = _NUMBER.split(shape), [len(number) for number in _NUMBER.findall(shape)]
    match = _CLOCK.search(shape)
    if _FORBIDDEN.search(shape) or max(widths, default=9) > _LONGEST_YEAR:
        return ()
    if match is None:
        sizes = [(0, num_date, len(widths) - num_date) for num_date in (2, 3)]
    else:
        num_clock = len(_NUMBER.findall(match[0]))
        start = len(_NUMBER.findall(shape[: match.start()]))
        num_date = len(widths) - num_clock
        sizes = [(0 if start else num_clock, num_date, num_clock)] if start in (0, num_date) else []
    found = [_layout(gaps, widths, *size) for size in sizes]
    return tuple(layout for layout in found if layout is not None)


def _layout(
    gaps: Sequence[str], widths: Sequence[int], start: int, num_date: int, num_clock: int
) -> _Layout | None:
    """A date that begins with a number, and a time before or behind it; None where none can be."""
    date = (start, start + num_date)
    clock = (0, num_clock) if start else (num_date, num_date + num_clock)
    around = tuple(gaps[date[0] : date[1] + 1])
    is_named = num_date == 2 and any(WORD.search(gap) for gap in around)
    clock_widths = widths[slice(*clock)]
    if not (num_date == 3 or is_named) or num_clock not in (2, 3) or clock_widths[0] > 2:
        return None
    is_written_out = ":" in "".join(gaps[clock[0] + 1 : clock[1]])
    if any(width != 2 for width in clock_widths[1:]) and not is_written_out:
        return None
    return _Layout(date, clock, widths[start], around, gaps[clock[0]], gaps[clock[1]])


def _is_moment(date: Sequence[int], clock: Sequence[int]) -> bool:
    """Whether numbers may be a day, a month and a year in some order, and those of a clock.

    Where a name tells the month any day up to 31 will do, since it may mean another elsewhere.
    """
    hour, minute, second = (*clock, 0)[:3]
    month = 1 if len(date) == 2 else None
    orders: tuple[DateOrder, ...] = ("dmy", "mdy", "ymd")
    is_date = any(day_number(date, month, order) is not None for order in orders)
    return is_date and hour <= 24 and minute < 60 and second <= 60


@lru_cache(maxsize=1024)
def _meaning(layout: _Layout) -> _Meaning | None:
    words = _words_for(" ".join([*layout.gaps, layout.before, layout.after]))
    if words is None:
        return None
    is_named = len(layout.gaps) == 3
    keys = [key for gap in layout.gaps for key in _phrases(_words_of(gap))] if is_named else []
    month = month_meant(keys, words)
    if is_named and month is None:
        return None
    separator = next((mark for mark in "".join(layout.gaps[1:-1]) if mark != " "), " ")
    style = f"{separator}{layout.width > 2}{is_named}"
    is_american = separator == "/" and any(mark in layout.after for mark in ("AM", "PM"))
    halves = _half_words(layout)
    return _Meaning(month, hours_meant(halves, words), style, is_american, tuple(keys), halves)


@lru_cache(maxsize=1024)
def _words_of(text: str) -> tuple[str, ...]:
    return tuple(letters_of(word) for word in WORD.findall(text))


def _words_for(text: str) -> DateWords | None:
    """The words to read a date with; None where it holds one of no date."""
    found = [key for key in _words_of(text) if key]
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


def month_meant(keys: Sequence[str], words: DateWords) -> int | None:
    """The month that the first of some words names which names one."""
    for key in keys:
        for core, _ in _joined(key):
            if core in words.months:
                return words.months[core]
    return None


def hours_meant(keys: Sequence[str], words: DateWords) -> frozenset[int] | None:
    """The hours of the part of the day that the first of some words names which names one."""
    return next((words.halves[key] for key in keys if key in words.halves), None)


@lru_cache(maxsize=1024)
def _phrases(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Words and those that stand together as one, the longest first."""
    spans = itertools.combinations(range(min(len(keys), _LONGEST_PHRASE) + 1), 2)
    return tuple(sorted(("".join(keys[i:j]) for i, j in spans), key=len, reverse=True))


def _half_words(layout: _Layout) -> tuple[str, ...]:
    """What stands behind the time, or before it, where one Latin letter names no half of a day."""
    before = _phrases(_words_of(layout.before))
    return (
        *_phrases(_words_of(layout.after)),
        *(key for key in before if not (len(key) == 1 and key.isascii())),
    )


def _hour_in(hours: frozenset[int], hour: int) -> int:
    """Of an hour before noon and the same after it the one that is nearer to some hours."""

    def distance(one: int) -> int:
        return min(min((one - known) % 24, (known - one) % 24) for known in hours)

    late = distance(hour + 12), distance(hour)
    is_late = late[0] < late[1] or (late[0] == late[1] and not hours <= MORNING)
    return hour + 12 if is_late else hour
