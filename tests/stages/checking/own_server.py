"""An OpenAI-compatible server over our own generation code, which can be told to misbehave.

with OwnServer({"tuned": responder}) as server:
    check_run_server(server.url, folder, progress=...)
"""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tunesmith.examples.example import Message
from tunesmith.generation.generate import Continuation, Prompt, generate
from tunesmith.generation.responder import Responder
from tunesmith.templates.template import Segment, Template
from tunesmith.tokens.encode import encode_prompt

Ids = list[int]


@dataclass(kw_only=True)
class Quirks:
    """How a server differs from a plain one; by default in nothing.

    Attributes:
        template: Asks with another one.
        change: What is done to a prompt's ids before it is read.
        ignores_stops: Goes on behind the end of an answer.
        shows_stop: Writes the token that ended an answer.
        has_usage: Counts tokens.
        surplus: What it counts too many, without reading them.
        has_chat: Takes chats.
        has_completions: Continues raw prompts.
        takes_ids: As token ids, too.
        around: Written around each answer.
        most_tokens: Of an answer, whatever was asked for.
        temperature: Instead of the request's.
        key: That it wants.
    """

    template: Template | None = None
    change: Callable[[Ids], Ids] = lambda ids: ids
    ignores_stops: bool = False
    shows_stop: bool = False
    has_usage: bool = True
    surplus: int = 0
    has_chat: bool = True
    has_completions: bool = True
    takes_ids: bool = True
    around: str = ""
    most_tokens: int | None = None
    temperature: float | None = None
    key: str | None = None


@dataclass
class OwnServer:
    """Models by their names; the quirks are all of theirs."""

    models: Mapping[str, Responder]
    quirks: Quirks = field(default_factory=Quirks)

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.num_asked = 0
        handler = type("Handler", (OwnHandler,), {"owner": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def prompt_of(self, body: Mapping[str, Any], responder: Responder) -> Ids:
        """The ids that a request's model reads."""
        asked = body.get("prompt")
        if isinstance(asked, list):
            return list(asked)
        if isinstance(asked, str):  # as others do: control tokens are read wherever they stand
            segment = Segment(text=asked, is_content=False, is_trained=False)
            return list(encode_prompt((segment,), responder.tokenizer))
        template = self.quirks.template or responder.template
        messages = [Message(role=one["role"], content=one["content"]) for one in body["messages"]]
        ids = encode_prompt(template.render_prompt(messages), responder.tokenizer)
        return self.quirks.change([int(one) for one in ids])

    def answer(self, body: Mapping[str, Any], responder: Responder) -> tuple[Continuation, Ids]:
        ids = self.prompt_of(body, responder)
        quirks = self.quirks
        changes: dict[str, Any] = {"max_new_tokens": quirks.most_tokens or body["max_tokens"]}
        if quirks.temperature is not None:
            changes |= {"temperature": quirks.temperature, "seed": self.num_asked}
        stops: Sequence[int] = () if quirks.ignores_stops else responder.stop_ids
        with self.lock:
            self.num_asked += 1
            (written,) = generate(
                responder.model,
                [Prompt(ids=ids, key="a")],
                recipe=responder.recipe.model_copy(update=changes),
                stop_ids=stops,
            )
        return written, ids

    def text_of(self, written: Continuation, responder: Responder) -> str:
        text = responder.tokenizer.decode(written.ids, skip_control=True)
        if self.quirks.shows_stop and written.finish_reason == "stop":
            text += responder.tokenizer.texts.end_token
        return f"{self.quirks.around}{text}{self.quirks.around}"


class OwnHandler(BaseHTTPRequestHandler):
    owner: OwnServer

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        rows = [{"id": name, "object": "model"} for name in self.owner.models]
        self.send(200, {"object": "list", "data": rows})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        quirks, responder = self.owner.quirks, self.owner.models.get(body["model"])
        is_raw = self.path == "/v1/completions"
        if not (quirks.has_completions if is_raw else quirks.has_chat):
            self.send(404, {"error": {"message": "no such route"}})
        elif is_raw and isinstance(body["prompt"], list) and not quirks.takes_ids:
            self.send(400, {"error": {"message": "prompt must be a string"}})
        elif responder is None:
            self.send(404, {"error": {"message": "no such model"}})
        else:
            self.reply(body, responder, is_raw)

    def reply(self, body: Mapping[str, Any], responder: Responder, is_raw: bool) -> None:
        written, ids = self.owner.answer(body, responder)
        text = self.owner.text_of(written, responder)
        said = {"text": text} if is_raw else {"message": {"role": "assistant", "content": text}}
        value: dict[str, Any] = {
            "choices": [{"index": 0, **said, "finish_reason": written.finish_reason}]
        }
        if self.owner.quirks.has_usage:
            count = len(ids) + self.owner.quirks.surplus
            value["usage"] = {"prompt_tokens": count, "completion_tokens": len(written.ids)}
        self.send(200, value)

    def send(self, status: int, value: object) -> None:
        key = self.owner.quirks.key
        if key is not None and self.headers.get("Authorization") != f"Bearer {key}":
            status, value = 401, {"error": {"message": "wrong key"}}
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def rounded(responder: Responder, bits: int) -> Responder:
    """The same model with weights rounded to a few bits of their rows' range."""
    import copy

    import torch

    network = copy.deepcopy(responder.model.network)
    with torch.no_grad():
        for weight in network.parameters():
            if weight.ndim == 2:
                step = weight.abs().amax(dim=1, keepdim=True) / 2 ** (bits - 1)
                weight.copy_((weight / step).round() * step)
    return replace(responder, model=replace(responder.model, network=network, head=None))
