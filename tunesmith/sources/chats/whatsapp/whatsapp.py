"""A chat that WhatsApp exported as text -> threads; a place is the message's first line.

There is no specification. Android writes `7/19/22, 11:32 PM - Ann: text`, iOS writes
`[19.07.22, 23:32:10] Ann: text`, dates follow the phone's language (`stamps`), U+200E marks what
the app wrote itself, and U+202F stands before AM and PM in newer versions.
"""

import functools
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tunesmith.sources.chats.post import DELETED, NO_TEXT, SYSTEM_MESSAGE, Post, check_held
from tunesmith.sources.chats.signal_marks import without_signal_marks
from tunesmith.sources.chats.whatsapp.calendars import DateOrder
from tunesmith.sources.chats.whatsapp.date_language import in_one_language
from tunesmith.sources.chats.whatsapp.date_words import WORD
from tunesmith.sources.chats.whatsapp.message_author import MessageAuthor, is_spoken, split_authors
from tunesmith.sources.chats.whatsapp.stamps import (
    MARKS,
    Stamp,
    find_orders,
    plain,
    read_stamp,
    stamp_seconds,
)
from tunesmith.sources.chats.who_answers_whom import ChannelPace, find_threads
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.material import Thread, Turn
from tunesmith.sources.row import Dropped, NotRead, RowError
from tunesmith.sources.tables.text_lines import TextLine, read_text_lines

_PACE = ChannelPace(burst=300.0, alone=3600.0, pause=2 * 3600.0, wait=24 * 3600.0)
_BRACKETED = re.compile(rf"[{MARKS}\s]*\[(?P<stamp>[^\[\]\n]{{8,80}})\]\s?", re.DOTALL)
_END = re.compile(r"\s[-–—]\s?|[-–—]\s|[:,]\s")  # of a stamp without brackets
_LONGEST_STAMP = 80
_WORDS = re.compile(r"w(?:[ .]*w)*\.?")
_HAS_DIGITS = re.compile(r"(?:\D{0,40}\d){5}")  # 1/2/24, 3:04 has seven; with an era's year six
_APP = "what the app wrote into a message"
_MENTION = re.compile(r"@[\u2068]?([^\W_][\w.+ -]{0,40})")


class MessageHead(NamedTuple):
    """How a message begins: its date and time, and what stands behind them in the line."""

    stamp: Stamp
    rest: str


@dataclass(slots=True)
class _Draft:
    """A message whose last line is still to come."""

    line: int
    stamp: Stamp
    rest: list[str] = field(default_factory=list)

    @property
    def whole(self) -> str:
        """Who wrote it, and what."""
        return "\n".join(self.rest).rstrip()


def message_head(line: str) -> MessageHead | None:
    """How a line begins a message as WhatsApp writes it; None where it does not."""
    for start, rest in _parted(line):
        stamp = read_stamp(start)
        if stamp:
            return MessageHead(stamp, rest)
    return None


def message_heads(lines: Sequence[str]) -> list[MessageHead | None]:
    """How each line of a chat begins a message.

    A word that nobody knows, for half of the day say, takes the place of one that is known.
    """
    heads = [message_head(line) for line in lines]
    known = {_shape(line, head.rest) for line, head in zip(lines, heads, strict=True) if head}
    last = next((head.stamp for head in heads if head), None)
    if last is None or not any("w" in shape for shape in known):
        return heads
    found = []
    for line, head in zip(lines, heads, strict=True):
        one = head or _like_known(line, known, last)
        last = one.stamp if one else last
        found.append(one)
    return found


def _parted(line: str) -> Iterator[tuple[str, str]]:
    """What may be date and time at the beginning of a line, each with what stands behind it."""
    start = line[: _LONGEST_STAMP + 2]
    if not _HAS_DIGITS.match(start):
        return
    if match := _BRACKETED.match(line):
        yield match["stamp"].partition(" | ")[0], line[match.end() :]  # behind: `Edited 10:12`
        return
    for end in _END.finditer(start):
        yield line[: end.start()], line[end.end() :]


def _like_known(line: str, known: Set[str], last: Stamp) -> MessageHead | None:
    for start, rest in _parted(line):
        if _shape(line, rest) in known:
            return MessageHead(read_stamp(WORD.sub("", start)) or last, rest)
    return None


def _shape(line: str, rest: str) -> str:
    """The beginning of a line, its numbers and its words each as one sign."""
    start = plain(line[: len(line) - len(rest)])
    return _WORDS.sub("w", re.sub(r"\d+", "0", WORD.sub("w", start)))


def is_whatsapp_chat(lines: Sequence[str]) -> bool:
    """Whether lines that are not blank are the beginning of a chat, and not of a log."""
    heads = message_heads(lines)
    is_soon = any(heads[:2]) or 2 * sum(map(bool, heads)) > len(lines)
    return is_soon and any(is_spoken(head.rest) for head in heads if head)


def read_whatsapp(path: Path, name: str) -> Iterator[Thread | Dropped | NotRead]:
    """The conversations of one chat, which is held whole.

    Raises:
        DataError: It is longer than memory should hold.
    """
    posts: list[Post] = []
    for post in read_posts(path, name):
        if isinstance(post, Post):
            posts.append(post)
        else:
            yield post
    if posts:
        yield from find_threads(_with_mentions(posts), _PACE)


def read_posts(path: Path, name: str) -> Iterator[Post | Dropped | NotRead]:
    """The messages of a chat, each at its first line."""
    lines: list[TextLine] = []
    num_characters = 0
    for line in read_text_lines(path, name):
        if isinstance(line, Dropped):
            yield line
            continue
        num_characters += len(line.text)
        check_held(num_characters, name)
        lines.append(line)
    drafts: list[_Draft] = []
    for line, head in zip(lines, message_heads([line.text for line in lines]), strict=True):
        if head:
            drafts.append(_Draft(line.number, head.stamp, [head.rest]))
        elif drafts:
            drafts[-1].rest.append(line.text)
        elif line.text.strip():
            yield _dropped(name, line.number, "no message", "no date begins it", line.text)
    stamps = in_one_language([draft.stamp for draft in drafts])
    for draft, stamp in zip(drafts, stamps, strict=True):
        draft.stamp = stamp
    orders = find_orders(stamps)
    authors = split_authors([draft.whole for draft in drafts])
    for draft, author in zip(drafts, authors, strict=True):
        yield from _pieces(draft, author, name, orders)


def _pieces(
    draft: _Draft, author: MessageAuthor | None, name: str, orders: Mapping[str, DateOrder]
) -> Iterator[Post | Dropped | NotRead]:
    """A message, and what the app wrote into it; or why it is none."""
    if author is None:
        yield _dropped(name, draft.line, SYSTEM_MESSAGE, "written by the app", draft.whole)
        return
    source = f"{name}:{draft.line}"
    text, marks = _without_marks(author.text)
    fault = _fault(author.text, text, marks)
    if fault is not None:
        yield Dropped.of(fault, source=source, text=draft.whole)
        return
    yield from (NotRead(source=source, name=_APP, text=mark) for mark in marks)
    seconds = stamp_seconds(draft.stamp, orders)
    yield Post(turn=Turn(author=author.name, text=text, source=source, seconds=seconds))


def _without_marks(raw: str) -> tuple[str, list[str]]:
    """A message's own text, and what the app wrote before or behind it."""
    marks = _marks().findall(raw)
    text, beside = without_signal_marks(_marks().sub("", raw).strip(MARKS + " \n"))
    marks += beside
    first, _, caption = text.partition("\n")
    if caption.strip() and _one_of("whatsapp_attachments").fullmatch(first.strip(MARKS + " ")):
        return caption.strip(MARKS + " \n"), [*marks, first]
    return text, marks


def _fault(raw: str, text: str, marks: Sequence[str]) -> RowError | None:
    """Why a message holds no words of its author."""
    if not text or _one_of("whatsapp_attachments").fullmatch(text):
        return RowError(NO_TEXT, "a picture, a file or a place")
    if _one_of("whatsapp_deleted").fullmatch(text.removesuffix(".")):
        return RowError(DELETED, "the message was deleted")
    if (raw.startswith("\u200e") and not marks) or _one_of("whatsapp_system").match(text):
        return RowError(SYSTEM_MESSAGE, "written by the app")
    return None


def _with_mentions(posts: Sequence[Post]) -> list[Post]:
    authors = {post.turn.author.casefold(): post.turn.author for post in posts}
    found = []
    for post in posts:
        names = [match.casefold() for match in _MENTION.findall(post.turn.text)]
        to = {a for key, a in authors.items() if any(name.startswith(key) for name in names)}
        found.append(Post(turn=post.turn, to=tuple(sorted(to - {post.turn.author}))))
    return found


def _dropped(name: str, line: int, reason: str, detail: str, text: str) -> Dropped:
    return Dropped.of(RowError(reason, detail), source=f"{name}:{line}", text=text)


@functools.cache
def _marks() -> re.Pattern[str]:
    """A note that a message was changed, or a file's name; U+200E betrays both in any language."""
    edited = lexicon(__package__).either("whatsapp_edited")
    return re.compile(rf"\u200e<[^<>\n]{{3,120}}>|<(?:{edited})[.。]?>")


@functools.cache
def _one_of(name: str) -> re.Pattern[str]:
    return re.compile(f"(?:{lexicon(__package__).either(name)})", re.IGNORECASE)
