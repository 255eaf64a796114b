"""A preference -> its two conversations, and two rows that stay alike up to where they part."""

from collections.abc import Sequence
from dataclasses import replace

from tunesmith.errors import DataError
from tunesmith.examples.example import Example, Message
from tunesmith.templates.template import Rendering, Template
from tunesmith.tokens.encode import EncodedExample


def pair_renderings(example: Example, template: Template) -> tuple[Rendering, Rendering]:
    """The chosen and the rejected conversation as text; the last answer of each alone is trained.

    Raises:
        DataError: The template cannot express them.
    """
    if example.rejected is None:
        raise DataError("no rejected answer")  # left out before; a file that somebody changed
    before = [_untrained(turn) for turn in example.prompt]
    last = replace(example.messages[-1], is_trained=None)
    answers = last, replace(last, content=example.rejected)
    chosen, rejected = (template.render((*before, answer))[-1] for answer in answers)
    return chosen, rejected


def room_for_both(rows: Sequence[EncodedExample], limit: int) -> list[int]:
    """How many tokens each row may keep: as many are cut from one prompt as from the other."""
    excess = max(0, max(len(row.ids) for row in rows) - limit)
    return [len(row.ids) - excess for row in rows]


def _untrained(turn: Message) -> Message:
    """Earlier answers are common to both, and say nothing of which is better."""
    return replace(turn, is_trained=False) if turn.role == "assistant" else turn
