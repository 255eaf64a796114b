"""The texts of a channel -> what in each of them shows whom it may answer.

Whether it asks, wants, or says nothing; and the words that few other messages hold, each
weighted by how few (inverse document frequency). Languages that part no words by blanks are
read by pairs of characters.
"""

import functools
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from tunesmith.sources.chats.message_intent import (
    asks_question,
    calls_everybody,
    is_reaction,
    is_request,
    is_small_talk,
)
from tunesmith.sources.lexicon import lexicon

_CONTENT_WORD = re.compile(r"[^\W_][\w.+-]{2,}")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]{2,}")
_MOST_HOLDERS = 70  # a word that one message in so many holds tells nothing
_ALWAYS_RARE = 4
_NO_WORDS: Mapping[str, float] = {}


class Signs(NamedTuple):
    """What shows in one message whom it may answer.

    Attributes:
        asks: Whether it asks something.
        wants: Whether it asks, or wants help without asking.
        says_nothing: Whether it only greets, thanks or promises.
        calls: Whether it asks everybody, as "does anyone know" does.
        exclaims: Whether it begins with an exclamation, as no answer does.
        words: Words that few others hold, and how much each tells, from 0 to 1.
    """

    asks: bool
    wants: bool
    says_nothing: bool
    calls: bool
    exclaims: bool
    words: Mapping[str, float]


def read_signs(texts: Sequence[str]) -> list[Signs]:
    """The signs of each message of one channel."""
    shared: dict[str, str] = {}
    held = [tuple(shared.setdefault(w, w) for w in content_words(text)) for text in texts]
    counts = Counter(word for words in held for word in words)
    most = max(_ALWAYS_RARE, len(texts) // _MOST_HOLDERS)
    scale = math.log(len(texts) + 1)
    weights = {
        word: math.log((len(texts) + 1) / count) / scale
        for word, count in counts.items()
        if 1 < count <= most
    }
    return [_signs(text, words, weights) for text, words in zip(texts, held, strict=True)]


def content_words(text: str) -> set[str]:
    """The words of a text that may show what it is about, in small letters."""
    words = {word.rstrip(".-+").lower() for word in _CONTENT_WORD.findall(text)}
    if not text.isascii():
        for run in _UNSPACED.findall(text):
            words.update(first + second for first, second in pairwise(run))
    return words - _common_words()


def _signs(text: str, words: tuple[str, ...], weights: Mapping[str, float]) -> Signs:
    asks = asks_question(text)
    return Signs(
        asks=asks,
        wants=asks or is_request(text),
        says_nothing=is_small_talk(text),
        calls=asks and calls_everybody(text),
        exclaims=is_reaction(text),
        words={word: weights[word] for word in words if word in weights} or _NO_WORDS,
    )


@functools.cache
def _common_words() -> frozenset[str]:
    return frozenset(lexicon(__package__).words("common_words"))
