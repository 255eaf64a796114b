"""What chats of every kind are read into before threads are found, and what they are rid of."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tunesmith.errors import DataError
from tunesmith.sources.material import Thread, Turn
from tunesmith.sources.row import Dropped, RowError

SYSTEM_MESSAGE = "system message"  # somebody joined, renamed, pinned
BOT_MESSAGE = "bot message"
NO_TEXT = "no text"  # a picture, a file
DELETED = "deleted message"
INTERNAL_NOTE = "internal note"  # that a customer never saw
OTHER_BRANCH = "another branch"  # of a conversation that was tried in several ways
NOT_A_DAY = "not a day file"
NOT_A_MAIL = "not a mail"
ENCRYPTED = "encrypted mail"
NO_QUESTION = "no question"
NOBODY_ANSWERS = "nobody answers"
ASIDE = "aside"
UNCLEAR = "unclear whom it answers"
LEFT_OUT_OF_CHATS = frozenset(  # on purpose: nothing is wrong with the file
    {
        SYSTEM_MESSAGE,
        BOT_MESSAGE,
        NO_TEXT,
        DELETED,
        INTERNAL_NOTE,
        OTHER_BRANCH,
        NOT_A_DAY,
        NOT_A_MAIL,
        ENCRYPTED,
        NO_QUESTION,
        NOBODY_ANSWERS,
        ASIDE,
        UNCLEAR,
    }
)
MAX_HELD_CHARACTERS = 256 << 20
Names = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A message, the authors it speaks to by name, and what it answers.

    Attributes:
        turn: Who said what, where and when.
        to: Authors it is addressed to, as `name: text` and `@name` do.
        reply_to: The `turn.source` of the message it answers, where the format says so.
    """

    turn: Turn
    to: tuple[str, ...] = ()
    reply_to: str | None = None


def check_held(num_characters: int, name: str) -> None:
    """Make sure that a chat which is held whole stays within memory.

    Raises:
        DataError: It is longer than 256 million characters.
    """
    if num_characters > MAX_HELD_CHARACTERS:
        raise DataError(
            f"more than {MAX_HELD_CHARACTERS >> 20} million characters in one chat",
            where=name,
            cure="Split it, for instance by year.",
        )


def as_thread(turns: Sequence[Turn], names: Names) -> Thread:
    """Turns as a thread that stands where the first of them stands."""
    authors = {turn.author for turn in turns}
    known = tuple((author, name) for author, name in names if author in authors)
    return Thread(turns=tuple(turns), source=turns[0].source, names=known)


def drop_turns(turns: Iterable[Turn], reason: str, detail: str = "") -> Iterator[Dropped]:
    """Messages left out for one reason, each in its place and by its author's name."""
    for turn in turns:
        fault = RowError(reason, detail or f"a message of {turn.author}")
        yield Dropped.of(fault, source=turn.source, text=turn.text)


def in_order(posts: Sequence[Post]) -> list[Post]:
    """Posts by time; those of one moment keep their places."""
    return sorted(posts, key=lambda post: post.turn.seconds or 0.0)
