"""A test row with what the run's models answered to it, and how a server is asked the same."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tunesmith.endpoints.chat_request import ChatMessage, ChatRole
from tunesmith.errors import DataError
from tunesmith.examples.example import Message, last_user_text
from tunesmith.templates.template import Rendering, Template

_ROLES: dict[str, ChatRole] = {"system": "system", "user": "user", "assistant": "assistant"}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAnswer:
    """What a model of the run wrote.

    Attributes:
        text: As its template reads it.
        finish_reason: `stop` or `length`.
        has_near_tie: Another batch size may give another text.
    """

    text: str
    finish_reason: str = "stop"
    has_near_tie: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRow:
    """A row that a server is asked.

    Attributes:
        example_id: Of the test row.
        messages: As a chat carries them: an input stands below its instruction.
        rendering: The prompt as the run's model read it.
        ids: Its token ids.
        tuned: What the run's model answered.
        base: What the model it started from answered; None where nothing is kept.
        is_chat: Whether a chat's messages give the same prompt.
    """

    example_id: str
    messages: tuple[Message, ...]
    rendering: Rendering
    ids: tuple[int, ...]
    tuned: KnownAnswer
    base: KnownAnswer | None = None
    is_chat: bool = True

    @property
    def text(self) -> str:
        """The prompt as one text."""
        return "".join(segment.text for segment in self.rendering)

    @property
    def chat(self) -> tuple[ChatMessage, ...]:
        """The messages of a chat request."""
        return tuple(
            ChatMessage(role=_ROLES[one.role], content=one.content) for one in self.messages
        )


def chat_messages(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Messages without `input`, which no chat carries: it stands below its instruction."""
    return tuple(
        replace(one, content=last_user_text([one]) or one.content, input="") for one in messages
    )


def carries_all(messages: Sequence[Message], template: Template, rendering: Rendering) -> bool:
    """Whether a chat of these messages gives the prompt that the run's model read."""
    if any(one.role not in _ROLES for one in messages):
        return False
    try:
        sent = template.render_prompt(chat_messages(messages))
    except DataError:
        return False
    return "".join(one.text for one in sent) == "".join(one.text for one in rendering)
