"""An answer that ends in another tool's end marker -> the answer without it.

A template writes the model's own end after every answer; a marker in the text would be learnt
as ordinary characters, and shown to readers. Only one that directly follows the text, or
stands in a line of its own, or behind the end of a sentence, is taken off: "the token is
<|endoftext|>" speaks of it.
"""

from collections.abc import Sequence
from dataclasses import replace

from tunesmith.examples.example import Message
from tunesmith.sources.row import RowError

END_MARKERS = (
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|im_end|>",
    "<|eot_id|>",
    "<end_of_turn>",
    "<|end|>",
    "<eos>",
    "</s>",
)
_STOPS = (".", "!", "?", "…", "。", "！", "？")
REMOVED = "removed:"  # begins the tag of an example that had one


def without_end_markers(messages: Sequence[Message]) -> tuple[tuple[Message, ...], str | None]:
    """Take the marker off the answers, and the line ends before such an answer off its prompt.

    Returns:
        The messages, and the marker that was found.

    Raises:
        RowError: Nothing else was answered.
    """
    kept = list(messages)
    found = None
    for index, message in enumerate(messages):
        marker = _marker_of(message.content) if message.role == "assistant" else None
        if marker is None:
            continue
        found = marker
        text = message.content.rstrip()
        while (again := _marker_of(text)) is not None:
            text = text.removesuffix(again).rstrip()
        if not text:
            raise RowError("empty response", f"the answer is nothing but {marker}")
        kept[index] = replace(message, content=text)
        if index and kept[index - 1].content.strip():
            before = kept[index - 1]
            kept[index - 1] = replace(before, content=before.content.rstrip("\r\n"))
    return tuple(kept), found


def _marker_of(text: str) -> str | None:
    ending = text.rstrip()
    for marker in END_MARKERS:
        if ending.endswith(marker):
            before = ending.removesuffix(marker)
            is_closing_tag = marker == "</s>" and "<s>" in before  # HTML, struck through
            is_spoken_of = before.endswith((" ", "`", '"')) and not before.rstrip().endswith(_STOPS)
            return None if is_spoken_of or is_closing_tag else marker
    return None
