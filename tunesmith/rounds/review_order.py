"""Answers -> the order in which to review them: new kinds of failure soonest, a random share kept.

Every other row comes from the shuffled order, for rates that hold. Those between are picked: the
answer that looks worst and least like any that was reviewed already (farthest first, Gonzalez 1985,
weighed by doubt). What an answer looks like is how it differs from its reference: words too many,
words missing, length, capitals, digits, signs, task and source; and its own form, for a reference
may be wrong in the same way.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from tunesmith.examples.splitting.words import words_of
from tunesmith.rounds.kind_check import CheckedAnswer

_WIDTH = 256  # places that words are hashed to
_MOST_ROWS = 4000  # that are picked from; more are thinned at random
_LEAST_DOUBT = 0.05
FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A row that could be reviewed next.

    Attributes:
        id: Of the row.
        answered: What was asked and answered.
        groups: Its task, source and other tags.
    """

    id: str
    answered: CheckedAnswer
    groups: tuple[str, ...] = ()


class PickOrder:
    """The picks among candidates, one after the other."""

    def __init__(self, candidates: Sequence[Candidate], seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        if len(candidates) > _MOST_ROWS:
            places = np.sort(rng.choice(len(candidates), _MOST_ROWS, replace=False))
            candidates = [candidates[place] for place in places.tolist()]
        self._ids = [one.id for one in candidates]
        self._places = {one: place for place, one in enumerate(self._ids)}
        self._looks = np.array([look(one) for one in candidates]).reshape(-1, _WIDTH)
        self._doubt = np.array([doubt(one.answered) for one in candidates])
        self._distance = np.ones(len(candidates))

    def saw(self, row: str) -> None:
        """A row has been reviewed: what looks like it can wait."""
        place = self._places.get(row)
        if place is None:
            return
        nearness = self._looks @ self._looks[place]
        self._distance = np.minimum(self._distance, 1 - np.clip(nearness, 0, 1))
        self._distance[place] = -1

    def next(self) -> str | None:
        """The row to look at next; None where all were seen."""
        worth: NDArray[np.float64] = np.where(
            self._distance < 0, -1.0, self._distance * self._doubt
        )
        if not len(worth) or worth.max() < 0:
            return None
        return self._ids[int(worth.argmax())]


def doubt(answered: CheckedAnswer) -> float:
    """How likely an answer is to be wrong, as far as scores and signs tell: 0.05 to 1."""
    scores = [*(answered.scores or {}).values()]
    by_score = 1 - sum(scores) / len(scores) / 100 if scores else 0.5
    spread = (max(scores) - min(scores)) / 100 if scores else 0.0
    return min(1.0, max(_LEAST_DOUBT, by_score, 0.9 * bool(answered.signs), 0.5 * spread))


def _form(text: str) -> dict[str, int]:
    """What an answer looks like by itself, for references may be wrong in the same way."""
    words = words_of(text)
    form = {
        "begins": words[0] if words else "",
        "words": len(words).bit_length(),
        "capitals": text.isupper(),
        "commas": text.count(",").bit_length(),
        "digits": len(_digits(text)),
        "ascii": text.isascii(),
        "lines": text.count("\n").bit_length(),
        "ends": text[-1:] if text[-1:].isalnum() is False else "",
    }
    return {f"form {name}={value}": 1 for name, value in form.items()}


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def look(candidate: Candidate) -> FloatArray:
    """How an answer differs from what was expected, as a vector of length 1."""
    answered = candidate.answered
    reference = answered.reference or ""
    said, expected = Counter(words_of(answered.text)), Counter(words_of(reference))
    features: Counter[str] = Counter()
    for mark, words in (("+", said - expected), ("-", expected - said)):
        for word, count in words.items():
            features[mark + word] += count
    shape: dict[str, float] = {
        "length": round(4 * np.log2((len(answered.text) + 1) / (len(reference) + 1))),
        "capitals": answered.text.isupper() != reference.isupper(),
        "digits": _digits(answered.text) != _digits(reference),
        "ascii": answered.text.isascii() != reference.isascii(),
        "lines": answered.text.count("\n") - reference.count("\n"),
    }  # fmt: skip
    features.update({f"{name}={value}": 2 for name, value in shape.items() if value})
    features.update(_form(answered.text))
    features.update({f"sign={one}": 2 for one in answered.signs})
    features.update({f"group={one}": 2 for one in candidate.groups})
    vector = np.zeros(_WIDTH, dtype=np.float32)
    for name, count in features.items():
        vector[crc32(name.encode("utf-8", "surrogatepass")) % _WIDTH] += np.sqrt(count)
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector
