"""A person's word on an answer -> a row of `feedback.jsonl` beside the run, with its provenance.

`tunesmith.sources.feedback_rows` reads these rows as examples of the next round.
"""

import errno
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tunesmith.examples.example import Message
from tunesmith.line_log import append_line, now_text
from tunesmith.serving.api_error import ApiError
from tunesmith.serving.hosted_model import HostedModel
from tunesmith.serving.json_body import integer, real, wrong_value
from tunesmith.serving.message_fields import read_request_messages
from tunesmith.serving.serving_limits import ServingLimits
from tunesmith.sources.feedback_rows import SCHEMA
from tunesmith.sources.row import RowError
from tunesmith.sources.tables.strict_json import UNFIT, check_characters

_TEXTS = ("answer", "correction", "note", "answer_id", "finish_reason")
_KNOWN = {"model", "messages", "thumb", "sampling", *_TEXTS}
_SAMPLING = {"temperature", "top_p", "seed", "max_tokens"}


def feedback_row(
    body: Mapping[str, Any], hosted: HostedModel, limits: ServingLimits
) -> dict[str, Any]:
    """What is written of a word on an answer.

    Args:
        body: `model`, `messages` (what the model read), `answer`, and a `thumb` (up or down), a
            `correction` or a `note`; `answer_id`, `finish_reason` and `sampling`, where known.
        hosted: The model that answered.
        limits: What a request may hold.

    Raises:
        ApiError: A key is unknown, a value is none, or nothing is said of the answer.
    """
    _refuse_unknown(body, _KNOWN, "")
    body = _readable(body)
    messages = read_request_messages(body.get("messages"), most=limits.num_messages)
    texts = {name: _text(body, name) for name in _TEXTS}
    if texts["answer"] is None:
        raise wrong_value("answer", None, "the text that the model answered")
    thumb = body.get("thumb")
    if thumb not in ("up", "down", None):
        raise wrong_value("thumb", thumb, "up or down")
    if not (thumb or texts["correction"] or texts["note"]):
        raise ApiError("nothing is said of the answer. Give a thumb, a correction or a note.")
    return {
        "schema": SCHEMA,
        "time": now_text(),
        "model": hosted.name,
        "rendering": hosted.rendering,
        "answer_id": texts["answer_id"],
        "messages": [_plain(one) for one in messages],
        "answer": texts["answer"],
        "finish_reason": texts["finish_reason"],
        "sampling": _sampling(body.get("sampling"), hosted, limits),
        "thumb": thumb,
        "correction": texts["correction"],
        "note": texts["note"],
    }


def append_feedback(path: Path, row: Mapping[str, Any], *, most_bytes: int) -> None:
    """Add a row as one line, whole or not at all; what a crash left half-written is closed.

    Raises:
        ApiError: The file would be larger than `most_bytes`, or nothing can be written there.
    """
    try:
        append_line(path, row, most_bytes=most_bytes)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise _full(path, most_bytes) from None
        problem = f"{path.name} beside the run cannot be written ({error.strerror})"
        raise ApiError(problem, status=507, code="not_written") from None


def _full(path: Path, most: int) -> ApiError:
    problem = f"{path.name} beside the run would be larger than {most:,} bytes. Move it elsewhere."
    return ApiError(problem, status=507, code="feedback_full")


def _text(body: Mapping[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise wrong_value(name, value, "a text")
    return value if name == "answer" else value or None


def _plain(message: Message) -> dict[str, str]:
    plain = {"role": message.role, "content": message.content}
    return {**plain, "input": message.input} if message.input else plain


def _sampling(value: object, hosted: HostedModel, limits: ServingLimits) -> dict[str, Any]:
    """The values that the answer was written with: those given, else those of the run."""
    given = {} if value is None else value
    if not isinstance(given, dict):
        raise wrong_value("sampling", value, "an object")
    _refuse_unknown(given, _SAMPLING, "sampling.")
    recipe = hosted.responder.recipe
    asked = {
        "temperature": real(given, "temperature", above=0, most=2),
        "top_p": real(given, "top_p", above=0, most=1),
        "seed": integer(given, "seed", least=-(2**63), most=2**63 - 1),
        "max_tokens": integer(given, "max_tokens", least=1, most=limits.new_tokens),
    }
    measured = {
        "temperature": recipe.temperature,
        "top_p": recipe.top_p,
        "seed": recipe.seed,
        "max_tokens": recipe.max_new_tokens,
    }
    return {name: measured[name] if one is None else one for name, one in asked.items()}


def _readable(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same without characters for which the next round would drop the row.

    What a person wrote is refused; in what a model wrote, and nothing trains, they are replaced.
    """
    is_trained = body.get("thumb") == "up" and not body.get("correction")
    found = {**body, "answer": body.get("answer") if is_trained else _plainly(body.get("answer"))}
    if isinstance(messages := body.get("messages"), list):
        found["messages"] = [_said(one) for one in messages]
    for name, value in found.items():
        try:
            check_characters(value)
        except RowError as fault:
            cure = "Correct it" if name == "answer" else "Take it out"
            problem = f"{name}: {fault.detail}, which no training could read. {cure}."
            raise ApiError(problem, param=name, code="invalid_value") from None
    return found


def _said(message: object) -> object:
    is_models = isinstance(message, dict) and message.get("role") == "assistant"
    return {**message, "content": _plainly(message.get("content"))} if is_models else message  # type: ignore[dict-item, attr-defined]


def _plainly(text: object) -> object:
    return UNFIT.sub("\N{REPLACEMENT CHARACTER}", text) if isinstance(text, str) else text


def _refuse_unknown(body: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(body.keys() - known)
    if unknown:
        name = where + unknown[0][:60]
        problem = f"{name}: this is not kept. Known: {', '.join(sorted(known))}."
        raise ApiError(problem, param=name, code="unsupported_parameter")
