"""Examples -> rows of chat messages as OpenAI's fine-tuning takes them, and what cannot be one."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tunesmith.examples.conversion.conversations import read_messages
from tunesmith.examples.example import Example, Message, last_user_text

LEAST_ROWS = 10  # OpenAI takes no fewer


def openai_rows(
    examples: Iterable[Example], *, system: str | None, lost: Counter[str]
) -> Iterator[dict[str, Any]]:
    """Rows of `{"messages": [...]}` in order; an input stands below its instruction.

    Args:
        examples: Of a split.
        system: What is said first where a conversation does not say it.
        lost: Counts what is no such row, by reason.
    """
    for example in examples:
        if reason := no_chat(example):
            lost[reason] += 1
            continue
        yield {"messages": [_message(one) for one in openai_messages(example, system=system)]}


def openai_messages(example: Example, *, system: str | None) -> tuple[Message, ...]:
    """A conversation as a chat carries it, with its system message."""
    turns = tuple(
        replace(one, content=last_user_text([one]) or one.content, input="")
        for one in example.messages
    )
    is_bare = system is not None and turns[0].role != "system"
    return (Message(role="system", content=system or ""), *turns) if is_bare else turns


def read_openai_row(row: Mapping[str, Any]) -> tuple[Message, ...]:
    """The messages of a row, as Tunesmith reads anybody's file of this kind."""
    return read_messages(row["messages"])


def no_chat(example: Example) -> str | None:
    """Why an example is no such row; None where it is one."""
    if example.is_text:
        return "a plain text, which no chat holds"
    roles = {one.role for one in example.messages}
    return "a tool's message without its call" if "tool" in roles else None


def _message(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.is_trained is not None:
        found["weight"] = int(message.is_trained)
    return found
