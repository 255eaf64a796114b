"""A Hub of our own on a local port: it keeps what it is sent, and shows it."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_LARGE = (".safetensors", ".gguf")
UNKNOWN = ("nobody/nothing",)  # names that the Hub does not have
TOKEN = "hf_" + "StandInKeyOfTheTests0123456789abcdef"


@dataclass
class Hub:
    """What the stand-in knows; `files` are those of its one data set or model.

    `is_private` is None while there is no data set. `refusal` is answered to every request.
    """

    address: str = ""
    is_private: bool | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, login
    bodies: list[bytes] = field(default_factory=list)
    refusal: int | None = None
    known: dict[str, dict[str, Any]] = field(default_factory=dict)  # other models, by name
    objects: dict[str, bytes] = field(default_factory=dict)  # large files, by hash
    uploads_left: int = 1_000  # large files that it takes before it refuses

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """What the Hub would say; the shapes are those that `huggingface_hub` reads."""
        if self.refusal is not None:
            return self.refusal, {"error": "no"}
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if "/commit/" in path:
            name = _name(path).partition("/commit/")[0]
            return self._commit(name, [json.loads(line) for line in body.splitlines()])
        if path.endswith("/info/lfs/objects/batch"):
            return 200, {"objects": [self._slot(one) for one in json.loads(body)["objects"]]}
        if method == "PUT" and path.startswith("/lfs/"):
            return self._keep(path.removeprefix("/lfs/"), body)
        return self._look(method, path, body)

    def _slot(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Where a large file goes; nowhere, if it is there."""
        if asked["oid"] in self.objects:
            return asked
        href = f"{self.address}/lfs/{asked['oid']}"
        return {**asked, "actions": {"upload": {"href": href}}}

    def _keep(self, oid: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if self.uploads_left <= 0:
            return 403, {"error": "enough"}
        self.uploads_left -= 1
        self.objects[oid] = body
        return 200, {}

    def _look(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}
        if "/preupload/" in path:
            return 200, {"files": [_mode(one["path"]) for one in json.loads(body)["files"]]}
        name = _name(path).partition("/revision/")[0]
        if method == "GET" and name in self.known:
            return 200, {"id": name, "siblings": [], "sha": "0", **self.known[name]}
        if method == "GET" and path.startswith("/api/") and name not in UNKNOWN:
            siblings = [{"rfilename": name} for name in self.files]
            return 200, {"id": name, "private": self.is_private, "siblings": siblings, "sha": "0"}
        return 404, {"error": f"the stand-in knows no {method} {path}"}

    def _create(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        kind = asked.get("type", "model")
        where = "datasets/" if kind == "dataset" else ""
        url = f"{self.address}/{where}{asked['organization']}/{asked['name']}"
        if self.is_private is not None:
            return 409, {"error": f"You already created this {kind} repo", "url": url}
        self.is_private = asked["visibility"] == "private"
        return 200, {"url": url}

    def _commit(self, name: str, lines: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                self.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                self.files[value["path"]] = self.objects[value["oid"]]
            elif line["key"] == "deletedFile":
                del self.files[value["path"]]
            else:
                self.commits.append(value)
        number = f"{len(self.commits):040x}"
        url = f"{self.address}/datasets/{name}/commit/{number}"
        return 200, {"commitUrl": url, "commitOid": number}


def _name(path: str) -> str:
    return path.removeprefix("/api/datasets/").removeprefix("/api/models/")


def _mode(name: str) -> dict[str, Any]:
    mode = "lfs" if name.endswith(_LARGE) else "regular"
    return {"path": name, "uploadMode": mode, "shouldIgnore": False}


@contextmanager
def stand_in() -> Iterator[Hub]:
    """A running stand-in, ended with the block."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply()

        def do_POST(self) -> None:
            self.reply()

        def do_PUT(self) -> None:
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
            if status == 404:
                self.send_header("X-Error-Code", "RepoNotFound")
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
