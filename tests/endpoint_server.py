"""An OpenAI-compatible server on loopback, for tests: answers plugged in, faults dialled in.

    with EndpointServer(answer=lambda body: "42") as server:
        recipe = EndpointRecipe(url=server.url, model="tiny")

Faults come from a schedule (one a request, in order of arrival), from rates (drawn from the
content and how often it was asked, so the order of arrival changes nothing), or from a function.
As a process, until it is killed; the first line of its output is the address:

    python -m tests.endpoint_server --port 0 --log calls.jsonl --rates 500=0.1,html=0.05
"""

import argparse
import hashlib
import importlib
import json
import random
import re
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.endpoint_faults import FAULTS, Body, completion, error

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
        is_streaming: bool = True,
        seconds_between: float = 0.0,
    ) -> None:
        self.answer = answer
        self.choose = choose
        self.models = list(models)
        self.log = log
        self.delay_seconds = delay_seconds
        self.server_name = server_name
        self.has_usage = has_usage
        self.key = key
        self.is_streaming = is_streaming
        self.seconds_between = seconds_between
        self.seen = Seen()
        self.lock = threading.Lock()
        self.is_closing = threading.Event()
        self.open: set[socket.socket] = set()
        self.num_open = 0
        handler = type("Handler", (Handler,), {"owner": self})
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


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else every second write waits for the client, 40 ms
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
            self.send_json(404, error(f"no route {self.path}"))

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
                self.answer(body)
            else:
                name, _, argument = fault.partition(":")
                FAULTS[name](self, body, argument)
        finally:
            with self.owner.lock:
                self.owner.num_open -= 1

    def _has_key(self) -> bool:
        wanted = self.owner.key
        if wanted is None or self.headers.get("Authorization") == f"Bearer {wanted}":
            return True
        given = self.headers.get("Authorization", "nothing")
        self.send_json(401, error(f"Incorrect API key provided: {given}"))
        return False

    def answer(self, body: Body) -> None:
        if body.get("model") not in self.owner.models:
            self.send_json(404, error(f"The model {body.get('model')!r} does not exist"))
            return
        reply = completion(self.owner.answer(body), body)
        if not self.owner.has_usage:
            del reply["usage"]
        self.owner.note_answered(body)
        if body.get("stream") and self.owner.is_streaming:
            self.send_events(reply)
        else:
            self.send_json(200, reply)

    def send_events(self, reply: Body) -> None:
        """A reply as llama.cpp and vLLM stream it: comments, words, an end, a count."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        (choice,) = reply["choices"]
        words = re.findall(r"\s*\S+\s*?", choice["message"]["content"])
        deltas = [{"role": "assistant", "content": None}, *({"content": word} for word in words)]
        chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
        chunks.append({"choices": [{"delta": {}, "finish_reason": choice["finish_reason"]}]})
        for chunk in [*chunks, {"choices": None, "usage": reply.get("usage")}]:
            self.wfile.write(
                b": keep-alive\r\n\r\ndata: " + json.dumps(chunk).encode() + b"\r\n\r\n"
            )
            self.wfile.flush()
            self.owner.is_closing.wait(self.owner.seconds_between)
        self.wfile.write(b"data: [DONE]\n\n")

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--answer", default="tests.endpoint_server:default_answer")
    parser.add_argument("--models", default="tiny", help="names, with commas")
    parser.add_argument("--rates", default="", help="FAULT=PROBABILITY, with commas")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--between", type=float, default=0.0, help="seconds between two words")
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
        seconds_between=options.between,
    )
    with server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
