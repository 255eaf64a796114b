"""An English text of a run's records -> the same in the language of now.

Records keep English sentences, whoever reads them later. Such a text is read back: by the message
that it is, by several messages in a row, or by a message in whose places others stand. Of all
readings the one that leaves the fewest letters unknown is told; what no message knows stays as it
is, so that nothing of the user's is ever changed.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tunesmith.language.catalogue import ENGLISH, MessagePattern, catalogue_of
from tunesmith.language.translate import (
    language_now,
    listing,
    listing_of_clauses,
    listing_with_and,
    sentences,
    translate,
)

# Places that hold what belongs to the user, or to a file: no word in them is ever ours.
_VERBATIM = frozenset(
    {"date", "file", "files", "first", "key", "label", "mark", "model", "name", "names"}
    | {"other_label", "path", "second", "sizes", "source", "text"}
)
_COST_VERBATIM = 0.5  # of a letter, where a letter that nobody knows costs 1
_MAX_UNKNOWN = 0.5  # of the letters: a reading that leaves more is none
_MAX_LETTERS = 4_000
_SENTENCE_END = re.compile(r"(?<=[.!?]) (?=\S)")
_LISTS: Final[tuple[tuple[re.Pattern[str], Callable[..., str]], ...]] = (
    (re.compile("; "), listing_of_clauses),
    (re.compile("(?:, (?=.* and ))| and "), listing_with_and),
    (re.compile(", "), listing),
)


@dataclass(frozen=True, slots=True)
class _ReadBack:
    """What a text becomes, and how many of its letters no message knows."""

    unknown: float
    told: str


def as_shown(text: str) -> str:
    """An English text of a run's records in the language of now; itself where none knows it."""
    code = language_now()
    if code == ENGLISH or len(text) > _MAX_LETTERS:
        return text
    reading = _read(text, code)
    return reading.told if reading.unknown <= _MAX_UNKNOWN * _num_letters(text) else text


@lru_cache(maxsize=8192)
def _read(text: str, code: str) -> _ReadBack:
    """The best reading; of equals sentence by sentence, then the message with most words."""
    known = catalogue_of(code).translations
    first, rest = text[:1], text[1:]
    for exact in (text, first.lower() + rest, first.upper() + rest):
        if exact in known and "{" not in exact:
            return _ReadBack(0, known[exact])
    best = _ReadBack(_num_letters(text), text)
    for reading in (*_by_sentences(text, code), *_by_pattern(text, code), *_by_parts(text, code)):
        if reading.unknown < best.unknown:
            best = reading
    return best


def _by_sentences(text: str, code: str) -> Iterator[_ReadBack]:
    """A message of one sentence or more, and what follows it."""
    for end in _SENTENCE_END.finditer(text):
        first, rest = _read(text[: end.start()], code), _read(text[end.end() :], code)
        yield _ReadBack(first.unknown + rest.unknown, sentences(first.told, rest.told))


def _by_pattern(text: str, code: str) -> Iterator[_ReadBack]:
    for pattern in catalogue_of(code).patterns:
        if all(literal in text for literal in pattern.literals):
            found = pattern.wanted.fullmatch(text)
            if found:
                yield _filled(pattern, found.groupdict(), code)


def _filled(pattern: MessagePattern, places: dict[str, str], code: str) -> _ReadBack:
    unknown = 0.0
    for name in pattern.words:
        if name in _VERBATIM:
            unknown += _COST_VERBATIM * _num_letters(places[name])
        else:
            reading = _read(places[name], code)
            places[name] = reading.told
            unknown += reading.unknown
    return _ReadBack(unknown, pattern.told.format(**places))


def _by_parts(text: str, code: str) -> Iterator[_ReadBack]:
    """Several messages in a row, as `exact match, token F1 and chrF`; or one before a full stop."""
    for between, joined in _LISTS:
        parts = between.split(text)
        if len(parts) > 1:
            readings = [_read(part, code) for part in parts]
            unknown = sum(reading.unknown for reading in readings)
            yield _ReadBack(unknown, joined(*(reading.told for reading in readings)))
    if text.endswith(".") and len(text) > 1:
        alone = _read(text[:-1], code)
        yield _ReadBack(alone.unknown, alone.told + translate("."))


def _num_letters(text: str) -> int:
    return sum(character.isalpha() for character in text)
