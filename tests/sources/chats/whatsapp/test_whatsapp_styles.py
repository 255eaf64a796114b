"""A chat of WhatsApp is read whatever language the telephone speaks, or is refused by name."""

import datetime
from pathlib import Path

import pytest
from babel import Locale, localedata
from babel.dates import format_date, format_time

from tests.sources.chats.whatsapp.whatsapp_styles import ANDROID, IOS, UNKNOWN
from tunesmith.errors import DataError
from tunesmith.sources.chats.post import Post
from tunesmith.sources.chats.whatsapp.date_language import in_one_language
from tunesmith.sources.chats.whatsapp.stamps import find_orders, stamp_seconds
from tunesmith.sources.chats.whatsapp.whatsapp import message_head, read_posts
from tunesmith.sources.detect import detect_kind
from tunesmith.sources.kind import SourceFile

TURNS = [
    ("Mara", "How do I reset the spin dryer?"),
    ("Desk", "Hold the blue button for ten seconds."),
    ("Mara", "Where is the filter of the dryer?"),
    ("Desk", "Behind the small door: bottom left."),
    ("Mara", "Which fuse does the oven need?"),
    ("Desk", "A slow fuse of sixteen amperes."),
]
STYLES = {f"Android {name}": style for name, style in ANDROID.items()}
STYLES |= {f"iOS {name}": style for name, style in IOS.items()}
MOMENTS = [
    datetime.datetime(2024, month, day, hour, 50, 7)
    for month, day, hour in [(9, 29, 0), (9, 30, 3), (10, 1, 11), (10, 13, 12), (10, 14, 15)]
]
NOT_A_TIME = {"yo", "tok", "suz"}  # minutes of one digit; a script of 2025


def chat(style: str) -> str:
    lines = [
        f"{style.format(m=50 + minute)}{name}: {text}" for minute, (name, text) in enumerate(TURNS)
    ]
    return "\n".join(lines) + "\n"


def kind_of(folder: Path, text: str, name: str = "chat.txt") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return detect_kind(SourceFile(path=folder / name, name=name)).kind.name


def said(folder: Path) -> list[tuple[str, str]]:
    posts = [post for post in read_posts(folder / "chat.txt", "chat.txt") if isinstance(post, Post)]
    return [(post.turn.author, post.turn.text) for post in posts]


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_three_turns_are_read_in_every_style(tmp_path: Path, style: str) -> None:
    assert kind_of(tmp_path, chat(style)) == "whatsapp"
    assert said(tmp_path) == TURNS


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_the_clock_of_every_style_is_read(style: str) -> None:
    head = message_head(f"{style.format(m=50)}Mara: Hi")
    assert head is not None
    assert head.stamp.seconds // 60 == 15 * 60 + 50
    assert stamp_seconds(head.stamp, find_orders([head.stamp])) is not None


@pytest.mark.parametrize("style", UNKNOWN)
def test_a_style_that_is_unknown_is_refused_as_one(tmp_path: Path, style: str) -> None:
    with pytest.raises(DataError, match="a chat in an unknown style") as caught:
        kind_of(tmp_path, chat(style))
    assert any(seen in caught.value.message for seen in ("reset the spin", "Desk, Mara"))
    assert "--kind whatsapp" in (caught.value.cure or "")
    assert "--kind document" in (caught.value.cure or "") or "faq" in (caught.value.cure or "")


def test_messages_that_look_like_markdown_are_a_chat(tmp_path: Path) -> None:
    text = chat(ANDROID["de"]).replace("Hold the", "\n# Reset\n**Hold** the")
    assert kind_of(tmp_path, text) == "whatsapp"


def rendered(moment: datetime.datetime, locale: str, width: str) -> str:
    glue = str(Locale.parse(locale).datetime_formats[width]).replace("'", "")
    time = format_time(moment, "short", locale=locale)
    return glue.replace("{0}", time).replace("{1}", format_date(moment, width, locale=locale))


@pytest.mark.parametrize("width", ["short", "medium"])
def test_dates_of_all_languages_that_cldr_knows_are_read(width: str) -> None:
    unread, wrong = set(), set()
    for locale in localedata.locale_identifiers():
        lines = [f"{rendered(moment, locale, width)} - Mara: Hi" for moment in MOMENTS]
        heads = [head for line in lines if (head := message_head(line))]
        if [head.rest for head in heads] != ["Mara: Hi"] * len(lines):
            unread.add(locale.partition("_")[0])
            continue
        stamps = in_one_language([head.stamp for head in heads])
        orders = find_orders(stamps)
        expected = [moment.replace(second=0, tzinfo=datetime.UTC) for moment in MOMENTS]
        found = [stamp_seconds(stamp, orders) for stamp in stamps]
        if found != [moment.timestamp() for moment in expected]:
            wrong.add(locale.partition("_")[0])
    assert unread <= NOT_A_TIME
    assert wrong == set()


@pytest.mark.parametrize(
    ("known", "unknown"),
    [
        ("14/10/24, 3:{m} pm - ", "14/10/24, 9:{m} qwxz - "),
        ("[14.10.24, 3:{m}:07 μ.μ.] ", "[15.10.24, 9:{m}:07 qw.xz.] "),
        ("2024/10/14 下午3:{m} - ", "2024/10/14 ㍿㍿3:{m} - "),
        ("Oct 14, 2024, 3:{m} PM - ", "Qwx 15, 2024, 3:{m} PM - "),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_message_with_a_word_of_dates_that_nobody_knows_is_one(
    tmp_path: Path, known: str, unknown: str, is_first: bool
) -> None:
    styles = [known, unknown][:: -1 if is_first else 1] * 3
    lines = [
        f"{style.format(m=50 + minute)}{name}: {text}"
        for minute, (style, (name, text)) in enumerate(zip(styles, TURNS, strict=True))
    ]
    assert kind_of(tmp_path, "\n".join(lines)) == "whatsapp"
    assert said(tmp_path) == TURNS


def test_a_chat_whose_word_for_half_a_day_is_unknown_has_no_names_with_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a chat in an unknown style"):
        kind_of(tmp_path, chat("14/10/24, 3:{m} qwxz - "))
