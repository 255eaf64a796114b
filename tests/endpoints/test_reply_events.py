"""Whatever servers stream becomes pieces and one reply, or a failure with its reason."""

import json
from typing import Any

import pytest

from tunesmith.endpoints.chat_request import ChatFailure, ChatReply, Outcome
from tunesmith.endpoints.reply_events import read_events


def chunk(text: str | None = None, end: str | None = None, **more: Any) -> str:
    return "data: " + json.dumps(
        {"choices": [{"delta": {"content": text}, "finish_reason": end}], **more}
    )


def heard(*lines: str) -> tuple[list[str], Outcome]:
    reading, pieces = read_events(lines, "c"), []
    while True:
        try:
            pieces.append(next(reading))
        except StopIteration as end:
            return pieces, end.value


@pytest.mark.parametrize(
    "lines",
    [
        [chunk("Sit"), chunk("."), chunk(end="stop"), "data: [DONE]"],
        [": keep-alive", "", chunk(), chunk("Sit"), chunk("."), "data: [DONE]"],
        ["event: x", chunk("Sit"), chunk(".", end="stop"), 'data: {"choices": null}'],
        ["data:" + chunk("Sit")[6:], chunk("."), "data: half a {", chunk(end="stop")],
    ],
)
def test_pieces_come_one_by_one(lines: list[str]) -> None:
    pieces, reply = heard(*lines)
    assert pieces == ["Sit", "."]
    assert isinstance(reply, ChatReply)
    assert (reply.text, reply.finish_reason) == ("Sit.", "stop")


def test_the_end_and_the_count_are_read() -> None:
    usage = {"usage": {"prompt_tokens": 3, "completion_tokens": 2}}
    _, reply = heard(chunk("Sit"), chunk(end="length"), "data: " + json.dumps(usage))
    assert isinstance(reply, ChatReply)
    assert (reply.finish_reason, reply.prompt_tokens, reply.completion_tokens) == ("length", 3, 2)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([chunk("Sit")], "connection lost"),
        ([chunk("Sit"), 'data: {"error": {"message": "out of memory"}}'], "an error within"),
        ([chunk(" "), chunk(end="stop")], "no content"),
        ([chunk(end="length")], "no content"),
        ([], "empty body"),
        (["<html>"], "a web page"),
        (['{"choices": []}'], "no choices"),
    ],
)
def test_what_is_no_answer_has_a_reason(lines: list[str], reason: str) -> None:
    _, outcome = heard(*lines)
    assert isinstance(outcome, ChatFailure)
    assert outcome.reason.startswith(reason)


def test_a_body_that_is_no_stream_is_one_piece() -> None:
    body = {"choices": [{"message": {"content": "Sit."}, "finish_reason": "stop"}]}
    pieces, reply = heard(*json.dumps(body, indent=1).splitlines())
    assert pieces == ["Sit."]
    assert isinstance(reply, ChatReply)
