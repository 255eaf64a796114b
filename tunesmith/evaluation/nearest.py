"""Training questions and a test question -> the most similar one of them.

Its answer is what remembering alone would say. Where that scores as well as the tuned model,
the test asks what was trained on. Similarity is the cosine of words and word pairs weighed by
TF-IDF (Spärck Jones 1972), smoothed; each character of Chinese and Japanese is a word.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from tunesmith.examples.splitting.words import words_of

_QUESTIONS_AT_ONCE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """The place of the most similar question, and how similar it is, 0 to 1."""

    place: int
    similarity: float


class NearestQuestion:
    """Training questions, ready to be compared with others."""

    def __init__(self, questions: Iterable[str]) -> None:
        """Read the questions once; their texts are not kept."""
        self._places: dict[str, int] = {}
        counts = [self._learn(_terms(question)) for question in questions]
        seen = np.zeros(len(self._places))
        for row in counts:
            seen[list(row)] += 1
        self._rarity = np.log((1 + len(counts)) / (1 + seen)) + 1
        self._matrix = self._normalised(counts)  # (N, terms)

    def __len__(self) -> int:
        """How many questions there are."""
        return int(self._matrix.shape[0])

    def find(self, questions: Sequence[str]) -> Iterator[Neighbour | None]:
        """For each question the nearest one, the earliest of equals; None: no word in common."""
        for start in range(0, len(questions), _QUESTIONS_AT_ONCE):
            asked = questions[start : start + _QUESTIONS_AT_ONCE]
            counts = [self._known(_terms(question)) for question in asked]
            cosines = (self._normalised(counts) @ self._matrix.T).toarray()  # (Q, N)
            for row in cosines:
                place = int(row.argmax()) if len(row) else 0
                is_near = len(row) > 0 and row[place] > 0
                yield Neighbour(place=place, similarity=float(row[place])) if is_near else None

    def _learn(self, terms: Counter[str]) -> dict[int, int]:
        return {
            self._places.setdefault(term, len(self._places)): count for term, count in terms.items()
        }

    def _known(self, terms: Counter[str]) -> dict[int, int]:
        """Terms that no training question holds cannot make it more similar."""
        places = self._places
        return {places[term]: count for term, count in terms.items() if term in places}

    def _normalised(self, counts: Sequence[dict[int, int]]) -> csr_array:
        ends = np.cumsum([0, *map(len, counts)])
        columns = np.fromiter((c for row in counts for c in row), dtype=np.int64)
        values = np.fromiter((v for row in counts for v in row.values()), dtype=np.float64)
        values *= self._rarity[columns]
        lengths: NDArray[np.float64] = np.sqrt(
            np.array([values[a:b] @ values[a:b] for a, b in pairwise(ends)], dtype=np.float64)
        )
        lengths[lengths == 0] = 1.0
        values /= np.repeat(lengths, np.diff(ends))
        return csr_array((values, columns, ends), shape=(len(counts), len(self._places)))


def _terms(question: str) -> Counter[str]:
    words = words_of(question)
    return Counter([*words, *(" ".join(pair) for pair in pairwise(words))])
