"""The world's languages, by CLDR (`babel`) -> the words that dates and times are written with.

Months, weekdays, parts of a day with their hours, eras, and what stands between the numbers:
`klo`, `г.`, `às`. What a word means is known for each language, and for all of them together.
All languages are looked through once, which takes two seconds, and only when a date holds a
word at all that English does not use. CLDR in `babel` knows Gregorian months only; those of other
calendars, and words of older releases of CLDR, stand in `words.yaml`.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tunesmith.sources.lexicon import lexicon

if TYPE_CHECKING:
    from babel import Locale

Value = TypeVar("Value", bound=Hashable)
WORD = re.compile(r"[^\W\d_][^\d\s.,/:()\[\]،、_-]*")
MORNING, AFTERNOON = frozenset(range(12)), frozenset(range(12, 24))
_MORNING = frozenset({"am", "midnight", "morning1", "morning2"})
_NIGHT = frozenset({*range(18, 24), *range(6)})
_HOUR = 3600  # seconds
_CLOCKS = ("hm", "hms", "Hm", "Hms", "Bhm", "Bhms")  # CLDR's names for what stands in a time
_POINTS = re.compile("[\u0591-\u05c7\u064b-\u065f]")  # vowels that may be left out
_PATTERN_PARTS = re.compile(r"\{[01]\}|'")


class DateWords(NamedTuple):
    """Words without their marks and in small letters (`letters_of`)."""

    known: frozenset[str]  # in any date or time
    months: Mapping[str, int]  # "oct" -> 10
    halves: Mapping[str, frozenset[int]]  # "下午" -> the hours that it may name, 0 to 23


@lru_cache(maxsize=1 << 14)
def letters_of(word: str) -> str:
    """A word as it is compared: its letters alone with their vowels, in small ones."""
    written = unicodedata.normalize("NFC", _POINTS.sub("", word.casefold()))
    return "".join(one for one in written if one.isalpha() or unicodedata.category(one)[0] == "M")


@lru_cache(maxsize=1 << 14)
def _keys(phrase: str) -> tuple[str, ...]:
    return tuple(letters_of(word) for word in WORD.findall(phrase))


@cache
def english_words() -> DateWords:
    """The words that need no library: halves of a day as most telephones write them."""
    halves = {"am": MORNING, "a": MORNING, "pm": AFTERNOON, "p": AFTERNOON}
    return DateWords(frozenset({*halves, "m"}), {}, MappingProxyType(halves))


@cache
def world_words() -> DateWords:
    """The words of all languages; of one with several meanings the commonest."""
    known: set[str] = set(english_words().known)
    months: defaultdict[str, Counter[int]] = defaultdict(Counter)
    halves: defaultdict[str, Counter[frozenset[int]]] = defaultdict(Counter)
    for words in _locales():
        known |= words.known
        _count(months, words.months.items())
        _count(halves, words.halves.items())
    for name, hours in _own_halves():
        known.update(_keys(name))
        halves[letters_of(name)][hours] += len(_locales())
    for name, month in _own_months():
        known.update(_keys(name))
        months[letters_of(name)][month] += 1
    known.update(letters_of(word) for word in lexicon(__package__).words("words_of_dates"))
    return DateWords(frozenset(known), _commonest(months), _commonest(halves))


@cache
def languages() -> tuple[DateWords, ...]:
    """What months and parts of a day mean in each language, those that agree in both once."""
    found = {}
    for words in _locales():
        found[frozenset(words.months.items()), frozenset(words.halves.items())] = words
    return tuple(found.values())


@cache
def _locales() -> tuple[DateWords, ...]:
    from babel import Locale, localedata  # noqa: PLC0415 - heavy, and rarely needed

    return tuple(_of_locale(Locale.parse(one)) for one in localedata.locale_identifiers())


def _of_locale(locale: "Locale") -> DateWords:
    known = {word for phrase in _phrases(locale) for word in _keys(phrase)}
    months: dict[str, int] = {letters_of(name): month for name, month in _month_names(locale)}
    halves: dict[str, frozenset[int]] = {}
    for name, hours in _half_names(locale):
        if key := letters_of(name):
            halves[key] = halves.get(key, frozenset()) | hours
    return DateWords(frozenset(known), months, halves)


def _count(counters: Mapping[str, Counter[Value]], found: Iterable[tuple[str, Value]]) -> None:
    for key, value in found:
        counters[key][value] += 1


def _phrases(locale: "Locale") -> Iterator[str]:
    from babel.dates import tokenize_pattern  # noqa: PLC0415 - as above

    for contexts in (locale.months, locale.days, locale.day_periods):
        for widths in contexts.values():
            for names in widths.values():
                yield from names.values()
    for names in locale.eras.values():
        yield from names.values()
    clocks = {name: locale.datetime_skeletons.get(name) for name in _CLOCKS}
    for patterns in (locale.date_formats, locale.time_formats, clocks):
        for pattern in filter(None, patterns.values()):
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


def _half_names(locale: "Locale") -> Iterator[tuple[str, frozenset[int]]]:
    for widths in locale.day_periods.values():
        for width, names in widths.items():
            if width != "narrow":
                yield from ((name, _hours(period, locale)) for period, name in names.items())


def _hours(period: str, locale: "Locale") -> frozenset[int]:
    """The hours of a part of the day, as its language counts them."""
    hours: set[int] = set()
    for rule in locale.day_period_rules.get(None, {}).get(period, []):
        if "at" in rule:
            hours.add(rule["at"] // _HOUR)
            continue
        start, stop = rule["from"] // _HOUR, rule["before"] // _HOUR
        hours.update(hour % 24 for hour in range(start, stop if stop > start else stop + 24))
    if hours:
        return frozenset(hours)
    if period.startswith("night"):
        return _NIGHT
    return MORNING if period in _MORNING else AFTERNOON


def _own_halves() -> Iterator[tuple[str, frozenset[int]]]:
    words = lexicon(__package__)
    yield from ((word, MORNING) for word in words.words("mornings"))
    yield from ((word, AFTERNOON) for word in words.words("afternoons"))


def _own_months() -> Iterator[tuple[str, int]]:
    """Lists of twelve, of calendars that are not Gregorian."""
    names = lexicon(__package__).words("months_of_calendars")
    yield from ((name, place % 12 + 1) for place, name in enumerate(names))


def _commonest(counted: Mapping[str, Counter[Value]]) -> Mapping[str, Value]:
    found = {key: counter.most_common(1)[0][0] for key, counter in counted.items() if key}
    return MappingProxyType(found)
