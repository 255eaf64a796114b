"""An OpenAI-compatible server on loopback, for tests: answers plugged in, faults dialled in.

    with EndpointServer(answer=lambda body: "42") as server:
        recipe = EndpointRecipe(url=server.url, model="tiny")

Faults come from a schedule (one a request, in order of arrival), from rates (drawn from the
content and how often it was asked, so the order of arrival changes nothing), or from a function.
As a process, until it is killed; the first line of its output is the address:

    python -m tests.endpoint_server --port 0 --log calls.jsonl --rates 500=0.1,html=0.05
"""

import argparse
import gzip
import hashlib
import importlib
import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

Body = dict[str, Any]
Answer = Callable[[Body], str]
# What a request meets: a fault's name, with its argument behind a colon, or None.
Choose = Callable[[Body, int], str | None]


def last_message(body: Body) -> str:
    """What the model is asked."""
    return str(body["messages"][-1]["content"])


def echo(body: Body) -> str:
    """The question, given back: what a judge that is taken over would say."""
    return last_message(body)


def default_answer(body: Body) -> str:
    """An answer that shows which question it belongs to."""
    return f"Answer to: {last_message(body)}"


def content_of(body: Body) -> str:
    """The hash that requests are counted by: everything that was sent, whatever its order."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def scheduled(faults: Iterable[str | None]) -> Choose:
    """One fault a request, in order of arrival; none after the last."""
    waiting = iter(faults)
    lock = threading.Lock()

    def choose(body: Body, times_asked: int) -> str | None:
        with lock:
            return next(waiting, None)

    return choose


def drawn(rates: Mapping[str, float], seed: int = 0) -> Choose:
    """Each fault with its probability, from the content and how often it was asked."""

    def choose(body: Body, times_asked: int) -> str | None:
        draw = random.Random(f"{seed} {times_asked} {content_of(body)}").random()
        for fault, rate in rates.items():
            draw -= rate
            if draw < 0:
                return fault
        return None

    return choose


def always(fault: str) -> Choose:
    """The same fault for every request."""
    return lambda body, times_asked: fault


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


@dataclass
class Seen:
    """What a server was asked.

    Attributes:
        bodies: Requests in order of arrival.
        headers: Theirs.
        counts: How often each content was asked.
        answered: How often each content was answered well: what is paid for.
        paths: Every request's line, other verbs included.
        most_at_once: Requests that were open together, at most.
    """

    bodies: list[Body] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    paths: list[str] = field(default_factory=list)
    most_at_once: int = 0


class EndpointServer:
    """A server on loopback that runs until it is closed."""

    def __init__(
        self,
        answer: Answer = default_answer,
        *,
        choose: Choose = lambda body, times_asked: None,
        models: Iterable[str] = ("tiny",),
        port: int = 0,
        log: Path | None = None,
        delay_seconds: float = 0.0,
        server_name: str = "tests",
        has_usage: bool = True,
        key: str | None = None,
    ) -> None:
        self.answer = answer
        self.choose = choose
        self.models = list(models)
        self.log = log
        self.delay_seconds = delay_seconds
        self.server_name = server_name
        self.has_usage = has_usage
        self.key = key
        self.seen = Seen()
        self.lock = threading.Lock()
        self.is_closing = threading.Event()
        self.open: set[socket.socket] = set()
        self.num_open = 0
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_closing.set()
        self._server.shutdown()
        self._thread.join()
        with self.lock:
            waiting = list(self.open)
        for connection in waiting:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self._server.server_close()

    def note(self, body: Body, headers: Mapping[str, str]) -> int:
        """Count a request; returns how often its content came before."""
        content = content_of(body)
        with self.lock:
            before = self.seen.counts[content]
            self.seen.counts[content] += 1
            self.seen.bodies.append(body)
            self.seen.headers.append(dict(headers))
            self.num_open += 1
            self.seen.most_at_once = max(self.seen.most_at_once, self.num_open)
        self._write({"event": "asked", "content": content, "body": body})
        return before

    def note_answered(self, body: Body) -> None:
        """Count what was answered well, before it is sent: from here on it is paid for."""
        content = content_of(body)
        with self.lock:
            self.seen.answered[content] += 1
        self._write({"event": "answered", "content": content})

    def _write(self, record: Body) -> None:
        if self.log is not None:
            with self.lock, self.log.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(record) + "\n")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: EndpointServer

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def version_string(self) -> str:
        return self.owner.server_name

    def setup(self) -> None:
        super().setup()
        with self.owner.lock:
            self.owner.open.add(self.connection)

    def finish(self) -> None:
        with self.owner.lock:
            self.owner.open.discard(self.connection)
        try:
            super().finish()
        except OSError:  # the client has gone
            return

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:  # the client has gone
            return

    def do_GET(self) -> None:
        self.owner.seen.paths.append(f"GET {self.path}")
        if not self._has_key():
            return
        if self.path == "/v1/models":
            rows = [{"id": name, "object": "model", "created": 0} for name in self.owner.models]
            self.send_json(200, {"object": "list", "data": rows})
        else:
            self.send_json(404, _error(f"no route {self.path}"))

    def do_POST(self) -> None:
        self.owner.seen.paths.append(f"POST {self.path}")
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        if not self._has_key():
            return
        before = self.owner.note(body, dict(self.headers))
        try:
            if self.owner.delay_seconds:
                self.owner.is_closing.wait(self.owner.delay_seconds)
            fault = self.owner.choose(body, before)
            if fault is None:
                self._answer(body)
            else:
                name, _, argument = fault.partition(":")
                _FAULTS[name](self, body, argument)
        finally:
            with self.owner.lock:
                self.owner.num_open -= 1

    def _has_key(self) -> bool:
        wanted = self.owner.key
        if wanted is None or self.headers.get("Authorization") == f"Bearer {wanted}":
            return True
        given = self.headers.get("Authorization", "nothing")
        self.send_json(401, _error(f"Incorrect API key provided: {given}"))
        return False

    def _answer(self, body: Body) -> None:
        if body.get("model") not in self.owner.models:
            self.send_json(404, _error(f"The model {body.get('model')!r} does not exist"))
            return
        reply = completion(self.owner.answer(body), body)
        if not self.owner.has_usage:
            del reply["usage"]
        self.owner.note_answered(body)
        self.send_json(200, reply)

    def send_json(self, status: int, value: object, **headers: str) -> None:
        self.send_bytes(status, json.dumps(value).encode(), **headers)

    def send_bytes(
        self, status: int, data: bytes, content_type: str = "application/json", **headers: str
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def begin(self, length: int, **headers: str) -> None:
        """A good reply's head, for a body that is sent otherwise."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()


Fault = Callable[[_Handler, Body, str], None]


def _error(message: str) -> Body:
    return {"error": {"message": message, "type": "test", "param": None, "code": None}}


def _good(handler: _Handler, body: Body) -> bytes:
    return json.dumps(completion(handler.owner.answer(body), body)).encode()


def _status(status: int, message: str = "dialled in") -> Fault:
    return lambda handler, body, argument: handler.send_json(status, _error(argument or message))


def _too_many(handler: _Handler, body: Body, argument: str) -> None:
    """`429`, `429:SECONDS`, or `429:date:SECONDS` for the header's other form."""
    form, _, seconds = argument.rpartition(":")
    if form == "date":
        when = formatdate(time.time() + float(seconds), usegmt=True)
        handler.send_json(429, _error("slow down"), Retry_After=when)
    elif seconds:
        handler.send_json(429, _error("slow down"), Retry_After=seconds)
    else:
        handler.send_json(429, _error("slow down"))


def _hang(handler: _Handler, body: Body, argument: str) -> None:
    """`hang:SECONDS`: nothing at all, then the connection is closed."""
    handler.owner.is_closing.wait(float(argument or 60))
    handler.close_connection = True


def _drip(handler: _Handler, body: Body, argument: str) -> None:
    """`drip:SECONDS`: one byte at a time, so that no read ever times out."""
    data = _good(handler, body)
    handler.begin(len(data))
    for index in range(len(data)):
        if handler.owner.is_closing.wait(float(argument or 0.05)):
            break
        handler.wfile.write(data[index : index + 1])


def _drip_head(handler: _Handler, body: Body, argument: str) -> None:
    """`drip-head:SECONDS`: the same within the headers, which never end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not handler.owner.is_closing.wait(float(argument or 0.05)):
        handler.wfile.write(b"X-Wait: a\r\n")
    handler.close_connection = True


def _drop(handler: _Handler, body: Body, argument: str) -> None:
    """The connection is closed before a word."""
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def _half(handler: _Handler, body: Body, argument: str) -> None:
    """Half of the promised bytes, then the connection is closed."""
    data = _good(handler, body)
    handler.begin(len(data))
    handler.wfile.write(data[: len(data) // 2])
    handler.close_connection = True


def _truncated(handler: _Handler, body: Body, argument: str) -> None:
    """Half of the JSON, as if it were all."""
    data = _good(handler, body)
    handler.send_bytes(200, data[: len(data) // 2])


def _html(handler: _Handler, body: Body, argument: str) -> None:
    page = b"<!DOCTYPE html><html><body>Sign in to the network</body></html>"
    handler.send_bytes(200, page, content_type="text/html")


def _changed(change: Callable[[Body], object]) -> Fault:
    """A good reply with something changed in it."""

    def send(handler: _Handler, body: Body, argument: str) -> None:
        reply = completion(handler.owner.answer(body), body)
        change(reply)
        handler.send_json(200, reply)

    return send


def _huge(handler: _Handler, body: Body, argument: str) -> None:
    """`huge:BYTES`: 300 MB of spaces, or as many as are said."""
    size = int(argument or 300_000_000)
    handler.begin(size)
    piece = b" " * 65_536
    for _ in range(size // len(piece) + 1):
        if handler.owner.is_closing.is_set():
            break
        handler.wfile.write(piece)
    handler.close_connection = True


def _bomb(handler: _Handler, body: Body, argument: str) -> None:
    """`bomb:BYTES`: a few bytes of gzip that become 300 MB, or as many as are said."""
    piece = gzip.compress(b" " * 1_000_000)
    data = piece * (int(argument or 300_000_000) // 1_000_000)
    handler.send_bytes(200, data, Content_Encoding="gzip")


def _zipped(handler: _Handler, body: Body, argument: str) -> None:
    """A good reply that is compressed although nobody asked for it."""
    handler.owner.note_answered(body)
    handler.send_bytes(200, gzip.compress(_good(handler, body)), Content_Encoding="gzip")


def _redirect(handler: _Handler, body: Body, argument: str) -> None:
    """`redirect:URL`: 307, which asks the client to send the same body there."""
    handler.send_json(307, _error("moved"), Location=argument)


def _rejects(handler: _Handler, body: Body, argument: str) -> None:
    """`rejects:PARAMETER`: 400 for every request that names it, as OpenAI words it."""
    if argument in body:
        message = f"Unsupported parameter: '{argument}' is not supported with this model."
        handler.send_json(400, _error(message))
    else:
        handler._answer(body)


def _echo_reply(handler: _Handler, body: Body, argument: str) -> None:
    """The last message as the answer, whatever was plugged in."""
    handler.send_json(200, completion(echo(body), body))


_FAULTS: dict[str, Fault] = {
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
    "error-200": lambda handler, body, argument: handler.send_json(200, _error("overloaded")),
    "filtered": _changed(lambda reply: reply["choices"][0].update(finish_reason="content_filter")),
    "empty": lambda handler, body, argument: handler.send_bytes(200, b""),
    "huge": _huge,
    "bomb": _bomb,
    "zipped": _zipped,
    "redirect": _redirect,
    "rejects": _rejects,
    "echo": _echo_reply,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--answer", default="tests.endpoint_server:default_answer")
    parser.add_argument("--models", default="tiny", help="names, with commas")
    parser.add_argument("--rates", default="", help="FAULT=PROBABILITY, with commas")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each reply")
    options = parser.parse_args()
    module, _, name = options.answer.partition(":")
    pairs = [pair.rpartition("=") for pair in options.rates.split(",") if pair]
    rates = {fault: float(rate) for fault, _, rate in pairs}
    server = EndpointServer(
        getattr(importlib.import_module(module), name),
        choose=drawn(rates, options.seed),
        models=options.models.split(","),
        port=options.port,
        log=options.log,
        delay_seconds=options.delay,
    )
    with server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
