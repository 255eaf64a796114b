"""A list of messages, as OpenAI, ShareGPT or others write it -> our messages, or why not.

Reasons bear the names of OpenAI's own checks of fine-tuning files where there is one.
Nothing is repaired: turns are neither merged, nor reordered, nor cut off.
"""

import difflib
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tunesmith.examples.columns.column_names import ColumnChoice, meaning_of
from tunesmith.examples.conversion.cell_text import is_blank, is_list, kind_of, plain_text
from tunesmith.examples.conversion.talk_forms import role_words, turn_keys, turn_list
from tunesmith.examples.example import Message, Role
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.row import RowError

TOOL_CALLS = "tool calls"
UNREAD_KEY = "message_unrecognized_key"
_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "system": "system"}
_USUAL = tuple(_ROLES)
_KNOWN_ROLES = "assistant, gpt, human, system, user and their like"
_TOOL_KEYS = ("tool_calls", "function_call", "tool_call_id", "toolCalls")
_CALL = "<functioncall>"  # of Glaive's transcripts
_READ = frozenset({"input", "is_trained", "weight", *_TOOL_KEYS})
_NEVER_WORDS = frozenset({"name", "refusal", "audio", "annotations", "function_call"})
_TEXT_PARTS = ("text", "input_text", "output_text")
_REASONING_PARTS = ("reasoning", "thinking", "thought")
_TOOL_PARTS = ("tool_call", "tool_use", "tool_result", "tools", "function_call", "tool")
_MANY_WORDS = 4  # a value of fewer, such as a date or a place, is about the message


class UnreadKeyError(RowError):
    """A key of a message that says something, and that nobody reads."""

    def __init__(self, key: str, value: object, detail: str) -> None:
        self.key, self.value = key, value
        super().__init__(UNREAD_KEY, detail)


@dataclass(slots=True)
class MessageReader:
    """Reads lists of messages, and keeps what was in them that no message is made of.

    Attributes:
        choice: What the recipe says.
        aside: The key and text of each piece of reasoning, and of keys that nobody reads.
    """

    choice: ColumnChoice = field(default_factory=ColumnChoice)
    aside: list[tuple[str, object]] = field(default_factory=list)

    def read(self, value: object) -> tuple[Message, ...]:
        """Read what holds a conversation: messages, exchanges, pairs, a transcript.

        Raises:
            RowError: It holds none, or a message is not what it should be.
        """
        turns = turn_list(value)
        if not turns:
            words = "is empty" if is_list(value) or value == "" else f"is {kind_of(value)}"
            raise RowError("missing_messages_list", f"the list of messages {words}")
        return tuple(self._message(item, number) for number, item in enumerate(turns, start=1))

    def _message(self, item: object, number: int) -> Message:
        if not isinstance(item, Mapping):
            raise RowError("data_type", f"message {number} is {kind_of(item)}, not an object")
        who, said = turn_keys(tuple(item)) or ("role", "content")
        if len(item) > 2 or item.get(who) not in _USUAL:
            _refuse_tools(item, who, number)
        for key in (who, said):
            if key not in item:
                found = ", ".join(sorted(map(str, item)))
                detail = f"message {number} has no '{key}'; found {found or 'nothing'}"
                raise RowError("message_missing_key", detail)
        role = _role(item[who], number)
        content, reasoning = _content(item[said], number)
        if len(item) > 2:
            reasoning += self._rest(item, (who, said), number)
        if isinstance(content, str) and _CALL in content and role == "assistant":
            raise RowError(TOOL_CALLS, f"message {number} calls a tool or answers a call")
        if reasoning and self.choice.keeps_reasoning and role == "assistant":
            content = with_reasoning("\n".join(text for _, text in reasoning), content)
        else:
            self.aside += reasoning
        return Message(
            role=role,
            content=content,
            input=_input(item, role, number),
            is_trained=_is_trained(item, role, number),
        )

    def _rest(
        self, item: Mapping[str, object], known: tuple[str, str], number: int
    ) -> list[tuple[str, str]]:
        """The reasoning of a message; what else nobody reads is kept aside, or refused."""
        reasoning = []
        for key, value in item.items():
            if key in _READ or key in known or is_blank(value):
                continue
            if key in _reasoning_keys() or meaning_of(str(key)) == "reasoning":
                reasoning.append((key, plain_text(value) or str(value)))
            elif key not in _trained_keys():
                self._keep_aside(key, value, number)
        return reasoning

    def _keep_aside(self, key: str, value: object, number: int) -> None:
        is_named = key in self.choice.ignored or key in _NEVER_WORDS
        if not is_named and (_near(key) or _says_much(key, value)):
            near = _near(key)
            hint = f". Did you mean {near}?" if near else ""
            detail = f"message {number} has the key '{key}', which nobody reads{hint}"
            raise UnreadKeyError(key, value, detail)
        self.aside.append((key, value))


def read_messages(value: object) -> tuple[Message, ...]:
    """Read what holds a conversation, and forget what no message is made of.

    Raises:
        RowError: It holds none, or a message is not what it should be.
    """
    return MessageReader().read(value)


def with_reasoning(reasoning: str, content: str) -> str:
    """An answer after the reasoning that led to it, as models that think write it."""
    return f"<think>\n{reasoning.strip()}\n</think>\n\n{content}"


def check_conversation(messages: Sequence[Message]) -> None:
    """Make sure that turns alternate, a user begins and an answer to train on ends them.

    Raises:
        RowError: They do not, with the first offending message.
    """
    roles = [message.role for message in messages]
    if "assistant" not in roles:
        raise RowError("example_missing_assistant_message", "no message of the assistant")
    _check_order(roles)
    if roles[-1] != "assistant":
        raise RowError("unanswered last turn", "the conversation ends with a user's message")
    answers = [message for message in messages if message.role == "assistant"]
    if all(message.is_trained is False for message in answers):
        raise RowError("nothing trained", "every answer has weight 0")


def has_tools(columns: Mapping[str, object]) -> bool:
    """Whether a row offers the assistant tools to call."""
    for key in ("tools", "functions"):
        value = columns.get(key)
        if isinstance(value, str):
            value = value.strip() not in ("", "[]", "{}", "null")
        if value:
            return True
    return False


def _check_order(roles: Sequence[Role]) -> None:
    if roles.count("system") > 1:
        raise RowError("two system messages", f"{roles.count('system')} system messages")
    if "system" in roles[1:]:
        raise RowError("system message not first", f"it is message {roles.index('system') + 1}")
    first = 1 if roles[0] == "system" else 0
    if roles[first] == "assistant":
        raise RowError("assistant first", "the assistant speaks before any user")
    for index in range(first + 1, len(roles)):
        if roles[index] == roles[index - 1]:
            detail = f"messages {index} and {index + 1} are both of the {roles[index]}"
            raise RowError(f"consecutive {roles[index]} turns", detail)


def _refuse_tools(item: Mapping[str, object], who: str, number: int) -> None:
    is_tool = role_words().get(str(item.get(who)).casefold()) == "tool"
    if is_tool or any(item.get(key) for key in _TOOL_KEYS):
        raise RowError(TOOL_CALLS, f"message {number} calls a tool or answers a call")


def _role(name: object, number: int) -> Role:
    if isinstance(name, str):
        role = _ROLES.get(name) or _ROLES.get(role_words().get(name.casefold(), ""))
        if role is not None:
            return role
    detail = f"message {number} has the role {str(name)[:40]!r}. Known: {_KNOWN_ROLES}"
    raise RowError("unrecognized_role", detail)


def _content(value: object, number: int) -> tuple[str, list[tuple[str, str]]]:
    """What is said, and the reasoning among its parts."""
    reasoning: list[tuple[str, str]] = []
    if isinstance(value, str):
        text: str | None = value
    elif is_list(value) and value:
        parts = [_part(one, number) for one in value]
        reasoning = [("reasoning", text) for kind, text in parts if kind in _REASONING_PARTS]
        text = "".join(text for kind, text in parts if kind not in _REASONING_PARTS)
    else:
        text = plain_text(value)
    if text is None:
        raise RowError("missing_content", f"the content of message {number} is {kind_of(value)}")
    if not text or text.isspace():
        raise RowError("missing_content", f"the content of message {number} is empty")
    return text, reasoning


def _part(part: object, number: int) -> tuple[str, str]:
    """The kind and the text of one part of a message's content."""
    where = f"the content of message {number} is a list"
    if isinstance(part, str):
        return "text", part
    if not isinstance(part, Mapping):
        raise RowError("missing_content", f"{where}, a part of which is {kind_of(part)}")
    kind = str(part.get("type", "text"))
    if kind in _TOOL_PARTS:
        raise RowError(TOOL_CALLS, f"message {number} calls a tool or answers a call")
    if kind not in (*_TEXT_PARTS, *_REASONING_PARTS):
        raise RowError("missing_content", f"{where}, a part of which is no text: {kind[:40]}")
    for key in ("text", "value", "content", kind):
        if isinstance(part.get(key), str):
            return kind, str(part[key])
    raise RowError("missing_content", f"{where}, a part of which holds no text")


def _input(item: Mapping[str, object], role: Role, number: int) -> str:
    value = item.get("input")
    if value is None or value == "":
        return ""
    if role != "user" or not isinstance(value, str):
        raise RowError("data_type", f"message {number}: input is a text of a user's message")
    return value


def _is_trained(item: Mapping[str, object], role: Role, number: int) -> bool | None:
    weight = item.get("is_trained")
    if weight is None:
        weight = item.get("weight")
    if weight is None and len(item) > 2:
        weight = next(_flags(item), None)
    if weight is None or (role != "assistant" and weight in (0, False)):
        return None
    if role != "assistant" or weight not in (0, 1):
        detail = f"message {number} has weight {str(weight)[:20]}; only answers have one, 0 or 1"
        raise RowError("bad weight", detail)
    return bool(weight)


def _flags(item: Mapping[str, object]) -> Iterator[object]:
    return (item[key] for key in _trained_keys() if item.get(key) is not None)


def _says_much(key: str, value: object) -> bool:
    """Whether a value is more than a name, a date or a number about the message."""
    if not isinstance(value, str) or meaning_of(key) == "metadata":
        return False
    return len(value.split()) >= _MANY_WORDS


@functools.lru_cache(maxsize=1024)
def _near(key: str) -> str | None:
    """The key that a misspelt one was meant to be."""
    known = [*_READ, "role", "content"]
    near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.8)
    return near[0] if near else None


@functools.cache
def _trained_keys() -> tuple[str, ...]:
    return lexicon(__package__).words("trained_keys")


@functools.cache
def _reasoning_keys() -> frozenset[str]:
    return frozenset(lexicon(__package__).words("reasoning_keys"))
