"""A studio over a folder, in a thread, on a port of its own."""

import http.client
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tunesmith.serving.guards import Door
from tunesmith.serving.http_server import HttpServer, open_socket
from tunesmith.serving.serving_limits import ServingLimits
from tunesmith.studio.studio_app import create_studio
from tunesmith.studio.workspace import Workspace

LIMITS = ServingLimits(drain_seconds=1)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the studio answered."""

    status: int
    text: str
    headers: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class RunningStudio:
    """A studio that runs."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, **headers: str) -> Reply:
        """Ask for a page; `hx_request="true"` asks for a part of one."""
        return self.send("GET", path, None, headers)

    def post(self, path: str, form: dict[str, str], **headers: str) -> Reply:
        """Send a form."""
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self.send("POST", path, urllib.parse.urlencode(form).encode(), kind | headers)

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        """Send anything."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, named)
            got = connection.getresponse()
            return Reply(status=got.status, text=got.read().decode(), headers=dict(got.headers))
        finally:
            connection.close()


@contextmanager
def studio(folder: Path, **door: str) -> Iterator[RunningStudio]:
    """A studio that runs until the block is left."""
    opened = open_socket("127.0.0.1", 0)
    app = create_studio(Workspace.around(folder), door=Door(**door), limits=LIMITS)  # type: ignore[arg-type]
    server = HttpServer(app, opened, LIMITS)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield RunningStudio(folder=folder, port=opened.getsockname()[1])
    finally:
        server.stop()
        thread.join(timeout=10)
