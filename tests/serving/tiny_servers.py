"""Servers of tiny models in a thread, on a port of their own."""

import http.client
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.generation.tiny_responders import gpt2_responder
from tunesmith.generation.responder import Responder
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.serving.api_app import AnswerService, create_app
from tunesmith.serving.guards import Door
from tunesmith.serving.hosted_model import HostedModel
from tunesmith.serving.http_server import HttpServer, open_socket
from tunesmith.serving.serving_limits import ServingLimits
from tunesmith.serving.tuning.tuning_service import TuningService

TEMPLATES = ("alpaca", "chatml", "question-answer")
RECIPE = GenerationRecipe(max_new_tokens=12)
KEY = "a-key-of-many-letters-0123456789"
HELLO = [{"role": "user", "content": "Hello"}]


@dataclass(frozen=True, kw_only=True)
class TinyServer:
    """A server that runs."""

    url: str
    port: int
    service: AnswerService
    server: HttpServer
    thread: threading.Thread

    def chat(self, **terms: Any) -> "Got":
        """Ask for an answer."""
        body = {"model": "alpaca", "messages": HELLO, **terms}
        return self.post("/v1/chat/completions", body)

    def post(self, path: str, body: object, **headers: str) -> "Got":
        """Send a body, as JSON unless it is bytes already."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send("POST", path, content, **headers)

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> "Got":
        """Send anything."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            reply = connection.getresponse()
            return Got(
                status=reply.status, text=reply.read().decode(), headers=dict(reply.getheaders())
            )
        finally:
            connection.close()


@dataclass(frozen=True, kw_only=True)
class Got:
    """A reply."""

    status: int
    text: str
    headers: dict[str, str]

    def json(self) -> Any:
        """Its body."""
        return json.loads(self.text)


def hosted_models() -> list[HostedModel]:
    """A model a template, of 1,024 tokens of context."""
    return [
        HostedModel(name=name, responder=gpt2_responder(1024, RECIPE, template=name))
        for name in TEMPLATES
    ]


def hosted(name: str, responder: Responder) -> HostedModel:
    """Any other."""
    return HostedModel(name=name, responder=responder)


@contextmanager
def running(
    models: Sequence[HostedModel],
    *,
    limits: ServingLimits | None = None,
    door: Door | None = None,
    tuning: TuningService | None = None,
) -> Iterator[TinyServer]:
    """A server within the block."""
    limits = limits or ServingLimits(drain_seconds=5)
    opened = open_socket("127.0.0.1", 0)
    port = opened.getsockname()[1]
    app = create_app(models, limits=limits, door=door, tuning=tuning)
    server = HttpServer(app, opened, limits)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield TinyServer(
            url=f"http://127.0.0.1:{port}",
            port=port,
            service=app.state.service,
            server=server,
            thread=thread,
        )
    finally:
        server.stop()
        thread.join(timeout=20)
        assert not thread.is_alive(), "the server did not end"


def events(response: Got) -> list[Any]:
    """The objects of a stream, up to `[DONE]`."""
    lines = [line.removeprefix("data: ") for line in response.text.splitlines() if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]
