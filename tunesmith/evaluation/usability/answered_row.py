"""A test row and a model's answer to it -> the texts and words that signs look at."""

from collections.abc import Sequence
from dataclasses import dataclass

from tunesmith.evaluation.normalise import normalised_words
from tunesmith.examples.example import Example

_TASK = "task:"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredRow:
    """One question, what should have been answered, and what was; words are normalised."""

    example_id: str
    group: str  # rows that ask for the same kind of answer
    asked: tuple[str, ...]  # the texts of the prompt
    asked_words: tuple[str, ...]
    reference: str
    reference_words: tuple[str, ...]
    text: str
    words: tuple[str, ...]
    finish_reason: str  # `stop`, or `length` where the answer was cut off


def answered_row(example: Example, text: str, *, finish_reason: str = "stop") -> AnsweredRow:
    """Lay a test row and an answer side by side."""
    asked = tuple(t for m in example.prompt for t in (m.content, m.input) if t)
    return AnsweredRow(
        example_id=example.id,
        group=answer_group(example),
        asked=asked,
        asked_words=tuple(word for one in asked for word in normalised_words(one)),
        reference=example.reference,
        reference_words=tuple(normalised_words(example.reference)),
        text=text,
        words=tuple(normalised_words(text)),
        finish_reason=finish_reason,
    )


def answer_group(example: Example) -> str:
    """The task that a tag names, else the instruction where an input stands beside it."""
    task = next((tag for tag in example.tags if tag.startswith(_TASK)), None)
    if task is not None:
        return task
    asked = [message for message in example.prompt if message.role == "user"]
    return " ".join(normalised_words(asked[-1].content)) if asked and asked[-1].input else ""


def share_within(words: Sequence[str], others: Sequence[str], *, length: int) -> float:
    """The share of words, 0 to 1, that stand in runs of `length` words found in `others` too."""
    runs = set(zip(*(others[start:] for start in range(length)), strict=False))
    covered = 0
    until = 0
    for start, run in enumerate(zip(*(words[at:] for at in range(length)), strict=False)):
        if run in runs:
            covered += start + length - max(start, until)
            until = start + length
    return covered / len(words) if words else 0.0
