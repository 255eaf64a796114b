"""A run's models to talk with: the chat of `serve`, begun and ended from here."""

from pathlib import Path
from typing import Annotated

import orjson
from fastapi import FastAPI, Form, Request, Response

from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.reviewing.review_files import review_files
from tunesmith.studio.background import is_running, last_line, start_command, stop_command
from tunesmith.studio.frame import Frame

_HEAD_BYTES = 65_536


def add_talk_page(app: FastAPI, frame: Frame) -> None:
    """Offer it at `/chat`."""

    def drawn(request: Request, run: RunFolder) -> Response:
        name, log = frame.workspace.name(run.path), _log(run)
        is_up = is_running(log)
        url = _address(log) if is_up else ""
        told = last_line(log)
        return frame.page(
            request,
            "chat.html",
            command=("serve", name),
            run=name,
            runs=[*frame.workspace.runs()],
            is_up=is_up,
            url=url,
            told="" if told.startswith("{") else told,  # what it says when it opens
        )

    @app.get("/chat")
    def show_chat(request: Request, run: str = "") -> Response:
        return drawn(request, frame.workspace.run(run))

    @app.post("/chat/start")
    def start_chat(request: Request, run: Annotated[str, Form()]) -> Response:
        folder = frame.workspace.run(run)
        words = ("serve", frame.workspace.name(folder.path), "--port", "0", "--json")
        start_command(words, frame.workspace.folder, _log(folder))
        return drawn(request, folder)

    @app.post("/chat/stop")
    def stop_chat(request: Request, run: Annotated[str, Form()]) -> Response:
        folder = frame.workspace.run(run)
        stop_command(_log(folder))
        return drawn(request, folder)


def _log(run: RunFolder) -> Path:
    return review_files(run).path / "serving.log"


def _address(log: Path) -> str:
    """Where the server listens, of what it said when it opened; empty while it is not open."""
    for line in log.read_bytes()[:_HEAD_BYTES].splitlines():
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(found, dict) and str(found.get("url", "")).startswith("http://127.0.0.1:"):
            return str(found["url"])
    return ""
