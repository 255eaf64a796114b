"""What goes wrong between a server and its clients, by name: `FAULTS["half"]` sends half a body.

Each takes the handler of a request, the request's body, and the text behind the fault's colon.
"""

import gzip
import json
import socket
import time
import zlib
from collections.abc import Callable
from email.utils import formatdate
from typing import Any, Protocol

Body = dict[str, Any]


class Handler(Protocol):
    """The handler of one request, as faults need it."""

    owner: Any
    close_connection: bool
    connection: socket.socket
    wfile: Any

    def answer(self, body: Body) -> None: ...

    def begin(self, length: int) -> None: ...

    def send_json(self, status: int, value: object, **headers: str) -> None: ...

    def send_bytes(
        self, status: int, data: bytes, content_type: str = "application/json", **headers: str
    ) -> None: ...


def completion(text: str | None, body: Body, *, finish_reason: str = "stop") -> Body:
    """A reply in OpenAI's form; a token is four characters here."""
    read = sum(len(str(message["content"])) for message in body.get("messages", ())) // 4 + 1
    written = len(text or "") // 4 + 1
    return {
        "id": "chatcmpl-test",
        "object": "chat.completion",
        "created": 0,
        "model": body.get("model", ""),
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": finish_reason,
            }
        ],
        "usage": {
            "prompt_tokens": read,
            "completion_tokens": written,
            "total_tokens": read + written,
        },
    }


def error(message: str) -> Body:
    return {"error": {"message": message, "type": "test", "param": None, "code": None}}


Fault = Callable[[Handler, Body, str], None]


def _good(handler: Handler, body: Body) -> bytes:
    return json.dumps(completion(handler.owner.answer(body), body)).encode()


def _status(status: int, message: str = "dialled in") -> Fault:
    return lambda handler, body, argument: handler.send_json(status, error(argument or message))


def _too_many(handler: Handler, body: Body, argument: str) -> None:
    """`429`, `429:SECONDS`, or `429:date:SECONDS` for the header's other form."""
    form, _, seconds = argument.rpartition(":")
    if form == "date":
        when = formatdate(time.time() + float(seconds), usegmt=True)
        handler.send_json(429, error("slow down"), Retry_After=when)
    elif seconds:
        handler.send_json(429, error("slow down"), Retry_After=seconds)
    else:
        handler.send_json(429, error("slow down"))


def _hang(handler: Handler, body: Body, argument: str) -> None:
    """`hang:SECONDS`: nothing at all, then the connection is closed."""
    handler.owner.is_closing.wait(float(argument or 60))
    handler.close_connection = True


def _drip(handler: Handler, body: Body, argument: str) -> None:
    """`drip:SECONDS`: one byte at a time, so that no read ever times out."""
    data = _good(handler, body)
    handler.begin(len(data))
    for index in range(len(data)):
        if handler.owner.is_closing.wait(float(argument or 0.05)):
            break
        handler.wfile.write(data[index : index + 1])


def _drip_head(handler: Handler, body: Body, argument: str) -> None:
    """`drip-head:SECONDS`: the same within the headers, which never end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not handler.owner.is_closing.wait(float(argument or 0.05)):
        handler.wfile.write(b"X-Wait: a\r\n")
    handler.close_connection = True


def _drop(handler: Handler, body: Body, argument: str) -> None:
    """The connection is closed before a word."""
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def _half(handler: Handler, body: Body, argument: str) -> None:
    """Half of the promised bytes, then the connection is closed."""
    data = _good(handler, body)
    handler.begin(len(data))
    handler.wfile.write(data[: len(data) // 2])
    handler.close_connection = True


def _truncated(handler: Handler, body: Body, argument: str) -> None:
    """Half of the JSON, as if it were all."""
    data = _good(handler, body)
    handler.send_bytes(200, data[: len(data) // 2])


def _html(handler: Handler, body: Body, argument: str) -> None:
    page = b"<!DOCTYPE html><html><body>Sign in to the network</body></html>"
    handler.send_bytes(200, page, content_type="text/html")


def _changed(change: Callable[[Body], object]) -> Fault:
    """A good reply with something changed in it."""

    def send(handler: Handler, body: Body, argument: str) -> None:
        reply = completion(handler.owner.answer(body), body)
        change(reply)
        handler.send_json(200, reply)

    return send


def _huge(handler: Handler, body: Body, argument: str) -> None:
    """`huge:BYTES`: 300 MB of spaces, or as many as are said."""
    size = int(argument or 300_000_000)
    handler.begin(size)
    piece = b" " * 65_536
    for _ in range(size // len(piece) + 1):
        if handler.owner.is_closing.is_set():
            break
        handler.wfile.write(piece)
    handler.close_connection = True


def _bomb(handler: Handler, body: Body, argument: str) -> None:
    """`bomb:BYTES`: a few bytes of gzip that become 300 MB, or as many as are said."""
    packing = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    piece = b" " * 1_000_000
    data = b"".join(
        packing.compress(piece) for _ in range(int(argument or 300_000_000) // len(piece))
    )
    data += packing.flush()
    handler.send_bytes(200, data, Content_Encoding="gzip")


def _zipped(handler: Handler, body: Body, argument: str) -> None:
    """A good reply that is compressed although nobody asked for it."""
    handler.owner.note_answered(body)
    handler.send_bytes(200, gzip.compress(_good(handler, body)), Content_Encoding="gzip")


def _redirect(handler: Handler, body: Body, argument: str) -> None:
    """`redirect:URL`: 307, which asks the client to send the same body there."""
    handler.send_json(307, error("moved"), Location=argument)


def _rejects(handler: Handler, body: Body, argument: str) -> None:
    """`rejects:PARAMETER`: 400 for every request that names it, as OpenAI words it."""
    if argument in body:
        message = f"Unsupported parameter: '{argument}' is not supported with this model."
        handler.send_json(400, error(message))
    else:
        handler.answer(body)


def _echo_reply(handler: Handler, body: Body, argument: str) -> None:
    """The last message as the answer, whatever was plugged in."""
    handler.send_json(200, completion(body["messages"][-1]["content"], body))


FAULTS: dict[str, Fault] = {
    "429": _too_many,
    **{str(status): _status(status) for status in (400, 401, 403, 404, 408, 409, 425)},
    **{str(status): _status(status) for status in (500, 502, 503, 504)},
    "hang": _hang,
    "drip": _drip,
    "drip-head": _drip_head,
    "drop": _drop,
    "half": _half,
    "truncated": _truncated,
    "html": _html,
    "no-choices": _changed(lambda reply: reply.update(choices=[])),
    "null-choices": _changed(lambda reply: reply.update(choices=None)),
    "null-content": _changed(lambda reply: reply["choices"][0]["message"].update(content=None)),
    "empty-content": _changed(lambda reply: reply["choices"][0]["message"].update(content=" \n")),
    "no-message": _changed(lambda reply: reply["choices"][0].pop("message")),
    "list": lambda handler, body, argument: handler.send_json(200, [1, 2]),
    "error-200": lambda handler, body, argument: handler.send_json(200, error("overloaded")),
    "filtered": _changed(lambda reply: reply["choices"][0].update(finish_reason="content_filter")),
    "empty": lambda handler, body, argument: handler.send_bytes(200, b""),
    "huge": _huge,
    "bomb": _bomb,
    "zipped": _zipped,
    "redirect": _redirect,
    "rejects": _rejects,
    "echo": _echo_reply,
}
