"""Tokens as they come -> pieces of the answer; joined they are the answer, character by character.

Text is read again from the last place where a character was whole, so that the work grows with
the answer's length. What a stop string or the template's own end may begin with is held back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tunesmith.generation.prompt import Continuation
from tunesmith.generation.stop_strings import StopStrings
from tunesmith.serving.api_error import ApiError

_BROKEN = "\N{REPLACEMENT CHARACTER}"
_READ_AGAIN = 8  # tokens before the new ones, which decide how these are written


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerText:
    """How the ids of an answer become what a client reads.

    Attributes:
        decode: Ids that continue a text -> their text.
        stops: Strings before which it ends.
        answer_of: Takes off what the template writes around an answer.
    """

    decode: Callable[[Sequence[int]], str]
    stops: StopStrings
    answer_of: Callable[[str], str]

    def of(self, continuation: Continuation) -> tuple[str, str]:
        """A whole answer, and why it ended: `stop` or `length`."""
        written, is_cut = self.stops.cut(self.decode(continuation.ids))
        return self.answer_of(written), "stop" if is_cut else continuation.finish_reason


class StreamedText:
    """The text of one answer while it is written."""

    def __init__(self, text: AnswerText) -> None:
        self._text = text
        self._ids: list[int] = []
        self._read = 0  # tokens whose text is in `_written`
        self._written = ""
        self._shown = ""

    def add(self, token: int) -> str:
        """The text that may be shown now; empty while that is open."""
        self._ids.append(token)
        decode = self._text.decode
        start = max(0, self._read - _READ_AGAIN)
        before, grown = decode(self._ids[start : self._read]), decode(self._ids[start:])
        if grown.endswith(_BROKEN) or not grown.startswith(before):
            return ""
        self._written += grown[len(before) :]
        self._read = len(self._ids)
        return self._show(self._text.stops.settled(self._written))

    def end(self, continuation: Continuation) -> tuple[str, str]:
        """What is left of the answer, and why it ended.

        Raises:
            ApiError: The answer does not begin with what was shown.
        """
        final, reason = self._text.of(continuation)
        if not final.startswith(self._shown):
            raise ApiError("the answer differs from what was streamed of it", status=500)
        return final[len(self._shown) :], reason

    def _show(self, settled: str) -> str:
        text = self._text.answer_of(settled).rstrip()
        if not text.startswith(self._shown):
            return ""
        piece, self._shown = text[len(self._shown) :], text
        return piece
