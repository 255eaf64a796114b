"""A list of messages, as OpenAI or ShareGPT write it -> our messages, or why not.

Reasons bear the names of OpenAI's own checks of fine-tuning files where there is one.
Nothing is repaired: turns are neither merged, nor reordered, nor cut off.
"""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from tunesmith.examples.example import Message, Role
from tunesmith.sources.row import RowError

TOOL_CALLS = "tool calls"
_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",  # OpenAI's newer name
    "user": "user",
    "assistant": "assistant",
}
_SHAREGPT_ROLES: dict[str, Role] = {**_ROLES, "human": "user", "gpt": "assistant"}
_TOOL_ROLES = frozenset({"tool", "function", "function_call", "observation", "tools"})
_TOOL_KEYS = ("tool_calls", "function_call", "tool_call_id")
_KEYS = frozenset(
    {"role", "content", "name", "weight", "refusal", "input", "is_trained", *_TOOL_KEYS}
)


def read_messages(value: object) -> tuple[Message, ...]:
    """Read a list of messages, each with role and content or with from and value.

    Raises:
        RowError: It is no such list, or a message is not what it should be.
    """
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        words = "is empty" if value in ([], (), "") else f"is {kind_of(value)}"
        raise RowError("missing_messages_list", f"the list of messages {words}")
    return tuple(_message(item, number) for number, item in enumerate(value, start=1))


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


def kind_of(value: object) -> str:
    """A value in words, for messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {str(value)[:20]}"
    if isinstance(value, Mapping):
        return "an object"
    return "a text" if isinstance(value, str) else "a list"


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


def _message(item: object, number: int) -> Message:
    if not isinstance(item, Mapping):
        raise RowError("data_type", f"message {number} is {kind_of(item)}, not an object")
    is_sharegpt = "role" not in item and ("from" in item or "value" in item)
    role_key, content_key = ("from", "value") if is_sharegpt else ("role", "content")
    name = item.get(role_key)
    if name in _TOOL_ROLES or any(item.get(key) for key in _TOOL_KEYS):
        raise RowError(TOOL_CALLS, f"message {number} calls a tool or answers a call")
    for key in (role_key, content_key):
        if key not in item:
            found = ", ".join(sorted(map(str, item)))
            detail = f"message {number} has no '{key}'; found {found or 'nothing'}"
            raise RowError("message_missing_key", detail)
    if not is_sharegpt:
        _check_keys(item, number)
    roles = _SHAREGPT_ROLES if is_sharegpt else _ROLES
    if not isinstance(name, str) or name not in roles:
        known = ", ".join(sorted(roles))
        detail = f"message {number} has the role {str(name)[:40]!r}. Known: {known}"
        raise RowError("unrecognized_role", detail)
    role = roles[name]
    return Message(
        role=role,
        content=_content(item[content_key], number),
        input=_input(item, role, number),
        is_trained=_is_trained(item, role, number),
    )


def _check_keys(item: Mapping[str, object], number: int) -> None:
    for key, value in item.items():
        if key not in _KEYS and value is not None:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            hint = f". Did you mean {near[0]}?" if near else ""
            detail = f"message {number} has the key '{key}', which nobody reads{hint}"
            raise RowError("message_unrecognized_key", detail)


def _content(value: object, number: int) -> str:
    if not isinstance(value, str):
        raise RowError("missing_content", f"the content of message {number} is {kind_of(value)}")
    if not value.strip():
        raise RowError("missing_content", f"the content of message {number} is empty")
    return value


def _input(item: Mapping[str, object], role: Role, number: int) -> str:
    value = item.get("input")
    if value is None or value == "":
        return ""
    if role != "user" or not isinstance(value, str):
        raise RowError("data_type", f"message {number}: input is a text of a user's message")
    return value


def _is_trained(item: Mapping[str, Any], role: Role, number: int) -> bool | None:
    weight = item.get("is_trained")
    if weight is None:
        weight = item.get("weight")
    if weight is None:
        return None
    if role != "assistant" or weight not in (0, 1):
        detail = f"message {number} has weight {str(weight)[:20]}; only answers have one, 0 or 1"
        raise RowError("bad weight", detail)
    return bool(weight)
