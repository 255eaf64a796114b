"""A chat that WhatsApp exported as text -> threads; a place is the message's first line.

There is no specification. Android writes `7/19/22, 11:32 PM - Ann: text`, iOS writes
`[19.07.22, 23:32:10] Ann: text`, dates follow the phone's language, U+200E marks what the
app wrote itself, and U+202F stands before AM and PM in newer versions.
"""

import datetime
import functools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tunesmith.sources.chats.post import DELETED, NO_TEXT, SYSTEM_MESSAGE, Post, check_held
from tunesmith.sources.chats.who_answers_whom import ChannelPace, find_threads
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.material import Thread, Turn
from tunesmith.sources.row import Dropped, RowError
from tunesmith.sources.tables.text_lines import read_text_lines

_PACE = ChannelPace(burst=300.0, alone=3600.0, pause=2 * 3600.0, wait=24 * 3600.0)
_MARKS = "\u200e\u200f\u202a\u202c\ufeff"
_AUTHOR = re.compile(
    rf"^[{_MARKS}~\s\u202f]*(?P<author>[^:\n]{{1,80}}?):(?:\s(?P<text>.*))?$", re.DOTALL
)
_MENTION = re.compile(r"@[\u2068]?([^\W_][\w.+ -]{0,40})")


@dataclass(slots=True)
class _Draft:
    """A message whose last line is still to come."""

    line: int
    date: str
    time: str
    half: str | None
    rest: list[str] = field(default_factory=list)


def is_whatsapp_line(line: str) -> bool:
    """Whether a line begins a message as WhatsApp writes it."""
    return _head().match(line) is not None


def read_whatsapp(path: Path, name: str) -> Iterator[Thread | Dropped]:
    """The conversations of one chat, which is held whole.

    Raises:
        DataError: It is longer than memory should hold.
    """
    posts: list[Post] = []
    for post in read_posts(path, name):
        if isinstance(post, Dropped):
            yield post
        else:
            posts.append(post)
    if posts:
        yield from find_threads(_with_mentions(posts), _PACE)


def read_posts(path: Path, name: str) -> Iterator[Post | Dropped]:
    """The messages of a chat, each at its first line."""
    drafts: list[_Draft] = []
    num_characters = 0
    for line in read_text_lines(path, name):
        if isinstance(line, Dropped):
            yield line
            continue
        num_characters += len(line.text)
        check_held(num_characters, name)
        if match := _head().match(line.text):
            drafts.append(_draft(line.number, match))
        elif drafts:
            drafts[-1].rest.append(line.text)
        elif line.text.strip():
            yield _dropped(name, line.number, "no message", "no date begins it", line.text)
    order = _date_order(drafts)
    for draft in drafts:
        yield _post(draft, name, order)


def _draft(line: int, match: re.Match[str]) -> _Draft:
    return _Draft(line, match["date"], match["time"], match["half"], [match["rest"]])


def _post(draft: _Draft, name: str, order: dict[str, str]) -> Post | Dropped:
    whole = "\n".join(draft.rest).rstrip()
    match = _AUTHOR.match(whole)
    if match is None:
        return _dropped(name, draft.line, SYSTEM_MESSAGE, "written by the app", whole)
    raw = match["text"] or ""
    text = _edited().sub("", raw).strip(_MARKS + " \n")
    if not text or _one_of("whatsapp_attachments").fullmatch(text):
        return _dropped(name, draft.line, NO_TEXT, "a picture, a file or a place", whole)
    if _one_of("whatsapp_deleted").fullmatch(text.removesuffix(".")):
        return _dropped(name, draft.line, DELETED, "the message was deleted", whole)
    if raw.startswith("\u200e") or _one_of("whatsapp_system").match(text):
        return _dropped(name, draft.line, SYSTEM_MESSAGE, "written by the app", whole)
    author = match["author"].strip(_MARKS + " \u202f")
    seconds = _seconds(draft, order)
    source = f"{name}:{draft.line}"
    return Post(turn=Turn(author=author, text=text, source=source, seconds=seconds))


def _with_mentions(posts: list[Post]) -> list[Post]:
    authors = {post.turn.author.casefold(): post.turn.author for post in posts}
    found = []
    for post in posts:
        names = [match.casefold() for match in _MENTION.findall(post.turn.text)]
        to = {a for key, a in authors.items() if any(name.startswith(key) for name in names)}
        found.append(Post(turn=post.turn, to=tuple(sorted(to - {post.turn.author}))))
    return found


def _date_order(drafts: list[_Draft]) -> dict[str, str]:
    """For each separator whether the day or the month comes first, from all dates with it."""
    votes: dict[str, Counter[str]] = {}
    for draft in drafts:
        first, second, _ = _numbers(draft.date)
        separator = _separator(draft.date)
        count = votes.setdefault(separator, Counter())
        if 12 < first <= 31:
            count["day"] += 1_000
        elif 12 < second <= 31:
            count["month"] += 1_000
        is_american = separator == "/" and draft.half is not None
        count["month" if is_american else "day"] += 1
    return {separator: count.most_common(1)[0][0] for separator, count in votes.items()}


def _seconds(draft: _Draft, order: dict[str, str]) -> float | None:
    first, second, third = _numbers(draft.date)
    if first > 31:
        year, month, day = first, second, third
    elif order[_separator(draft.date)] == "month":
        month, day, year = first, second, third
    else:
        day, month, year = first, second, third
    hour, minute, second_of_minute = _numbers(draft.time)
    if draft.half is not None:
        hour = hour % 12 + (12 if draft.half.lower() == "p" else 0)
    if month > 12:
        day, month = month, day
    try:
        moment = datetime.datetime(
            year + (2000 if year < 100 else 0), month, day, hour, minute, second_of_minute,
            tzinfo=datetime.UTC,
        )  # fmt: skip
    except ValueError:
        return None
    return moment.timestamp()


def _numbers(text: str) -> tuple[int, int, int]:
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    return numbers[0], numbers[1], numbers[2] if len(numbers) > 2 else 0


def _separator(date: str) -> str:
    return next(character for character in date if not character.isdigit())


def _dropped(name: str, line: int, reason: str, detail: str, text: str) -> Dropped:
    return Dropped.of(RowError(reason, detail), source=f"{name}:{line}", text=text)


@functools.cache
def _head() -> re.Pattern[str]:
    """How a message begins."""
    links = "|".join(rf"{word}\s" for word in lexicon(__package__).words("whatsapp_before_time"))
    return re.compile(
        rf"""^[{_MARKS}]*(?P<bracket>\[)?
        (?P<date>\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{1,4}}\.?),?[\s_]+(?:{links})?
        (?P<time>\d{{1,2}}[:.]\d\d(?:[:.]\d\d)?)(?:[\s\u202f_]*(?P<half>[ap])\.?\s?m\.?)?
        (?(bracket)\]|[\s\u202f]*[-\u2013])\s?(?P<rest>.*)$""",
        re.VERBOSE | re.IGNORECASE,
    )


@functools.cache
def _edited() -> re.Pattern[str]:
    return re.compile(rf"[{_MARKS}]*<(?:{lexicon(__package__).either('whatsapp_edited')})>")


@functools.cache
def _one_of(name: str) -> re.Pattern[str]:
    return re.compile(f"(?:{lexicon(__package__).either(name)})", re.IGNORECASE)
