"""The stamps of one chat -> the same, their words read in the one language that knows most of them.

`lis` is October in Croatian and November in Polish, `ip.` an afternoon in Finnish only. Where
several languages know as many words, time runs on as a chat's does, and what most languages mean
is meant.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tunesmith.sources.chats.whatsapp.date_words import DateWords, english_words, languages
from tunesmith.sources.chats.whatsapp.stamps import (
    Stamp,
    find_orders,
    hours_meant,
    month_meant,
    stamp_seconds,
)

_NUM_ORDERED = 2000  # stamps, of which the order is looked at


class _Reading(NamedTuple):
    """What the words of a chat's stamps mean in a language."""

    months: Mapping[tuple[str, ...], int]
    hours: Mapping[tuple[str, ...], frozenset[int] | None]


def in_one_language(stamps: Sequence[Stamp]) -> list[Stamp]:
    """Read the words of stamps anew; what the language does not know means what it did."""
    usual = _Reading(
        {stamp.month_words: stamp.month for stamp in stamps if stamp.month is not None},
        {stamp.half_words: stamp.hours for stamp in stamps if stamp.half_words},
    )
    words = {word for said in (*usual.months, *usual.hours) for word in said}
    if words <= english_words().known:
        return list(stamps)
    best, most = [usual], 0
    for language in languages():
        reading = _read_in(language, usual)
        num_known = len(reading.months) + len(reading.hours)
        if num_known > most:
            best, most = [], num_known
        if num_known == most and reading not in best:
            best.append(reading)
    first = stamps[:_NUM_ORDERED]
    doubts = [(_num_back(_anew(first, one)), _num_unusual(one, usual)) for one in best]
    return _anew(stamps, best[doubts.index(min(doubts))])


def _read_in(language: DateWords, usual: _Reading) -> _Reading:
    months = {said: month_meant(said, language) for said in usual.months}
    hours = {said: hours_meant(said, language) for said in usual.hours}
    return _Reading(
        {said: month for said, month in months.items() if month is not None},
        {said: some for said, some in hours.items() if some is not None},
    )


def _anew(stamps: Sequence[Stamp], reading: _Reading) -> list[Stamp]:
    return [
        stamp._replace(
            month=reading.months.get(stamp.month_words, stamp.month),
            hours=reading.hours.get(stamp.half_words, stamp.hours),
        )
        for stamp in stamps
    ]


def _num_back(stamps: Sequence[Stamp]) -> int:
    """How often time goes back, or there is no such day."""
    orders = find_orders(stamps)
    found = [stamp_seconds(stamp, orders) for stamp in stamps]
    known = [one for one in found if one is not None]
    num_back = sum(after < before for before, after in itertools.pairwise(known))
    return num_back + len(found) - len(known)


def _num_unusual(reading: _Reading, usual: _Reading) -> int:
    num_months = sum(usual.months[said] != month for said, month in reading.months.items())
    return num_months + sum(usual.hours[said] != some for said, some in reading.hours.items())
