"""The examples of a test set -> whether a new pair repeats one of them, or nearly so.

The rule is that by which `prepare` keeps rows on one side of the split: equal prompts, equal
words, or half of the word triples in common. Short prompts also count as equal from a ROUGE-L
of 0.9 on.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

import numpy as np

from tunesmith.examples.example import Example, last_user_text
from tunesmith.examples.splitting.fingerprints import Fingerprints, fingerprints
from tunesmith.sources.row import RowError
from tunesmith.teacher.novelty import Novelty

IN_TEST_SET = "near duplicate of the test set"
_MIN_SIMILARITY = 0.5
_MIN_ROUGE = 0.9


class AvoidedExamples:
    """Test examples, which a teacher may not write again."""

    def __init__(self, examples: Iterable[Example]) -> None:
        listed = list(examples)
        self._sources = [example.source for example in listed]
        self._prompts: dict[int, int] = {}
        self._wholes: dict[int, int] = {}
        self._rows_of: dict[int, list[int]] = defaultdict(list)
        self._sizes: dict[int, int] = {}
        self._asked = Novelty(max_similarity=_MIN_ROUGE)
        if listed:
            self._add(listed, fingerprints(listed, [example.id for example in listed]))

    def __len__(self) -> int:
        return len(self._sources)

    def check(self, example: Example) -> None:
        """Let an example pass that is none of them.

        Raises:
            RowError: It is one, or nearly.
        """
        if not self._sources:
            return
        prints = fingerprints([example], [example.id])
        for keys, known, words in (
            (prints.prompts, self._prompts, "the same prompt as"),
            (prints.wholes, self._wholes, "the same words as"),
        ):
            if int(keys[0]) in known:
                self._refuse(f"{words} {self._sources[known[int(keys[0])]]}")
        self._check_triples(prints)
        if not example.is_text and (near := self._asked.nearest(last_user_text(example.messages))):
            self._refuse(f"asks nearly what {near[0][:80]!r} asks")

    def _add(self, listed: list[Example], prints: Fingerprints) -> None:
        for row, (prompt, whole) in enumerate(
            zip(prints.prompts.tolist(), prints.wholes.tolist(), strict=True)
        ):
            self._prompts.setdefault(prompt, row)
            self._wholes.setdefault(whole, row)
        ends = np.cumsum(prints.counts)[:-1]
        for row, grams in zip(
            np.flatnonzero(prints.is_long).tolist(), np.split(prints.shingles, ends), strict=False
        ):
            self._sizes[row] = len(grams)
            for gram in grams.tolist():
                self._rows_of[gram].append(row)
        for example in listed:
            if not example.is_text:
                self._asked.add(last_user_text(example.messages))

    def _check_triples(self, prints: Fingerprints) -> None:
        shared: Counter[int] = Counter()
        for gram in prints.shingles.tolist():
            shared.update(self._rows_of.get(gram, ()))
        for row, count in shared.most_common():
            similarity = count / (self._sizes[row] + len(prints.shingles) - count)
            if similarity >= _MIN_SIMILARITY:
                words = f"{similarity:.0%} of the word triples are those of"
                self._refuse(f"{words} {self._sources[row]}")

    def _refuse(self, detail: str) -> None:
        raise RowError(IN_TEST_SET, detail)
