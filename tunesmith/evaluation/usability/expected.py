"""Training answers and test references -> what an answer here looks like.

Of an answer its hash and a count are kept, never its text. Rows of one group ask for the same
kind of answer: of one task, or of one instruction with changing inputs.
"""

import hashlib
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tunesmith.evaluation.normalise import normalised_words
from tunesmith.evaluation.usability.answered_row import answer_group
from tunesmith.evaluation.usability.structured_text import list_items
from tunesmith.examples.example import Example
from tunesmith.examples.language import sure_language

_MAX_READ = 200  # answers whose language is told
_JOINED = 20
_MAX_LABELS = 50
_MAX_LABEL_WORDS = 6
_ROWS_A_LABEL = 5
_MOST = 0.9
_LISTED = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What the answers of one group are like; lengths in words."""

    label_set: frozenset[bytes]  # the closed set, if there is one
    commonest: bytes | None  # of training answers
    shortest: int
    longest: int
    is_listed: bool  # nearly all are lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What answers should be like: those of training, and the groups of all rows."""

    answers: frozenset[bytes]
    groups: Mapping[str, Group]
    languages: frozenset[str]  # that references are written in, as far as those are long enough


@dataclass(slots=True)
class _Seen:
    """A group while it is read."""

    trained: Counter[bytes] = field(default_factory=Counter)
    asked: list[bytes] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    num_lists: int = 0


def text_key(words: Sequence[str]) -> bytes:
    """A short hash of normalised words."""
    return hashlib.blake2b(" ".join(words).encode(), digest_size=8).digest()


def learn_expected(train: Iterable[Example], test: Iterable[Example]) -> Expected:
    """Read all rows once."""
    groups: dict[str, _Seen] = {}
    newest: deque[str] = deque(maxlen=_MAX_READ)
    for is_test, examples in ((False, train), (True, test)):
        for example in examples:
            if not example.is_text:
                newest.append(example.reference)
                _note(groups.setdefault(answer_group(example), _Seen()), example, is_test=is_test)
    answers = frozenset(key for group in groups.values() for key in group.trained)
    return Expected(
        answers=answers,
        groups={name: _group(one) for name, one in groups.items()},
        languages=_languages([*newest]),
    )


def _languages(texts: Sequence[str]) -> frozenset[str]:
    """Of each text, and of short ones one below another."""
    joined = ["\n".join(texts[at : at + _JOINED]) for at in range(0, len(texts), _JOINED)]
    found = {sure_language(text) for text in (*texts, *joined)}
    return frozenset(language for language in found if language is not None)


def _note(group: _Seen, example: Example, *, is_test: bool) -> None:
    words = normalised_words(example.reference)
    key = text_key(words)
    group.lengths.append(len(words))
    group.num_lists += len(list_items(example.reference)) > 1
    if is_test:
        group.asked.append(key)
    else:
        group.trained[key] += 1


def _group(seen: _Seen) -> Group:
    common = seen.trained.most_common(1)
    return Group(
        label_set=_closed_set(seen),
        commonest=common[0][0] if common else None,
        shortest=min(seen.lengths),
        longest=max(seen.lengths),
        is_listed=seen.num_lists >= _LISTED * len(seen.lengths),
    )


def _closed_set(seen: _Seen) -> frozenset[bytes]:
    """The closed set: few short answers that recur, and that the test references are of too."""
    found = frozenset(seen.trained)
    recurs = seen.trained.total() >= _ROWS_A_LABEL * len(found)
    is_short = max(seen.lengths) <= _MAX_LABEL_WORDS
    known = sum(key in found for key in seen.asked)
    is_closed = known >= _MOST * len(seen.asked)
    few = 1 < len(found) <= _MAX_LABELS
    return found if few and recurs and is_short and is_closed else frozenset()
