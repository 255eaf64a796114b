"""Training questions and a test question -> the most similar one of them.

Its answer is what remembering alone would say. Where that scores as well as the tuned model,
the test asks what was trained on. Similarity is the cosine of words and word pairs weighed by
TF-IDF; a word that most of very many questions hold finds nobody, so the work stays linear.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tunesmith.evaluation.text_vectors import TextVectors, terms_of

_QUESTIONS_AT_ONCE = 64
_MAX_HOLDERS = 10_000  # questions that a term may lead to


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """The place of the most similar question, and how similar it is, 0 to 1."""

    place: int
    similarity: float


class NearestQuestion:
    """Training questions, ready to be compared with others."""

    def __init__(self, questions: Iterable[str]) -> None:
        """Read the questions once; their texts are not kept."""
        self._vectors = TextVectors(questions)
        self._num_questions = int(self._vectors.matrix.shape[0])
        by_term = self._vectors.matrix.T.tocsr()  # (terms, N)
        holders = np.diff(by_term.indptr)
        by_term.data[np.repeat(holders > _MAX_HOLDERS, holders)] = 0.0
        by_term.eliminate_zeros()
        self._by_term = by_term

    def __len__(self) -> int:
        """How many questions there are."""
        return self._num_questions

    def find(self, questions: Sequence[str]) -> Iterator[Neighbour | None]:
        """For each question the nearest one, the earliest of equals; None: no word in common."""
        for start in range(0, len(questions), _QUESTIONS_AT_ONCE):
            asked = questions[start : start + _QUESTIONS_AT_ONCE]
            cosines = (self._vectors.of([*map(terms_of, asked)]) @ self._by_term).tocsr()
            for a, b in pairwise(cosines.indptr):
                places, found = cosines.indices[a:b], cosines.data[a:b]
                if not len(found) or found.max() <= 0:
                    yield None
                    continue
                highest = float(found.max())
                yield Neighbour(place=int(places[found == highest].min()), similarity=highest)
