"""A thread -> who of its authors asks (the user) and who answers (the assistant).

What the recipe says counts first, then what the raw material says itself, as a role column
does. Otherwise the first to ask is the user; who habitually answers in this source decides
where a thread alone does not say.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tunesmith.sources.chats.message_intent import asks_question, is_request, is_small_talk
from tunesmith.sources.chats.post import NO_QUESTION, NOBODY_ANSWERS
from tunesmith.sources.material import Thread, Turn
from tunesmith.sources.row import RowError

NO_STAFF = "no staff answers"


@dataclass(slots=True)
class Habits:
    """How often each author of a source asked, and answered others, a thread each."""

    asked: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)

    def add(self, thread: Thread) -> None:
        """Count one thread."""
        asker = _first_asker(thread.turns)
        if asker is None:
            return
        self.asked[asker] += 1
        self.answered.update(_speakers(thread.turns) - {asker})

    def is_answerer(self, author: str) -> bool:
        """Whether an author answers as a habit: at least twice, and more than they ask."""
        return self.answered[author] >= 2 and self.answered[author] > self.asked[author]

    def leaning(self, author: str) -> int:
        """How much more an author answers than asks."""
        return self.answered[author] - self.asked[author]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """The authors of one thread who answer, and those whose messages take no part."""

    staff: frozenset[str]
    bystanders: frozenset[str] = frozenset()
    is_told: bool = False  # by the recipe or the material, and not read from the words


def find_parties(thread: Thread, habits: Habits, staff: Iterable[str] = ()) -> Parties:
    """Decide who answers in a thread.

    Args:
        thread: Any.
        habits: Of the whole source.
        staff: Accounts that the recipe names, by id or by name.

    Raises:
        RowError: Nobody asks, nobody answers, or none of the staff does.
    """
    authors = {turn.author for turn in thread.turns}
    if wanted := {key_of(name) for name in staff}:
        names = dict(thread.names)
        named = {a for a in authors if {key_of(a), key_of(names.get(a, a))} & wanted}
        if not named:
            raise RowError(NO_STAFF, f"none of {', '.join(sorted(authors)[:5])} is named in staff")
        return Parties(staff=frozenset(named), is_told=True)
    if any(turn.is_staff is not None for turn in thread.turns):
        marked = frozenset(turn.author for turn in thread.turns if turn.is_staff)
        if not marked:
            raise RowError(NOBODY_ANSWERS, "all messages are of the asking side")
        return Parties(staff=marked, is_told=True)
    return _from_words(thread, authors, habits)


def key_of(name: str) -> str:
    """A name as it is compared: without `@` and case."""
    return name.strip().lstrip("@").casefold()


def _from_words(thread: Thread, authors: set[str], habits: Habits) -> Parties:
    asker = _asker(thread.turns, habits)
    if asker is None:
        raise RowError(NO_QUESTION, "no message asks for anything")
    others = authors - {asker}
    speaking = _speakers(thread.turns) - {asker}
    if not others:
        raise RowError(NOBODY_ANSWERS, f"all messages are of {asker}")
    if not speaking:
        raise RowError(NOBODY_ANSWERS, "the others only greet or thank")
    helpers = {author for author in speaking if habits.is_answerer(author)}
    fellows = {a for a in speaking if helpers and a not in helpers and habits.leaning(a) <= 0}
    staff = frozenset(speaking - fellows)
    return Parties(staff=staff, bystanders=frozenset(others - speaking))


def _asker(turns: Sequence[Turn], habits: Habits) -> str | None:
    """The first to ask. Where the words leave a doubt, it is who answers less often.

    "Which model is it?" asks nothing for oneself where it answers "The screen stays black",
    and "Please send me the log" neither.
    """
    first = _first_asker(turns)
    opener = next((turn.author for turn in turns if not is_small_talk(turn.text)), None)
    if first is None:
        others = _speakers(turns) - {opener}
        is_helped = any(habits.is_answerer(author) for author in others)
        return opener if opener and is_helped and not habits.is_answerer(opener) else None
    if opener is not None and opener != first:
        is_reply = any(t.author == first and not asks_question(t.text) for t in turns)
        is_helper = habits.is_answerer(first) and not habits.is_answerer(opener)
        return opener if is_reply and is_helper else first
    if any(turn.author == first and asks_question(turn.text) for turn in turns):
        return first
    for turn in turns:
        if turn.author != first and asks_question(turn.text) and not is_small_talk(turn.text):
            is_helper = habits.leaning(first) > habits.leaning(turn.author)
            return turn.author if is_helper else first
    return first


def _first_asker(turns: Sequence[Turn]) -> str | None:
    for turn in turns:
        if not is_small_talk(turn.text) and (asks_question(turn.text) or is_request(turn.text)):
            return turn.author
    return None


def _speakers(turns: Sequence[Turn]) -> set[str]:
    """Authors who say more than greetings and thanks."""
    return {turn.author for turn in turns if not is_small_talk(turn.text)}
