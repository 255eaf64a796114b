"""Messages of an open channel, where everybody speaks at once -> who answers whom -> threads.

`reply_links` decides what belongs together. What asks and is answered becomes a thread; all else
is left out, each message with its reason: nobody asks, nobody answers, said in between, or
unclear whom it answers. Two people alone need none of this: silence parts their conversations.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tunesmith.sources.chats.post import (
    ASIDE,
    NO_QUESTION,
    NOBODY_ANSWERS,
    UNCLEAR,
    Names,
    Post,
    as_thread,
    drop_turns,
)
from tunesmith.sources.chats.reply_links import ChannelPace, link_replies
from tunesmith.sources.chats.spoken_to import Names as Known
from tunesmith.sources.chats.spoken_to import called
from tunesmith.sources.material import Thread, Turn
from tunesmith.sources.row import Dropped

__all__ = ["ChannelPace", "find_threads"]
_PAIR_PAUSE_SECONDS = 12 * 3600.0  # two people answer each other hours later


def find_threads(
    posts: Sequence[Post], pace: ChannelPace, *, names: Names = (), are_addressed: bool = False
) -> Iterator[Thread | Dropped]:
    """The conversations of one channel, in the order in which they begin.

    Args:
        posts: In the order they were written.
        pace: How fast the channel speaks.
        names: What authors are called, for the threads and to see whom a text speaks to.
        are_addressed: Whether the posts say already whom their texts speak to.
    """
    if len({post.turn.author for post in posts}) == 2:
        yield from _pair_threads(posts, names)
        return
    if not are_addressed:
        posts = _addressed(posts, names)
    linked = link_replies(posts, pace)
    found: list[tuple[int, Thread | Dropped]] = []
    left = {i: NO_QUESTION if parent is None else ASIDE for i, parent in enumerate(linked.parents)}
    left |= dict.fromkeys(linked.unclear, UNCLEAR)
    for dialogue in linked.dialogues:
        members = sorted(dialogue.members)
        turns = [posts[index].turn for index in members]
        if any(turn.author != dialogue.asker for turn in turns):
            found.append((members[0], as_thread(turns, names)))
            for index in members:
                del left[index]
        else:
            left.update(dict.fromkeys(members, NOBODY_ANSWERS))
    for index, why in left.items():
        found += [(index, dropped) for dropped in drop_turns([posts[index].turn], why)]
    yield from (piece for _, piece in sorted(found, key=lambda one: one[0]))


def _addressed(posts: Sequence[Post], names: Names) -> list[Post]:
    """Posts with whom their texts speak to, where the format does not say it."""
    authors = {post.turn.author for post in posts}
    pairs = [pair for pair in names if pair[0] in authors]
    known = called([*((author, author) for author in sorted(authors)), *pairs])
    return [
        post if post.to or post.reply_to else dataclasses.replace(post, to=_to(post, known))
        for post in posts
    ]


def _to(post: Post, known: Known) -> tuple[str, ...]:
    return tuple(name for name in known.spoken_to(post.turn.text)[0] if name != post.turn.author)


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
