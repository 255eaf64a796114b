"""Strings at which an answer ends: token ids -> whether one is there; text -> the text before it.

A string may begin and end within tokens, so it is looked for in text: in that of the last
tokens, and then of all. Nothing but the answer's own ids decides, so batches change nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

_MORE_TOKENS = 8  # than a string has bytes: some tokens are no text


@dataclass(frozen=True, slots=True)
class StopStrings:
    """Some strings, none of them empty; the first that a model writes ends its answer."""

    texts: tuple[str, ...] = ()

    def watch(self, decode: Callable[[Sequence[int]], str]) -> Callable[[Sequence[int]], bool]:
        """Whether an answer's ids have come to one of the strings."""
        num_last = max((len(text.encode()) for text in self.texts), default=0) + _MORE_TOKENS

        def is_over(ids: Sequence[int]) -> bool:
            return self.cut(decode(ids[-num_last:]))[1] and self.cut(decode(ids))[1]

        return is_over

    def cut(self, text: str) -> tuple[str, bool]:
        """A text up to the string that is whole first, and whether there is one."""
        starts = ((text.find(stop), len(stop)) for stop in self.texts)
        ends = [(start + length, start) for start, length in starts if start >= 0]
        return (text[: min(ends)[1]], True) if ends else (text, False)

    def settled(self, text: str) -> str:
        """What of a text that goes on may be shown: nothing that a string may begin with."""
        cut, is_over = self.cut(text)
        num_held = 0 if is_over else max((_begun(text, stop) for stop in self.texts), default=0)
        return cut[: len(cut) - num_held]


NO_STOPS = StopStrings()


def _begun(text: str, stop: str) -> int:
    """With how many characters of a string, not all of them, a text ends."""
    return next(num for num in range(len(stop) - 1, -1, -1) if text.endswith(stop[:num]))
