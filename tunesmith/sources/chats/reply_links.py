"""Messages of an open channel, where everybody speaks at once -> the dialogue each belongs to.

Conversation disentanglement: each message is linked to the earlier one that it most likely
answers or continues. A few candidates are weighed by points: a reply that the format names, a
name that is spoken to, having just been spoken to, one's own message of a moment ago, a
question nobody has answered, rare words in common; time and messages in between count against.
Where the best of one dialogue is not clearly better than that of another, the message is unclear
and given to none. Work is linear: a bounded number of candidates a message.
Measured on published threads by `python -m bench.channels` (Kummerfeld et al. 2019).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tunesmith.sources.chats.message_signs import Signs, read_signs
from tunesmith.sources.chats.post import Post

_MAX_OPEN = 4  # questions
_MAX_WAITING = 4  # messages to one author
_MAX_ALIKE = 4  # messages with a rare word in common
_WINDOW = 60  # messages: how far back words are compared
_FARTHEST = 400
_MAX_LEADS = 6  # messages before a question that belong to it


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPace:
    """How fast a channel speaks, in seconds.

    Attributes:
        burst: Within this, two messages of one author are one thought.
        alone: The same where nobody else wrote in between.
        pause: A conversation silent for longer is over.
        wait: A question unanswered for longer stays so.
    """

    burst: float
    alone: float
    pause: float
    wait: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """What speaks for a candidate, and against; chosen by `bench/channels.py`."""

    to_me: float = 3.5  # it names the author who now writes
    waits: float = 1.0  # and asks, and has not been answered yet
    answers_me: float = 2.5  # it answers them without a name
    own: float = 4.0  # it is their own
    adjacent: float = 1.25  # nothing lies in between
    partner: float = 2.0  # it is of the dialogue they were in last
    helped: float = 2.0  # it is of a dialogue of two others
    helped_open: float = 0.5  # the same of a question nobody has answered
    asker: float = 1.5  # it is of a dialogue in which they asked
    open: float = 1.75  # it asks, and nobody has answered
    exclaims: float = 3.0  # an exclamation seldom answers
    words: float = 2.5  # a rare word in common
    most_words: float = 3.5
    to_others: float = 2.5  # it names somebody else
    distance: float = 0.6  # each doubling of the messages in between
    age: float = 0.4  # each doubling of the time, in bursts
    nothing: float = 0.75  # for answering nobody
    opens: float = 2.0  # the same for a question
    calls: float = 6.0  # and for one to everybody
    margin: float = 1.0  # by which the best must lead


@dataclass(slots=True, eq=False)
class Dialogue:
    """Who asked, and the messages between them and whoever helps them."""

    asker: str
    members: list[int] = field(default_factory=list)
    people: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Linked:
    """The dialogues of a channel, and the messages of none.

    Attributes:
        dialogues: In the order in which they begin.
        parents: For each message the one it answers or continues.
        unclear: Messages that may belong to several dialogues.
    """

    parents: list[int | None] = field(default_factory=list)
    dialogues: list[Dialogue] = field(default_factory=list)
    unclear: set[int] = field(default_factory=set)


def link_replies(posts: Sequence[Post], pace: ChannelPace, points: Points | None = None) -> Linked:
    """Read a channel in the order it was written.

    Args:
        posts: All its messages, the earliest first.
        pace: How fast it speaks.
        points: Other weights than those that were chosen.
    """
    signs = read_signs([post.turn.text for post in posts])
    linker = _Linker(
        posts=posts,
        signs=signs,
        pace=pace,
        points=points or Points(),
        authors=[post.turn.author for post in posts],
        seconds=[post.turn.seconds for post in posts],
    )
    for index in range(len(posts)):
        linker.add(index)
    return linker.linked


@dataclass(slots=True, kw_only=True)
class _Linker:
    """What is known of a channel after the messages read so far."""

    posts: Sequence[Post]
    signs: Sequence[Signs]
    pace: ChannelPace
    points: Points
    authors: Sequence[str]
    seconds: Sequence[float | None]
    linked: Linked = field(default_factory=Linked)
    dialogue_of: list[Dialogue | None] = field(default_factory=list)
    target: list[str | None] = field(default_factory=list)  # to whom a message is said
    place_of: dict[str, int] = field(default_factory=dict)  # source -> message
    last: dict[str, int] = field(default_factory=dict)  # author -> newest message
    waiting: dict[str, list[int]] = field(default_factory=dict)  # author -> messages to them
    talk: dict[str, Dialogue] = field(default_factory=dict)  # author -> newest dialogue
    between: dict[tuple[str, str], int] = field(default_factory=dict)  # newest of two authors
    open: list[int] = field(default_factory=list)  # questions nobody has answered yet
    holder: dict[str, int] = field(default_factory=dict)  # rare word -> newest message

    def add(self, index: int) -> None:
        """Link one message and remember it."""
        post = self.posts[index]
        parent, is_sure = self._parent(index, post)
        self.linked.parents.append(parent)
        self.dialogue_of.append(None)
        self.place_of[post.turn.source] = index
        if is_sure:
            self._enter(index, parent)
        else:
            self.linked.unclear.add(index)
        self._remember(index, parent)

    def _parent(self, index: int, post: Post) -> tuple[int | None, bool]:
        """The message answered or continued, if any, and whether that is sure."""
        if post.reply_to is not None:
            place = self.place_of.get(post.reply_to)
            return place, place is not None
        if post.to:
            return self._named(index, post)
        return self._likeliest(index, post)

    def _named(self, index: int, post: Post) -> tuple[int | None, bool]:
        """The newest message of whom this speaks to, rather one between the two."""
        author = post.turn.author
        for other in post.to:
            newest = self.last.get(other)
            if other == author or newest is None or self._age(index, newest) > self.pace.wait:
                continue
            shared = self.between.get(_pair(author, other))
            if shared is None or not self._is_to_others(newest, author):
                return newest, self._is_fresh(index, newest)
            is_late = self._age(index, shared) > self.pace.pause
            is_over = self.authors[shared] == author and not self.signs[index].wants
            return (newest, True) if is_late else (shared, not is_over)
        previous = self.last.get(author)
        if previous is not None and self.posts[previous].to == post.to:
            return (previous if self._continues(index, previous) else None), True
        return None, True

    def _is_to_others(self, place: int, author: str) -> bool:
        """Whether a message names somebody else, or is of a dialogue with somebody else."""
        to, dialogue, other = self.posts[place].to, self.dialogue_of[place], self.authors[place]
        if to:
            return author not in to
        return dialogue is not None and dialogue.asker not in (author, other)

    def _is_fresh(self, index: int, place: int) -> bool:
        """Whether a message is of this talk, or a question that still waits."""
        return self._age(index, place) <= self.pace.pause or place in self.open

    def _likeliest(self, index: int, post: Post) -> tuple[int | None, bool]:
        signs, points = self.signs[index], self.points
        best: dict[object, tuple[float, int]] = {}
        for place in set(self._candidates(index, post)):
            key = self._talk(place)
            scored = (self._score(index, place), place)
            if key not in best or scored > best[key]:
                best[key] = scored
        nothing = points.nothing + (points.calls if signs.calls else 0.0)
        nothing += points.opens if signs.asks else 0.0
        ranked = sorted(best.values(), reverse=True)
        if not ranked or ranked[0][0] <= nothing - points.margin:
            return None, True
        score, place = ranked[0]
        second = max(nothing, ranked[1][0] if len(ranked) > 1 else nothing)
        if score - second >= points.margin:
            return place, place not in self.linked.unclear
        return None, signs.asks

    def _talk(self, place: int) -> object:
        """What a message is part of: its dialogue, else its author's loose talk."""
        dialogue = self.dialogue_of[place]
        return self.authors[place] if dialogue is None else id(dialogue)

    def _candidates(self, index: int, post: Post) -> Iterator[int]:
        """Messages that one without an address may belong to."""
        author, pause = post.turn.author, self.pace.pause
        previous = self.last.get(author)
        if previous is not None and (
            self._age(index, previous) <= pause or self._continues(index, previous)
        ):
            yield previous
        for place in self.waiting.get(author, ()):
            limit = self.pace.wait if author in self.posts[place].to else pause
            if self._age(index, place) <= limit:
                yield place
        if author in self.talk and self._age(index, self.talk[author].members[-1]) <= pause:
            yield self.talk[author].members[-1]
        limit = pause if self.signs[index].asks else self.pace.wait
        for place in self.open:
            if self.authors[place] != author and self._age(index, place) <= limit:
                yield place
        yield from self._alike(index, author)
        if index and self.authors[index - 1] != author and self._age(index, index - 1) <= pause:
            yield index - 1

    def _alike(self, index: int, author: str) -> list[int]:
        """The newest messages of others that hold a rare word of this one."""
        words = self.signs[index].words
        places = {self.holder[word] for word in words if word in self.holder}
        return [
            place
            for place in sorted(places, reverse=True)[:_MAX_ALIKE]
            if place >= max(0, index - _WINDOW)
            and self.authors[place] != author
            and self._age(index, place) <= self.pace.pause
        ]

    def _score(self, index: int, place: int) -> float:
        """How likely a message answers or continues another, in points."""
        points, author = self.points, self.authors[index]
        end = self._end(place) if place in self.open else place
        age = points.age * math.log2(1 + self._age(index, end) / self.pace.burst)
        total = -points.distance * math.log2(index - end)
        total += points.adjacent - age / 2 if end == index - 1 else -age
        alike = self._in_common(index, place)
        total += min(points.most_words, points.words * alike)
        total += self._of_dialogue(self.dialogue_of[place], place, author, is_alike=alike > 0)
        if self.authors[place] == author:
            return total + self._of_own(index, place)
        return total + self._of_another(index, place, author)

    def _of_dialogue(
        self, dialogue: Dialogue | None, place: int, author: str, *, is_alike: bool
    ) -> float:
        if dialogue is None:
            return 0.0
        points = self.points
        if author not in dialogue.people:
            if is_alike or len(dialogue.people) == 1:
                return 0.0
            return -points.helped_open if place in self.open else -points.helped
        total = points.asker if dialogue.asker == author else 0.0
        return total + (points.partner if self.talk[author] is dialogue else 0.0)

    def _of_own(self, index: int, place: int) -> float:
        if not self._continues(index, place):
            return 0.0
        if self.signs[index].says_nothing and place < index - 1:
            return 0.0
        return self.points.own

    def _end(self, place: int) -> int:
        """The last message of the one that a message begins."""
        dialogue = self.dialogue_of[place]
        if dialogue is None:
            return place
        newest = dialogue.members[-1]
        is_one = self.authors[newest] == self.authors[place]
        return newest if is_one and self._age(newest, place) <= self.pace.burst else place

    def _of_another(self, index: int, place: int, author: str) -> float:
        points, to, total = self.points, self.posts[place].to, 0.0
        if author in to:
            total += points.to_me
        elif to:
            total -= points.to_others
        elif self.target[place] == author:
            total += points.answers_me
        if self.signs[place].wants and place in self.waiting.get(author, ()):
            total += points.waits
        if place in self.open:
            total += points.open
        if self.signs[index].exclaims:
            total -= points.exclaims
        return total

    def _in_common(self, index: int, place: int) -> float:
        words, others = self.signs[index].words, self.signs[place].words
        if not words or not others:
            return 0.0
        return sum(words[word] for word in words.keys() & others.keys())

    def _continues(self, index: int, previous: int) -> bool:
        """Whether an author's next message goes on with the one before."""
        age = self._age(index, previous)
        return age <= self.pace.burst or (previous == index - 1 and age <= self.pace.alone)

    def _enter(self, index: int, parent: int | None) -> None:
        """Put a message into the dialogue of its parent, or let it open one."""
        dialogue = self._dialogue(index, parent)
        if dialogue is not None:
            self._join(index, dialogue)

    def _join(self, index: int, dialogue: Dialogue) -> None:
        dialogue.members.append(index)
        dialogue.people.add(self.authors[index])
        self.dialogue_of[index] = dialogue
        self.talk[self.authors[index]] = dialogue

    def _dialogue(self, index: int, parent: int | None) -> Dialogue | None:
        author, signs = self.authors[index], self.signs[index]
        if parent is None:
            return self._open(author) if signs.wants and not signs.says_nothing else None
        other, dialogue = self.authors[parent], self.dialogue_of[parent]
        if dialogue is not None and (other == author or dialogue.asker in (author, other)):
            return dialogue
        shared = self.between.get(_pair(author, other))
        if other != author and shared is not None and self._age(index, shared) <= self.pace.pause:
            return self.dialogue_of[shared]
        if signs.wants and not signs.says_nothing:
            return self._open(author, parent if other == author else None)
        is_told = bool(self.posts[index].to) or self.posts[index].reply_to is not None
        if is_told and other != author and not self.signs[parent].says_nothing:
            return self._open(other, parent) if dialogue is None else None
        return None

    def _open(self, asker: str, lead: int | None = None) -> Dialogue:
        """A new dialogue, with what its asker said right before."""
        dialogue = Dialogue(asker)
        self.linked.dialogues.append(dialogue)
        leads: list[int] = []
        while lead is not None and self.dialogue_of[lead] is None and len(leads) < _MAX_LEADS:
            is_own = self.authors[lead] == asker
            leads += [lead] if is_own else []
            lead = self.linked.parents[lead] if is_own else None
        for place in reversed(leads):
            self._join(place, dialogue)
            self.linked.unclear.discard(place)
        return dialogue

    def _remember(self, index: int, parent: int | None) -> None:
        post, signs = self.posts[index], self.signs[index]
        author = post.turn.author
        self.last[author] = index
        target = post.to[0] if post.to else None
        if parent is not None and self.authors[parent] != author:
            target = target or self.authors[parent]
            self.open = [i for i in self.open if i != parent]
        elif parent is not None:
            target = target or self.target[parent]
        self.target.append(target)
        others = post.to or ((target,) if target else ())
        waiting = self.waiting.get(author, [])
        self.waiting[author] = [i for i in waiting if self.authors[i] not in others]
        for other in others:
            self.waiting[other] = [*self.waiting.get(other, ()), index][-_MAX_WAITING:]
            if self.dialogue_of[index] is not None:
                self.between[_pair(author, other)] = index
        if signs.wants and not post.to and post.reply_to is None and not signs.says_nothing:
            self.open = [*self.open, index][-_MAX_OPEN:]
        for word in signs.words:
            self.holder[word] = index

    def _age(self, index: int, earlier: int) -> float:
        """Seconds between two messages; endless where too much was said in between."""
        if index - earlier > _FARTHEST:
            return math.inf
        now, then = self.seconds[index], self.seconds[earlier]
        return 0.0 if now is None or then is None or now < then else now - then


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)
