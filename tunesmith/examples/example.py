"""Conversations with their source: the one record type of every data set.

Written as `{"instruction", "input", "response"}` for a single turn without a system
message, `{"text"}` for plain text, `{"messages"}` for the rest; plus id, source, group, tags.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tunesmith.files import hash_json
from tunesmith.recipe.values import SplitName
from tunesmith.sources.lines import num_characters
from tunesmith.sources.row import Dropped, RowError

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn. `input` is Alpaca's: what the instruction is to be applied to.

    `is_trained` overrides whether an assistant turn is trained; None leaves it to the template.
    """

    role: Role
    content: str
    input: str = ""
    is_trained: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A conversation and where it came from.

    A lone assistant message is plain text: something to continue, not to answer.
    `split` is where its source said it belongs; None leaves it to a draw. `is_edited`: a person
    has changed what its source says. `rejected` is an answer to the same prompt that is worse than
    the last turn: what preferences are learned from.
    """

    messages: tuple[Message, ...]
    source: str
    group: str | None = None
    tags: tuple[str, ...] = ()
    split: SplitName | None = None
    is_edited: bool = False
    rejected: str | None = None

    @property
    def id(self) -> str:
        """16 hexadecimal digits, a function of the conversation alone, and of what is rejected."""
        turns: list[Any] = [[m.role, m.content, m.input, m.is_trained] for m in self.messages]
        return hash_json(turns if self.rejected is None else [*turns, self.rejected])[:16]

    @property
    def prompt(self) -> tuple[Message, ...]:
        """Everything before the last assistant turn."""
        return self.messages[:-1]

    @property
    def reference(self) -> str:
        """The last assistant turn: what an answer is compared with."""
        return self.messages[-1].content

    @property
    def is_text(self) -> bool:
        """Whether this is plain text, without anybody asking."""
        return len(self.messages) == 1

    @property
    def is_single_turn(self) -> bool:
        """Whether this is one instruction and one response, nothing else."""
        return [m.role for m in self.messages] == ["user", "assistant"]

    @property
    def num_characters(self) -> int:
        """Of all that is asked and answered, blanks aside."""
        turns = self.messages
        asked = sum(num_characters(turn.content) + num_characters(turn.input) for turn in turns)
        return asked + num_characters(self.rejected or "")

    def to_json(self) -> dict[str, Any]:
        """The record as it is written."""
        record: dict[str, Any] = {"id": self.id}
        if self.is_text:
            record["text"] = self.reference
        elif self.is_single_turn and self.messages[1].is_trained is None:
            instruction, response = self.messages
            record["instruction"] = instruction.content
            record["input"] = instruction.input
            record["response"] = response.content
        else:
            record["messages"] = [_message_to_json(m) for m in self.messages]
        if self.rejected is not None:
            record["rejected"] = self.rejected
        record["source"] = self.source
        if self.group is not None:
            record["group"] = self.group
        if self.tags:
            record["tags"] = list(self.tags)
        if self.is_edited:
            record["edited"] = True
        return record

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Example":
        """The example that `to_json` wrote; users' shapes are read in `shapes.py`."""
        return cls(
            messages=_messages_from_json(record),
            source=record["source"],
            group=record.get("group"),
            tags=tuple(record.get("tags", ())),
            is_edited=record.get("edited", False),
            rejected=record.get("rejected"),
        )


def last_user_text(messages: Sequence[Message]) -> str:
    """The newest question of a conversation, with its input below it, for people to read."""
    for message in reversed(messages):
        if message.role == "user":
            return f"{message.content}\n\n{message.input}" if message.input else message.content
    return ""


def drop_example(example: Example, fault: RowError) -> Dropped:
    """An example that is left out, shown by what was asked."""
    shown = last_user_text(example.messages) or example.reference
    return Dropped.of(
        fault,
        source=example.source,
        text=shown,
        num_characters=example.num_characters,
        example_id=example.id,
    )


def _message_to_json(message: Message) -> dict[str, Any]:
    record: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.input:
        record["input"] = message.input
    if message.is_trained is not None:
        record["is_trained"] = message.is_trained
    return record


def _messages_from_json(record: Mapping[str, Any]) -> tuple[Message, ...]:
    if "text" in record:
        return (Message(role="assistant", content=record["text"]),)
    if "messages" in record:
        return tuple(Message(**message) for message in record["messages"])
    return (
        Message(role="user", content=record["instruction"], input=record["input"]),
        Message(role="assistant", content=record["response"]),
    )
