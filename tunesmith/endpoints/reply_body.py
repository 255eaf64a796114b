"""The bytes of a 200 -> a reply, or the reason why they are none."""

from collections.abc import Callable
from typing import Any

import orjson

from tunesmith.endpoints.chat_request import ChatFailure, ChatReply, Outcome
from tunesmith.recipe.redaction import redacted

_SHOWN_CHARACTERS = 200


class _UnusableError(Exception):
    """What a server sent is no reply."""

    def __init__(
        self, reason: str, detail: str, *, is_outage: bool = True, is_passing: bool = True
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail
        self.is_outage = is_outage
        self.is_passing = is_passing


def read_reply(body: bytes, call_id: str) -> Outcome:
    """Read a chat completion as strictly as it will be believed.

    Args:
        body: What came with status 200.
        call_id: Names the call.
    """
    return _outcome(body, call_id, _text)


def read_completion(body: bytes, call_id: str) -> Outcome:
    """Read the completion of a text, as strictly.

    Args:
        body: What came with status 200.
        call_id: Names the call.
    """
    return _outcome(body, call_id, lambda choice: _text({**choice, "message": _as_message(choice)}))


def _as_message(choice: dict[str, Any]) -> dict[str, Any]:
    return {"content": choice.get("text")}


def _outcome(body: bytes, call_id: str, text_of: Callable[[dict[str, Any]], str]) -> Outcome:
    value: Any = None
    try:
        value = _parsed(body)
        choice = _choice(value)
        text = text_of(choice)
    except _UnusableError as error:
        read, written = _tokens(value)
        return ChatFailure(
            call_id=call_id,
            reason=error.reason,
            detail=redacted(error.detail),
            is_passing=error.is_passing,
            is_outage=error.is_outage,
            prompt_tokens=read,
            completion_tokens=written,
        )
    read, written = _tokens(value)
    return ChatReply(
        call_id=call_id,
        text=text,
        finish_reason="length" if choice.get("finish_reason") == "length" else "stop",
        prompt_tokens=read,
        completion_tokens=written,
    )


def _parsed(body: bytes) -> dict[str, Any]:
    shown = body[:_SHOWN_CHARACTERS].decode("utf-8", "replace").strip()
    if not shown:
        raise _UnusableError("empty body", "")
    if shown.startswith("<"):
        raise _UnusableError("a web page instead of JSON", shown)
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _UnusableError("not JSON", f"{error}: {shown}") from None
    if not isinstance(value, dict):
        raise _UnusableError("no object", shown)
    if value.get("error"):
        raise _UnusableError("an error with status 200", shown)
    return value


def _choice(value: dict[str, Any]) -> dict[str, Any]:
    choices = value.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise _UnusableError("no choices", f"choices: {choices!r:.100}")
    choice: dict[str, Any] = choices[0]
    return choice


def _text(choice: dict[str, Any]) -> str:
    """The answer; what went wrong with one is the question's, not the service's."""
    reason = choice.get("finish_reason")
    if reason == "content_filter":
        raise _UnusableError("content filter", "", is_outage=False, is_passing=False)
    message = choice.get("message")
    if not isinstance(message, dict):
        raise _UnusableError("no message", f"message: {message!r:.100}")
    text = message.get("content")
    if not isinstance(text, str) or not text.strip():
        refusal = message.get("refusal")
        if refusal:
            raise _UnusableError("refusal", str(refusal)[:200], is_outage=False, is_passing=False)
        # All of max_tokens went into thinking; it would again.
        is_passing = reason != "length"
        detail = f"content: {text!r:.40}, finish_reason: {reason!r:.20}"
        raise _UnusableError("no content", detail, is_outage=False, is_passing=is_passing)
    return text


def _tokens(value: Any) -> tuple[int | None, int | None]:
    usage = value.get("usage") if isinstance(value, dict) else None
    counts = usage if isinstance(usage, dict) else {}
    read, written = counts.get("prompt_tokens"), counts.get("completion_tokens")
    return _count(read), _count(written)


def _count(value: Any) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**40
    return value if is_count else None
