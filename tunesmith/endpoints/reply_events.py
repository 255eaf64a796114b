"""The lines of an answer that comes piece by piece (server-sent events) -> its pieces, and a reply.

Comments that keep a line open, an empty last chunk, `choices: null` and what else servers send
beside text are passed over; a body that is no stream of events is one piece.
"""

from collections.abc import Generator, Iterable
from typing import Any

import orjson

from tunesmith.endpoints.chat_request import ChatFailure, ChatReply, Outcome
from tunesmith.endpoints.reply_body import read_reply
from tunesmith.recipe.redaction import redacted

_DATA, _DONE = "data:", "[DONE]"
_SHOWN_CHARACTERS = 200


def read_events(lines: Iterable[str], call_id: str) -> Generator[str, None, Outcome]:
    """Read an answer as it comes.

    Args:
        lines: Of a body that came with status 200.
        call_id: Names the call.
    """
    pieces: list[str] = []
    other: list[str] = []
    end: str | None = None
    usage: dict[str, Any] = {}
    for line in lines:
        if not line.startswith(_DATA):
            other.append(line)
            continue
        data = line.removeprefix(_DATA).strip()
        if data == _DONE:
            end = end or "stop"
        event = _parsed(data)
        if event.get("error"):
            return _failure(call_id, "an error within the answer", str(event["error"]))
        piece, reason = _delta(event)
        end, usage = reason or end, event.get("usage") or usage
        if piece:
            pieces.append(piece)
            yield piece
    if not pieces and end is None:
        return (yield from _in_one_piece("\n".join(other), call_id))
    if end is None:
        return _failure(call_id, "connection lost", "the answer ended early")
    text = "".join(pieces)
    if not text.strip():
        return _failure(call_id, "no content", f"finish_reason: {end!r:.20}")
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    read, written = (one if isinstance(one, int) else None for one in counts)
    return ChatReply(
        call_id=call_id,
        text=text,
        finish_reason="length" if end == "length" else "stop",
        prompt_tokens=read,
        completion_tokens=written,
    )


def _in_one_piece(body: str, call_id: str) -> Generator[str, None, Outcome]:
    outcome = read_reply(body.encode(), call_id)
    if isinstance(outcome, ChatReply):
        yield outcome.text
    return outcome


def _parsed(text: str) -> dict[str, Any]:
    try:
        event = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return event if isinstance(event, dict) else {}


def _delta(event: dict[str, Any]) -> tuple[str, str | None]:
    """The text of a chunk, and why the answer ended, if it did."""
    choices = event.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else {}
    delta = choice.get("delta") if isinstance(choice, dict) else None
    text = delta.get("content") if isinstance(delta, dict) else None
    reason = choice.get("finish_reason") if isinstance(choice, dict) else None
    return text if isinstance(text, str) else "", reason if isinstance(reason, str) else None


def _failure(call_id: str, reason: str, detail: str) -> ChatFailure:
    shown = redacted(detail)[:_SHOWN_CHARACTERS]
    return ChatFailure(call_id=call_id, reason=reason, detail=shown)
