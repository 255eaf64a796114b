"""Runs of text -> their ids, by the words that were encoded before.

The words of a template's constant text, and most of any other, come again and again; where the
tokenizer allows cuts between words (`word_cuts`), each is encoded once. Ids are the bytes of
int32, which can be joined without making a Python number of each.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tunesmith.errors import TunesmithError
from tunesmith.tokens.plain_backend import PlainBackends
from tunesmith.tokens.word_cuts import CUT

_MAX_BYTES = 16_000_000  # of each of the three memories
_ENTRY_BYTES = 150  # of two objects and a place in a dict
_MANY = 100  # runs at once, of which one is compared

PackedIds = bytes


@dataclass(slots=True, kw_only=True)
class _Memory:
    """Texts of one kind and their ids; forgets all when it is full.

    `is_head` and `prefix` say how they are put to the tokenizer.
    """

    backends: PlainBackends
    is_head: bool = False
    prefix: str = ""
    _known: dict[str, PackedIds] = field(default_factory=dict)
    _num_bytes: int = 0

    def of(self, texts: set[str]) -> Mapping[str, PackedIds]:
        """A mapping with at least these texts; new ones go to the tokenizer at once."""
        known = self._known  # another thread may put a new one in its place
        missing = texts.difference(known)
        if self._num_bytes > _MAX_BYTES and missing:
            known = self._known = {}
            self._num_bytes = 0
            missing = texts
        new = list(missing)
        encoded = self.backends.encode([f"{self.prefix}{t}" for t in new], is_head=self.is_head)
        for text, ids in zip(new, encoded, strict=True):
            known[text] = packed(ids)
            self._num_bytes += len(text) + len(known[text]) + _ENTRY_BYTES
        return known


class WordCache:
    """Encodes runs by words where the tokenizer allows it, else as they are."""

    def __init__(self, backends: PlainBackends) -> None:
        self._backends = backends
        self._beginnings = {
            is_head: _Memory(backends=backends, is_head=is_head) for is_head in (True, False)
        }
        self._words = _Memory(backends=backends, prefix=" ")

    def encode(self, texts: Sequence[str], *, is_head: bool) -> list[PackedIds]:
        """The ids of each run.

        Args:
            texts: Without control tokens.
            is_head: They begin a text, before which some tokenizers put a space.

        Raises:
            TunesmithError: The words of one of many runs give other ids than the run itself.
        """
        beginnings = self._beginnings[is_head]
        if not self._backends.cuts_at_words or not texts:
            known = beginnings.of(set(texts))
            return [known[text] for text in texts]
        rows = [CUT.split(text) for text in texts]
        firsts = [row.pop(0) for row in rows]
        known = beginnings.of(set(firsts))
        words = self._words.of(set().union(*rows)).__getitem__
        runs = [
            known[first] + b"".join(map(words, row))
            for first, row in zip(firsts, rows, strict=True)
        ]
        if len(texts) >= _MANY:
            self._compare(texts[0], runs[0], is_head=is_head)
        return runs

    def _compare(self, text: str, by_words: PackedIds, *, is_head: bool) -> None:
        """A sample, should what `word_cuts` shows ever be wrong."""
        (ids,) = self._backends.encode([text], is_head=is_head)
        if packed(ids) != by_words:
            raise TunesmithError(
                f"the words of {text[:80]!r} do not give the ids of the text",
                cure="Please report it with the name of the model.",
            )


def packed(ids: Iterable[int]) -> PackedIds:
    """Ids as the bytes of int32."""
    return array("i", ids).tobytes()


def unpacked(parts: Iterable[PackedIds]) -> list[int]:
    """Ids one after the other."""
    return array("i", b"".join(parts)).tolist()
