"""Threads -> conversations of user and assistant, and what of them was cut, with the reason.

Messages of one side in a row become one, a line each. A conversation begins with a question
and ends with an answer: what stands before and after comes as Dropped, as do greetings and
thanks at either end. Long threads are cut into pieces of one group.
"""

import difflib
import itertools
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tunesmith.examples.conversion.asker_and_staff import (
    NO_STAFF,
    Habits,
    Parties,
    find_parties,
    key_of,
)
from tunesmith.examples.example import Example, Message
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.chats.message_intent import asks_question, is_promise, is_small_talk
from tunesmith.sources.chats.post import ASIDE, LEFT_OUT_OF_CHATS, drop_turns
from tunesmith.sources.material import Material, Thread, Turn
from tunesmith.sources.row import Dropped, RowError

BEFORE_QUESTION = "before the question"
UNANSWERED = "unanswered at the end"
SMALL_TALK = "only greetings and thanks"
LEFT_OUT_OF_THREADS = LEFT_OUT_OF_CHATS | {NO_STAFF, BEFORE_QUESTION, UNANSWERED, SMALL_TALK}
MAX_EXCHANGES = 10  # of a piece
MAX_HELD_TURNS = 500_000

logger = logging.getLogger(__name__)
Exchange = tuple[list[Turn], list[Turn]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Questions and answers of one thread, each as the messages it is made of."""

    exchanges: tuple[Exchange, ...]
    group: str

    def to_example(self) -> Example:
        """The conversation as it is trained."""
        messages: list[Message] = []
        for asked, answered in self.exchanges:
            messages.append(Message(role="user", content=_joined(asked)))
            messages.append(Message(role="assistant", content=_joined(answered)))
        source = self.exchanges[0][0][0].source
        return Example(messages=tuple(messages), source=source, group=self.group)


def threads_to_examples(
    pieces: Iterable[Material | Dropped], source: SourceRecipe
) -> Iterator[Example | Dropped]:
    """Turn the threads of one source into examples.

    Who answers as a habit is known only after the source was read, so that threads which do
    not say it themselves are held back; after half a million messages the habits seen so far
    decide.

    Args:
        pieces: Threads and what was dropped; nothing else.
        source: `staff` names who answers.
    """
    habits, seen = Habits(), set[str]()
    waiting: list[Thread | Dropped] = []
    num_held = 0
    iterator = iter(pieces)
    for piece in iterator:
        assert isinstance(piece, Thread | Dropped)
        if isinstance(piece, Thread):
            seen.update(_names_of(piece))
            num_held += len(piece.turns)
            habits.add(piece)
        is_told = isinstance(piece, Dropped) or bool(source.staff) or _is_marked(piece)
        if not waiting and is_told:
            yield from _read(piece, habits, source.staff)
            continue
        waiting.append(piece)
        if num_held > MAX_HELD_TURNS:
            break
    for piece in itertools.chain(waiting, iterator):
        assert isinstance(piece, Thread | Dropped)
        yield from _read(piece, habits, source.staff)
    _warn_of_strangers(source, seen)


def to_conversations(
    thread: Thread, habits: Habits, staff: Sequence[str] = ()
) -> Iterator[Conversation | Dropped]:
    """One thread's conversations, and what was cut from it."""
    try:
        parties = find_parties(thread, habits, staff)
    except RowError as fault:
        yield from drop_turns(thread.turns, fault.reason, fault.detail)
        return
    aside = [turn for turn in thread.turns if turn.author in parties.bystanders]
    yield from drop_turns(aside, ASIDE)
    exchanges: list[Exchange] = []
    turns, empty = _with_words(thread, parties)
    yield from drop_turns(empty, SMALL_TALK)
    for part in _exchanges(turns, parties):
        if isinstance(part, Dropped):
            yield part
        else:
            exchanges.append(part)
    yield from _without_small_talk(exchanges)
    for begin in range(0, len(exchanges), MAX_EXCHANGES):
        part_of = tuple(exchanges[begin : begin + MAX_EXCHANGES])
        yield Conversation(exchanges=part_of, group=thread.source)


def _read(
    piece: Thread | Dropped, habits: Habits, staff: Sequence[str]
) -> Iterator[Example | Dropped]:
    if isinstance(piece, Dropped):
        yield piece
        return
    for part in to_conversations(piece, habits, staff):
        yield part.to_example() if isinstance(part, Conversation) else part


def _with_words(thread: Thread, parties: Parties) -> tuple[list[Turn], list[Turn]]:
    """The messages that take part, and those that are only greetings and thanks.

    Where the sides are told, as in support dialogues, politeness is part of the trade and
    stays; so does an "ok" that answers a question.
    """
    turns = [turn for turn in thread.turns if turn.author not in parties.bystanders]
    if parties.is_told:
        return turns, []
    kept: list[Turn] = []
    empty: list[Turn] = []
    for is_staff, run in itertools.groupby(turns, key=lambda turn: turn.author in parties.staff):
        messages = list(run)
        asked = [t.text for t in kept[-1:] if t.author in parties.staff]
        is_answer = not is_staff and any(asks_question(text) for text in asked)
        says_nothing = _says_nothing(messages) and not is_answer
        for turn in messages:
            is_empty = says_nothing or (is_staff and is_promise(turn.text))
            (empty if is_empty else kept).append(turn)
    return kept, empty


def _exchanges(turns: Sequence[Turn], parties: Parties) -> Iterator[Exchange | Dropped]:
    """Questions with their answers; answers to nothing and questions without any, dropped."""
    asked: list[Turn] = []
    answered: list[Turn] = []
    early: list[Turn] = []
    for turn in turns:
        if turn.author in parties.staff:
            (answered if asked else early).append(turn)
            continue
        if answered:
            yield asked, answered
            asked, answered = [], []
        asked.append(turn)
    yield from drop_turns(early, BEFORE_QUESTION)
    if answered:
        yield asked, answered
    elif asked:
        yield from drop_turns(asked, UNANSWERED)


def _without_small_talk(exchanges: list[Exchange]) -> Iterator[Dropped]:
    """Take greetings off the beginning; off the end, whatever was answered with nothing."""
    while exchanges and _says_nothing(exchanges[-1][1]):
        asked, answered = exchanges.pop()
        yield from drop_turns([*asked, *answered], SMALL_TALK)
    while exchanges and all(_says_nothing(messages) for messages in exchanges[0]):
        asked, answered = exchanges.pop(0)
        yield from drop_turns([*asked, *answered], SMALL_TALK)


def _says_nothing(turns: Sequence[Turn]) -> bool:
    return all(is_small_talk(turn.text) for turn in turns)


def _joined(turns: Sequence[Turn]) -> str:
    return "\n".join(turn.text for turn in turns)


def _is_marked(thread: Thread) -> bool:
    return any(turn.is_staff is not None for turn in thread.turns)


def _names_of(thread: Thread) -> set[str]:
    authors = {turn.author for turn in thread.turns}
    names = {name for author, name in thread.names if author in authors}
    return {key_of(name) for name in authors | names}


def _warn_of_strangers(source: SourceRecipe, seen: set[str]) -> None:
    for name in source.staff:
        if key_of(name) not in seen:
            near = difflib.get_close_matches(key_of(name), seen, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            logger.warning("%s: nobody is called %s, named in staff.%s", source.path, name, hint)
