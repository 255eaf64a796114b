"""The world's languages, by CLDR (`babel`) -> the words that dates and times are written with.

Months, weekdays, halves of a day, eras, and what stands between the numbers: `klo`, `г.`, `às`.
All languages are looked through once, which takes about a second, and only when a date holds a
word at all that English does not use. CLDR in `babel` knows Gregorian months only; those of other
calendars, and words of older releases of CLDR, stand in `words.yaml`.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tunesmith.sources.lexicon import lexicon

if TYPE_CHECKING:
    from babel import Locale

Value = TypeVar("Value", int, str)
WORD = re.compile(r"[^\W\d_][^\d\s.,/:()\[\]،、_-]*")
_MORNING = frozenset({"am", "midnight", "morning1", "morning2"})
_PATTERN_PARTS = re.compile(r"\{[01]\}|'")


class DateWords(NamedTuple):
    """Words without their marks and in small letters (`letters_of`)."""

    known: frozenset[str]  # in any date or time
    months: Mapping[str, int]  # "oct" -> 10
    halves: Mapping[str, str]  # "下午" -> "pm"; "am", "pm" or "night"


def letters_of(word: str) -> str:
    """A word as it is compared: its letters alone, in small ones."""
    return "".join(character for character in word.casefold() if character.isalpha())


@cache
def english_words() -> DateWords:
    """The words that need no library: halves of a day as most telephones write them."""
    halves = {"am": "am", "a": "am", "pm": "pm", "p": "pm"}
    return DateWords(frozenset({*halves, "m"}), {}, MappingProxyType(halves))


@cache
def world_words() -> DateWords:
    """The words of all languages; of one with several meanings the commonest."""
    from babel import Locale, localedata  # noqa: PLC0415 - heavy, and rarely needed

    known: set[str] = set(english_words().known)
    months: defaultdict[str, Counter[int]] = defaultdict(Counter)
    halves: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for identifier in localedata.locale_identifiers():
        locale = Locale.parse(identifier)
        for phrase in _phrases(locale):
            known.update(letters_of(word) for word in WORD.findall(phrase))
        for name, month in _month_names(locale):
            months[letters_of(name)][month] += 1
        for name, half in _half_names(locale):
            halves[letters_of(name)][half] += 1
    for name, half in _own_halves():
        known.update(letters_of(word) for word in WORD.findall(name))
        halves[letters_of(name)][half] += len(months)
    for name, month in _own_months():
        known.update(letters_of(word) for word in WORD.findall(name))
        months[letters_of(name)][month] += 1
    known.update(letters_of(word) for word in lexicon(__package__).words("words_of_dates"))
    return DateWords(frozenset(known), _commonest(months), _commonest(halves))


def _phrases(locale: "Locale") -> Iterator[str]:
    from babel.dates import tokenize_pattern  # noqa: PLC0415 - as above

    for contexts in (locale.months, locale.days, locale.day_periods):
        for widths in contexts.values():
            for names in widths.values():
                yield from names.values()
    for names in locale.eras.values():
        yield from names.values()
    for patterns in (locale.date_formats, locale.time_formats):
        for pattern in patterns.values():
            tokens = tokenize_pattern(pattern.pattern)
            yield from (str(value) for kind, value in tokens if kind == "chars")
    for joined in locale.datetime_formats.values():
        yield _PATTERN_PARTS.sub(" ", str(joined))


def _month_names(locale: "Locale") -> Iterator[tuple[str, int]]:
    """Their names; numbers with a word, as `10月`, are none."""
    for widths in locale.months.values():
        for width, names in widths.items():
            if width != "narrow":
                yield from ((name, month) for month, name in names.items() if _is_name(name))


def _is_name(name: str) -> bool:
    return not any(character.isdigit() for character in name) and len(letters_of(name)) > 1


def _half_names(locale: "Locale") -> Iterator[tuple[str, str]]:
    for widths in locale.day_periods.values():
        for width, names in widths.items():
            if width != "narrow":
                yield from ((name, _half(period)) for period, name in names.items())


def _half(period: str) -> str:
    if period.startswith("night"):
        return "night"
    return "am" if period in _MORNING else "pm"


def _own_halves() -> Iterator[tuple[str, str]]:
    words = lexicon(__package__)
    yield from ((word, "am") for word in words.words("mornings"))
    yield from ((word, "pm") for word in words.words("afternoons"))


def _own_months() -> Iterator[tuple[str, int]]:
    """Lists of twelve, of calendars that are not Gregorian."""
    names = lexicon(__package__).words("months_of_calendars")
    yield from ((name, place % 12 + 1) for place, name in enumerate(names))


def _commonest(counted: Mapping[str, Counter[Value]]) -> Mapping[str, Value]:
    found = {key: counter.most_common(1)[0][0] for key, counter in counted.items() if key}
    return MappingProxyType(found)
