"""Texts -> vectors of their words and word pairs weighed by TF-IDF (Spärck Jones 1972), smoothed.

Each character of Chinese and Japanese is a word. A term that no learned text holds counts in a
vector's length: it makes a text less similar to all.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from tunesmith.examples.splitting.words import words_of

Terms = Counter[str]


class TextVectors:
    """Learned texts as rows of `matrix` (N, terms), and other texts on the same terms."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Read the texts once; they are not kept."""
        self._places: dict[str, int] = {}
        counts = [self._learn(terms_of(text)) for text in texts]
        seen = np.zeros(len(self._places))
        for row in counts:
            seen[list(row)] += 1
        self._rarity = np.log((1 + len(counts)) / (1 + seen)) + 1
        self._unseen = float(np.log(1 + len(counts)) + 1)
        self.matrix = self._normalised(counts, np.zeros(len(counts)))

    def of(self, texts: Sequence[Terms]) -> csr_array:
        """The vectors of other texts, (Q, terms), each of length 1 or, with unseen terms, less."""
        places = self._places
        known = [{places[t]: n for t, n in text.items() if t in places} for text in texts]
        beyond = [sum(n * n for t, n in text.items() if t not in places) for text in texts]
        return self._normalised(known, np.array(beyond, dtype=np.float64) * self._unseen**2)

    def _learn(self, terms: Terms) -> dict[int, int]:
        return {
            self._places.setdefault(term, len(self._places)): count for term, count in terms.items()
        }

    def _normalised(
        self, counts: Sequence[dict[int, int]], beyond: NDArray[np.float64]
    ) -> csr_array:
        """Rows of length 1, with what lies beyond the terms: squared weights, one a row."""
        ends = np.cumsum([0, *map(len, counts)])
        columns = np.fromiter((c for row in counts for c in row), dtype=np.int64)
        values = np.fromiter((v for row in counts for v in row.values()), dtype=np.float64)
        values *= self._rarity[columns]
        squares = [values[a:b] @ values[a:b] for a, b in pairwise(ends)]
        lengths = np.sqrt(np.array(squares, dtype=np.float64) + beyond)
        lengths[lengths == 0] = 1.0
        values /= np.repeat(lengths, np.diff(ends))
        return csr_array((values, columns, ends), shape=(len(counts), len(self._places)))


def terms_of(text: str) -> Terms:
    """Words and pairs of neighbouring words, each with its count."""
    words = words_of(text)
    return Counter([*words, *(" ".join(pair) for pair in pairwise(words))])
