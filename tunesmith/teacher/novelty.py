"""An instruction -> the earlier one that it resembles most, by ROUGE-L, if one does too much.

ROUGE-L's F is twice the longest common subsequence over both lengths, which rapidfuzz knows as
the normalised indel similarity. Words become characters of a private alphabet, so that its
bit-parallel search runs over words; of Chinese and Japanese each character is a word.
Source: Lin 2004; the bound of 0.7 is Self-Instruct's (arXiv 2212.10560).
"""

from rapidfuzz import process
from rapidfuzz.distance import Indel

from tunesmith.examples.splitting.words import words_of

_FIRST = 0x100  # above ASCII, so that no word is a blank
_SURROGATES = range(0xD800, 0xE000)


class Novelty:
    """The instructions so far; a look at 10,000 of them takes about a millisecond."""

    def __init__(self, *, max_similarity: float) -> None:
        self._max_similarity = max_similarity
        self._codes: dict[str, str] = {}
        self._written: list[str] = []
        self._texts: list[str] = []

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, text: str) -> None:
        """Remember an instruction."""
        self._written.append(self._coded(text))
        self._texts.append(text)

    def nearest(self, text: str) -> tuple[str, float] | None:
        """The earlier instruction with the highest ROUGE-L, where it reaches the bound."""
        found = process.extractOne(
            self._coded(text),
            self._written,
            scorer=Indel.normalized_similarity,
            score_cutoff=self._max_similarity,
        )
        if found is None:
            return None
        _, similarity, place = found
        return self._texts[place], float(similarity)

    def _coded(self, text: str) -> str:
        return "".join(self._code(word) for word in words_of(text))

    def _code(self, word: str) -> str:
        if word not in self._codes:
            number = _FIRST + len(self._codes)
            if number >= _SURROGATES.start:
                number += len(_SURROGATES)
            self._codes[word] = chr(number)
        return self._codes[word]
