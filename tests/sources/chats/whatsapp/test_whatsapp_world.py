"""Every hour of a day, and every form of date and clock, in the languages that WhatsApp speaks.

All forms, which are read and none as something else:
`pytest -m slow tests/sources/chats/whatsapp/test_whatsapp_world.py`
"""

import datetime
import itertools
from collections import Counter
from pathlib import Path

import pytest
from babel import Locale
from babel.dates import format_date, format_time

from tests.sources.chats.whatsapp.test_whatsapp_styles import TURNS, kind_of
from tunesmith.errors import DataError
from tunesmith.sources.chats.post import Post
from tunesmith.sources.chats.whatsapp.date_language import in_one_language
from tunesmith.sources.chats.whatsapp.stamps import find_orders, stamp_seconds
from tunesmith.sources.chats.whatsapp.whatsapp import message_heads, read_posts

LOCALES = """
af am ar ar_EG az be bg bn bs ca cs cy da de el en en_AU en_CA en_GB en_IN es es_CO es_MX et eu fa
fi fil fr fr_CA ga gl gu ha he hi hr hu hy id is it ja ka kk km kn ko ky lo lt lv mk ml mn mr ms my
nb ne nl pa pl pt pt_PT ro ru si sk sl sq sr sv sw ta te th tr uk ur uz vi zh zh_Hant zu
""".split()  # noqa: SIM905 - a list would take a line for each
CLOCKS = ("short", "medium", "hm", "hms", "Hm", "Hms", "Bhm", "Bhms")
FRAMES = ("{} - ", "[{}] ", "\u200e[{}] ", "\u200f[{}] ", "\u200e{}\u202f– ")
MOMENTS = [
    datetime.datetime(2024, month, day, hour, minute, 7)
    for month, day, hour, minute in [
        *[(9, 29, 0, 50), (9, 30, 3, 5), (10, 1, 7, 30)],
        *[(10, 13, 12, 10), (10, 14, 19, 1), (11, 2, 22, 59)],
    ]
]
HOURS = [datetime.datetime(2024, 10, hour + 1, hour, 35) for hour in range(24)]


def clock_text(moment: datetime.datetime, clock: str, locale: str) -> str:
    pattern = Locale.parse(locale).datetime_skeletons.get(clock, clock)
    return format_time(moment, pattern, locale=locale)


def start_of(moment: datetime.datetime, width: str, clock: str, locale: str) -> str:
    glue = str(Locale.parse(locale).datetime_formats[width]).replace("'", "")
    date = format_date(moment, width, locale=locale)
    return glue.replace("{0}", clock_text(moment, clock, locale)).replace("{1}", date)


def moment_of(seconds: float | None) -> datetime.datetime | None:
    if seconds is None:
        return None
    found = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return found.replace(second=0, tzinfo=None)


@pytest.mark.parametrize("clock", ["hm", "Bhm"])
def test_every_hour_is_the_one_that_its_language_means(clock: str) -> None:
    wrong = {}
    for locale in LOCALES:
        lines = [f"{start_of(moment, 'short', clock, locale)} - Mara: Hi" for moment in HOURS]
        stamps = in_one_language([head.stamp for head in message_heads(lines) if head])
        orders = find_orders(stamps)
        found = [moment_of(stamp_seconds(stamp, orders)) for stamp in stamps]
        if found != HOURS:
            wrong[locale] = dict(zip(lines, found, strict=True))
    assert wrong == {}


def outcome(folder: Path, lines: list[str]) -> str:
    try:
        kind = kind_of(folder, "\n".join(lines))
    except DataError as error:
        return "refused" if "a chat in an unknown style" in error.message else error.message
    posts = [one for one in read_posts(folder / "chat.txt", "c") if isinstance(one, Post)]
    is_read = [(post.turn.author, post.turn.text) for post in posts] == TURNS
    is_dated = [moment_of(post.turn.seconds) for post in posts] == [
        moment.replace(second=0) for moment in MOMENTS
    ]
    return "read" if kind == "whatsapp" and is_read and is_dated else f"{kind}: {lines[4]}"


@pytest.mark.slow
def test_no_style_of_the_world_is_read_as_something_else(tmp_path: Path) -> None:
    found: Counter[str] = Counter()
    styles = itertools.product(LOCALES, CLOCKS, ("short", "medium"))
    for (locale, clock, width), frame in zip(styles, itertools.cycle(FRAMES), strict=False):
        lines = [
            f"{frame.format(start_of(moment, width, clock, locale))}{name}: {text}"
            for moment, (name, text) in zip(MOMENTS, TURNS, strict=True)
        ]
        found[outcome(tmp_path, lines)] += 1
    assert found.total() == 16 * len(LOCALES)
    assert set(found) <= {"read", "refused"}
    assert found["refused"] <= 0.01 * found.total()
