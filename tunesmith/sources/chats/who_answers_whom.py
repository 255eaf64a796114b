"""Messages of an open channel, where everybody speaks at once -> who answers whom -> threads.

`reply_links` decides what belongs together. What asks and is answered becomes a thread; all else
is left out, each message with its reason: nobody asks, nobody answers, said in between, or
unclear whom it answers. Two people alone need none of this: silence parts their conversations.
"""

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
from tunesmith.sources.material import Thread, Turn
from tunesmith.sources.row import Dropped

__all__ = ["ChannelPace", "find_threads"]
_PAIR_PAUSE_SECONDS = 12 * 3600.0  # two people answer each other hours later


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
    found += [(index, drop_turns([posts[index].turn], why)) for index, why in left.items()]
    yield from (piece for _, piece in sorted(found, key=lambda one: one[0]))


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
