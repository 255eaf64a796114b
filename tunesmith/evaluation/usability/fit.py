"""An answer that is a text -> how well it fits its own question's reference, among others'.

A fluent answer to another question reads as well as a right one, and shares as many words with its
reference as chance gives. So each answer is compared with its own reference and with the 20 others
that are most like it: 100 where its own is the most similar, 50 by chance. Phrases that all share
tell nothing then, what is particular to the row does. Words of the question do not count: to repeat
it is no answer. Similarity is the cosine of words and word pairs weighed by TF-IDF.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest

import numpy as np

from tunesmith.evaluation.text_vectors import Terms, TextVectors, terms_of
from tunesmith.evaluation.usability.answered_row import AnsweredRow
from tunesmith.evaluation.usability.expected import text_key
from tunesmith.examples.example import Example
from tunesmith.examples.splitting.words import words_of

_OTHERS = 200  # references to choose from, so the work stays linear
_HARDEST = 20
_EQUAL = 1e-9


class ReferenceFit:
    """The references of a test set; an answer is compared with its own and a few others."""

    def __init__(self, examples: Iterable[Example]) -> None:
        """Read the rows once; their texts are not kept."""
        self._places: dict[str, int] = {}
        keys: list[bytes] = []
        self._vectors = TextVectors(self._read(examples, keys))
        ids = nsmallest(_OTHERS, self._places)  # ids are hashes
        self._drawn = [self._places[example_id] for example_id in ids]
        self._keys = np.array(keys)

    def _read(self, examples: Iterable[Example], keys: list[bytes]) -> Iterator[str]:
        for example in examples:
            self._places[example.id] = len(keys)
            keys.append(text_key(words_of(example.reference)))
            yield example.reference

    def of(self, rows: Sequence[AnsweredRow]) -> list[float | None]:
        """The share of other references that fit an answer less, ties half, 0 to 100.

        Returns:
            One a row; None where there is no other reference to compare with.
        """
        places = [self._places[row.example_id] for row in rows]
        answers = self._vectors.of([_beyond_question(row) for row in rows])
        own, drawn = self._vectors.matrix[places], self._vectors.matrix[self._drawn]
        to_own = (answers * own).sum(axis=1).reshape(-1, 1)
        to_others = (answers @ drawn.T).toarray()  # (N, others)
        likeness = (own @ drawn.T).toarray()
        likeness[self._keys[self._drawn][None, :] == self._keys[places][:, None]] = -1.0
        nearest = np.argsort(-likeness, axis=1, kind="stable")[:, :_HARDEST]
        is_other = np.take_along_axis(likeness, nearest, axis=1) >= 0
        others = np.take_along_axis(to_others, nearest, axis=1)
        less = np.sum(is_other & (others < to_own - _EQUAL), axis=1)
        ties = np.sum(is_other & (np.abs(others - to_own) <= _EQUAL), axis=1)
        counts = is_other.sum(axis=1)
        return [
            float(100 * (below + equal / 2) / count) if count else None
            for below, equal, count in zip(less, ties, counts, strict=True)
        ]


def _beyond_question(row: AnsweredRow) -> Terms:
    """The terms of an answer without those of its question."""
    asked = {term for one in row.asked for term in terms_of(one)}
    return Counter({t: count for t, count in terms_of(row.text).items() if t not in asked})
