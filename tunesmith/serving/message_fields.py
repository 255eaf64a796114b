"""The messages of a request -> turns of text; what is no text is refused by its name."""

from typing import Any

from tunesmith.examples.example import Message, Role
from tunesmith.serving.api_error import ApiError
from tunesmith.serving.json_body import wrong_value

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}
_KEYS = {"role", "content", "input"}  # the last is Alpaca's: what the content is to be applied to


def read_request_messages(value: object, *, most: int) -> tuple[Message, ...]:
    """A conversation that waits for an answer.

    Raises:
        ApiError: It is none, a role is unknown, or a content is no text.
    """
    if not isinstance(value, list) or not 0 < len(value) <= most:
        shown = f"{len(value):,} messages" if isinstance(value, list) else value
        raise wrong_value("messages", shown, f"a list of 1 to {most:,} messages")
    return tuple(_message(one, f"messages[{place}]") for place, one in enumerate(value))


def _message(value: object, where: str) -> Message:
    if not isinstance(value, dict):
        raise wrong_value(where, value, "an object with role and content")
    role = value.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        raise wrong_value(f"{where}.role", role, f"one of {', '.join(_ROLES)}")
    for key, given in value.items():
        if key not in _KEYS and given not in (None, [], ""):
            raise ApiError(
                f"{where}.{key[:60]}: this model's template has no place for it. Leave it out.",
                param=f"{where}.{key[:60]}",
                code="unsupported_parameter",
            )
    content = _text(value.get("content"), f"{where}.content")
    applied = value.get("input") or ""
    if not isinstance(applied, str) or (applied and role != "user"):
        raise wrong_value(f"{where}.input", applied, "a text beside a user's content")
    return Message(role=_ROLES[role], content=content, input=applied)


def _text(value: object, where: str) -> str:
    """A text, or the texts of its parts one after the other."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list) or not value:
        raise wrong_value(where, value, "a text")
    return "".join(_part(one, f"{where}[{place}]") for place, one in enumerate(value))


def _part(value: Any, where: str) -> str:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind != "text":
        raise ApiError(
            f"{where}: parts of the type {str(kind)[:60]!r} cannot be read; nothing is fetched "
            "from anywhere. Give a part of the type 'text'.",
            param=where,
            code="unsupported_content",
        )
    text = value.get("text")
    if not isinstance(text, str) or not value.keys() <= {"type", "text"}:
        raise wrong_value(where, value, '{"type": "text", "text": "..."}')
    return text
