"""Messages of an open channel, where everybody speaks at once -> who answers whom -> threads.

Evidence in this order: a name that is spoken to, a question about the same thing that still
waits, one's own message of a moment ago, having just been spoken to, the conversation one is
in, and for whoever comes in with a statement the question asked last. A question by somebody
who comes in opens a conversation of its own. Two people alone need none of this: silence parts
their conversations.
"""

import functools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tunesmith.sources.chats.message_intent import (
    asks_question,
    is_reaction,
    is_request,
    is_small_talk,
)
from tunesmith.sources.chats.post import (
    ASIDE,
    NO_QUESTION,
    NOBODY_ANSWERS,
    Names,
    Post,
    as_thread,
    drop_turns,
)
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.material import Thread, Turn
from tunesmith.sources.row import Dropped

_PAIR_PAUSE_SECONDS = 12 * 3600.0  # two people answer each other hours later
_MAX_OPEN_QUESTIONS = 12
_MAX_POSTS_BETWEEN = 400
_CONTENT_WORD = re.compile(r"[^\W_][\w.+-]{3,}")


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


def find_threads(
    posts: Sequence[Post], pace: ChannelPace, *, names: Names = ()
) -> Iterator[Thread | Dropped]:
    """The conversations of one channel, in the order in which they begin.

    Args:
        posts: In the order they were written.
        pace: How fast the channel speaks.
        names: What authors are called, for the threads.
    """
    if len({post.turn.author for post in posts}) == 2:
        yield from _pair_threads(posts, names)
        return
    links = link_replies(posts, pace)
    conversations: dict[int, list[int]] = {}
    root_of: list[int] = []
    for index, parent in enumerate(links):
        root_of.append(index if parent is None else root_of[parent])
        conversations.setdefault(root_of[index], []).append(index)
    for members in conversations.values():
        yield from _thread(posts, links, members, names)


def link_replies(posts: Sequence[Post], pace: ChannelPace) -> list[int | None]:
    """For each message the earlier one that it answers or continues; None where it opens."""
    linker = _Linker(posts, pace)
    for post in posts:
        linker.counts.update(_content_words(post.turn.text))
    for index in range(len(posts)):
        linker.add(index)
    return linker.links


@dataclass(slots=True)
class _Linker:
    """What is known of a channel after the messages read so far."""

    posts: Sequence[Post]
    pace: ChannelPace
    links: list[int | None] = field(default_factory=list)
    last: dict[str, int] = field(default_factory=dict)  # author -> newest message
    spoken_to: dict[str, int] = field(default_factory=dict)  # author -> newest message to them
    newest_in: dict[int, int] = field(default_factory=dict)  # conversation -> newest message
    root_of: list[int] = field(default_factory=list)
    open: list[int] = field(default_factory=list)  # questions nobody has answered yet
    counts: Counter[str] = field(default_factory=Counter)  # messages that hold a word

    def add(self, index: int) -> None:
        post = self.posts[index]
        parent = self._parent(index, post)
        self.links.append(parent)
        root = index if parent is None else self.root_of[parent]
        self.root_of.append(root)
        self.newest_in[root] = index
        author = post.turn.author
        if parent is not None and self.posts[parent].turn.author != author:
            asker = self.posts[parent].turn.author
            self.open = [i for i in self.open if self.posts[i].turn.author != asker]
        self.last[author] = index
        self.spoken_to.pop(author, None)
        for other in self._addressees(index, post, parent):
            self.spoken_to[other] = index
        if asks_question(post.turn.text) or is_request(post.turn.text):
            self.open = [*self.open, index][-_MAX_OPEN_QUESTIONS:]

    def _addressees(self, index: int, post: Post, parent: int | None) -> tuple[str, ...]:
        if post.to or parent is None:
            return post.to
        other = self.posts[parent].turn.author
        return (other,) if other != post.turn.author else ()

    def _parent(self, index: int, post: Post) -> int | None:
        if post.to:
            return self._spoken_to(index, post)
        return next((place for place in self._evidence(index, post) if place is not None), None)

    def _evidence(self, index: int, post: Post) -> Iterator[int | None]:
        """Messages that a message without an address may belong to, the best first."""
        yield self._same_matter(index, post)
        question = self._asked_last(index, post)
        addressed = self.spoken_to.get(post.turn.author)
        if addressed is not None and self._still_speaks_to(index, addressed, question):
            yield addressed
        previous = self.last.get(post.turn.author)
        if previous is not None:
            if self._continues(index, previous):
                yield previous
            newest = self.newest_in[self.root_of[previous]]
            if question is not None and question > newest:
                yield question
            yield self._same_words(index, newest)
            if self._age(index, newest) <= self.pace.pause:
                yield newest
        yield question

    def _still_speaks_to(self, index: int, addressed: int, question: int | None) -> bool:
        """Whether an earlier message to this author still waits for what they say now."""
        author = self.posts[index].turn.author
        if author in self.posts[addressed].to:
            return self._age(index, addressed) <= self.pace.wait
        is_overtaken = question is not None and question > addressed
        return self._age(index, addressed) <= self.pace.pause and not is_overtaken

    def _spoken_to(self, index: int, post: Post) -> int | None:
        """The newest message of whom this speaks to, rather not one they wrote to others."""
        author = post.turn.author
        for other in post.to:
            newest = self.last.get(other)
            if newest is None or self._age(index, newest) > self.pace.wait or other == author:
                continue
            place: int | None = newest
            for _ in range(6):
                if place is None or self._age(index, place) > self.pace.pause:
                    break
                to = self.posts[place].to
                if self.posts[place].turn.author == other and (not to or author in to):
                    return place
                place = self._earlier_of(other, place)
            return newest
        previous = self.last.get(author)
        if previous is not None and self.posts[previous].to == post.to:
            return previous if self._continues(index, previous) else None
        return None

    def _earlier_of(self, author: str, place: int) -> int | None:
        for earlier in range(place - 1, max(-1, place - 60), -1):
            if self.posts[earlier].turn.author == author:
                return earlier
        return None

    def _same_matter(self, index: int, post: Post) -> int | None:
        """A waiting question of somebody else that shares a word of its own with this answer."""
        words = set() if is_reaction(post.turn.text) else self._rare_words(index)
        for question in reversed(self.open):
            asked = self.posts[question]
            is_near = self._age(index, question) <= self.pace.pause and index - question <= 12
            if asked.turn.author == post.turn.author or not is_near or asked.to:
                continue
            if words & self._rare_words(question):
                return question
        return None

    def _same_words(self, index: int, after: int) -> int | None:
        """A message of a moment ago, newer than one's own talk, that shares a rare word."""
        words = self._rare_words(index)
        for other in range(index - 1, max(after, index - 10), -1):
            asked = self.posts[other]
            is_own = asked.turn.author == self.posts[index].turn.author
            is_near = self._age(index, other) <= 3 * self.pace.burst
            if is_near and not is_own and words & self._rare_words(other):
                return other
        return None

    def _continues(self, index: int, previous: int) -> bool:
        """Whether an author's next message goes on with the one before."""
        age = self._age(index, previous)
        return age <= self.pace.burst or (previous == index - 1 and age <= self.pace.alone)

    def _asked_last(self, index: int, post: Post) -> int | None:
        text = post.turn.text
        if asks_question(text) or is_small_talk(text) or is_reaction(text):
            return None
        for question in reversed(self.open):
            asked = self.posts[question]
            is_mine = asked.turn.author == post.turn.author
            if not is_mine and not asked.to and self._age(index, question) <= self.pace.wait:
                return question
        return None

    def _rare_words(self, index: int) -> set[str]:
        """Words of a message that do not stand in every other one here."""
        most = max(4, len(self.posts) // 70)
        words = _content_words(self.posts[index].turn.text)
        return {word for word in words if self.counts[word] <= most}

    def _age(self, index: int, earlier: int) -> float:
        """Seconds between two messages; endless where too much was said in between."""
        if index - earlier > _MAX_POSTS_BETWEEN:
            return float("inf")
        now, then = self.posts[index].turn.seconds, self.posts[earlier].turn.seconds
        return 0.0 if now is None or then is None else max(0.0, now - then)


def _content_words(text: str) -> set[str]:
    words = {word.rstrip(".-+").lower() for word in _CONTENT_WORD.findall(text)}
    return words - _common_words()


@functools.cache
def _common_words() -> frozenset[str]:
    return frozenset(lexicon(__package__).words("common_words"))


def _pair_threads(posts: Sequence[Post], names: Names) -> Iterator[Thread | Dropped]:
    """Two people: what lies between long silences is one conversation."""
    turns: list[Turn] = []
    for before, post in pairwise([None, *posts]):
        assert post is not None
        then, now = before.turn.seconds if before else None, post.turn.seconds
        if then is not None and now is not None and now - then > _PAIR_PAUSE_SECONDS:
            yield as_thread(turns, names)
            turns = []
        turns.append(post.turn)
    yield as_thread(turns, names)


def _thread(
    posts: Sequence[Post], links: Sequence[int | None], members: Sequence[int], names: Names
) -> Iterator[Thread | Dropped]:
    """One conversation: who asks, and what others say to them; the rest are asides."""
    first = _first_asking(posts, members)
    if first is None:
        yield drop_turns([posts[index].turn for index in members], NO_QUESTION)
        return
    asker = posts[first].turn.author
    begin = members.index(first)
    while begin and posts[members[begin - 1]].turn.author == asker:
        begin -= 1  # what leads up to the question, a line or two before it
    kept = _kept(posts, links, members[begin:], asker)
    turns = [posts[index].turn for index in members if index in kept]
    if all(turn.author == asker for turn in turns):
        yield drop_turns(turns, NOBODY_ANSWERS)
    else:
        yield as_thread(turns, names)
    yield from _asides(posts, links, [index for index in members if index not in kept], names)


def _asides(
    posts: Sequence[Post], links: Sequence[int | None], members: Sequence[int], names: Names
) -> Iterator[Thread | Dropped]:
    """What others said in between: at most a question that is answered in its own words."""
    left = list(members)
    for index in members:
        answers = [
            other for other in left if links[other] == index and _answers(posts, other, index)
        ]
        if answers and index in left:
            yield as_thread([posts[place].turn for place in (index, *answers)], names)
            left = [place for place in left if place not in (index, *answers)]
    if left:
        yield drop_turns([posts[index].turn for index in left], ASIDE)


def _answers(posts: Sequence[Post], index: int, question: int) -> bool:
    """Whether a message states something with words of a question that somebody else asked."""
    post, asked = posts[index], posts[question]
    if post.turn.author == asked.turn.author or not asks_question(asked.turn.text):
        return False
    words = _content_words(post.turn.text) & _content_words(asked.turn.text)
    return bool(words) and not asks_question(post.turn.text)


def _first_asking(posts: Sequence[Post], members: Sequence[int]) -> int | None:
    for index in members:
        text = posts[index].turn.text
        if not is_small_talk(text) and (asks_question(text) or is_request(text)):
            return index
    return None


def _kept(
    posts: Sequence[Post], links: Sequence[int | None], members: Sequence[int], asker: str
) -> set[int]:
    """The messages between the asker and whoever helps them; what helpers say to others is not."""
    helpers = _helpers(posts, links, members, asker)
    kept: set[int] = set()
    for index in members:
        post, parent = posts[index], links[index]
        if post.turn.author == asker:
            is_part = not post.to or not kept or bool(helpers & set(post.to))
        elif post.to:
            is_part = asker in post.to
        else:
            is_part = post.turn.author in helpers and parent in kept
        if is_part:
            kept.add(index)
    return kept


def _helpers(
    posts: Sequence[Post], links: Sequence[int | None], members: Sequence[int], asker: str
) -> set[str]:
    """Who speaks to the asker: by name, in answer to them, or because they spoke to them."""
    helpers: set[str] = set()
    for index in members:
        post, parent = posts[index], links[index]
        if post.turn.author == asker:
            helpers.update(post.to)
        elif asker in post.to or (parent is not None and posts[parent].turn.author == asker):
            helpers.add(post.turn.author)
    return helpers
