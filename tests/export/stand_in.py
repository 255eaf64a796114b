"""A Hub of our own on a local port: it keeps what it is sent, and shows it."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "hf_" + "StandInKeyOfTheTests0123456789abcdef"


@dataclass
class Hub:
    """What the stand-in knows; `files` are those of its one data set.

    `is_private` is None while there is no data set. `refusal` is answered to every request.
    """

    address: str = ""
    is_private: bool | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, login
    bodies: list[bytes] = field(default_factory=list)
    refusal: int | None = None

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """What the Hub would say; the shapes are those that `huggingface_hub` reads."""
        if self.refusal is not None:
            return self.refusal, {"error": "no"}
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if "/commit/" in path:
            name = path.removeprefix("/api/datasets/").partition("/commit/")[0]
            return self._commit(name, [json.loads(line) for line in body.splitlines()])
        return self._look(method, path, body)

    def _look(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}
        if "/preupload/" in path:
            files = [
                {"path": one["path"], "uploadMode": "regular", "shouldIgnore": False}
                for one in json.loads(body)["files"]
            ]
            return 200, {"files": files}
        if method == "GET" and path.startswith("/api/datasets/"):
            siblings = [{"rfilename": name} for name in self.files]
            name = path.removeprefix("/api/datasets/")
            return 200, {"id": name, "private": self.is_private, "siblings": siblings, "sha": "0"}
        return 404, {"error": f"the stand-in knows no {method} {path}"}

    def _create(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        url = f"{self.address}/datasets/{asked['organization']}/{asked['name']}"
        if self.is_private is not None:
            return 409, {"error": "You already created this dataset repo", "url": url}
        assert asked["type"] == "dataset"
        self.is_private = asked["visibility"] == "private"
        return 200, {"url": url}

    def _commit(self, name: str, lines: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                self.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "deletedFile":
                del self.files[value["path"]]
            else:
                self.commits.append(value)
        number = f"{len(self.commits):040x}"
        url = f"{self.address}/datasets/{name}/commit/{number}"
        return 200, {"commitUrl": url, "commitOid": number}


@contextmanager
def stand_in() -> Iterator[Hub]:
    """A running stand-in, ended with the block."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply()

        def do_POST(self) -> None:
            self.reply()

        def reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.partition("?")[0]
            hub.requests.append((self.command, path, self.headers.get("Authorization") or ""))
            hub.bodies.append(body)
            status, answer = hub.answer(self.command, path, body)
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
