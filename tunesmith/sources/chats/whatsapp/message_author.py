"""The messages of a chat, each with its author before a colon -> who wrote it, and the text.

Names may hold colons: `Mara: Private: text`. Where everything that somebody writes goes on with
the same word and a colon, that word belongs to the name.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from tunesmith.sources.chats.whatsapp.date_words import letters_of
from tunesmith.sources.chats.whatsapp.stamps import MARKS
from tunesmith.sources.lexicon import lexicon

_AUTHOR = re.compile(
    rf"^[{MARKS}~\s\u202f]*(?P<author>[^\n]{{1,80}}?):(?:\s(?P<text>.*))?$", re.DOTALL
)
_MORE_OF_NAME = re.compile(r"(?P<more>[^:\n]{1,40}): (?=\S)")
_LEAST_WORDS_OF_NOTICE = 3  # behind a name: "Ann changed the subject to"
_LEAST_MESSAGES = 2
_NAMES_OF_LEVELS = frozenset(
    {"info", "debug", "trace", "notice", "warn", "warning", "error", "err", "critical", "fatal"}
)


class MessageAuthor(NamedTuple):
    """Who wrote a message, and what; the text as it stands there."""

    name: str
    text: str


def split_author(whole: str) -> MessageAuthor | None:
    """The author and text of one message; None where no name begins it, as in a notice."""
    match = _AUTHOR.match(whole)
    if match is None:
        return None
    name = match["author"].strip(MARKS + " \u202f")
    return MessageAuthor(name, match["text"] or "") if name else None


def is_spoken(whole: str) -> bool:
    """Whether a message begins with a name, as a log's line does not, nor one of IRC."""
    author = split_author(whole)
    if author is None or author.name.startswith(("<", "* ", "[", "(")):
        return False
    return not any(word.casefold() in _NAMES_OF_LEVELS for word in re.split(r"\W+", author.name))


def split_authors(wholes: Sequence[str]) -> list[MessageAuthor | None]:
    """The author and text of each message of a chat; None for what the app wrote."""
    split = [split_author(whole) for whole in wholes]
    counts = Counter(author.name for author in split if author)
    more = _more_of_names(split, set(counts))
    found: list[MessageAuthor | None] = []
    for author in split:
        if author is None or _is_notice(author.name, counts):
            found.append(None)
        else:
            found.append(_longer(author, more.get(author.name, "")))
    return found


def _longer(author: MessageAuthor, more: str) -> MessageAuthor:
    return MessageAuthor((author.name + more).strip(), author.text[len(more) :].lstrip(" "))


def _is_notice(name: str, counts: Counter[str]) -> bool:
    """Whether a name that stands once is another's, and what that person did."""
    if counts[name] > 1:
        return False
    words = name.split()
    names = (" ".join(words[:end]) for end in range(1, len(words) - _LEAST_WORDS_OF_NOTICE + 1))
    return any(known in counts for known in names)


def _more_of_names(split: Sequence[MessageAuthor | None], names: set[str]) -> dict[str, str]:
    """What follows a name and its colon in all that this person writes, with colons."""
    texts: defaultdict[str, list[str]] = defaultdict(list)
    for author in split:
        if author is not None:
            texts[author.name].append(author.text)
    found = {name: _shared_start(said, names) for name, said in texts.items()}
    return {name: f": {more}" for name, more in found.items() if more}


def _shared_start(texts: Sequence[str], names: set[str]) -> str:
    """The words with colons that all texts begin with, without the last colon."""
    shared = ""
    while len(texts) >= _LEAST_MESSAGES:
        match = _MORE_OF_NAME.match(texts[0], len(shared))
        if match is None or not _may_be_name(match["more"], names):
            break
        longer = texts[0][: match.end()]
        if not all(text.startswith(longer) for text in texts):
            break
        shared = longer
    return shared.removesuffix(": ")


def _may_be_name(word: str, names: set[str]) -> bool:
    return word not in names and letters_of(word) not in _no_names()


@cache
def _no_names() -> frozenset[str]:
    return frozenset(letters_of(word) for word in lexicon(__package__).words("no_names"))
