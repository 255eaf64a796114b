"""The Chat page begins `serve`, leads to it once it is open, and ends it."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stages.reviewing.tiny_review import reviewable_run
from tests.studio.studio_servers import Reply, RunningStudio, studio
from tunesmith.studio import background

OPENS = """
import json, sys, time
assert sys.argv[1:] == ["serve", "runs/mine", "--port", "0", "--json"], sys.argv
print("loading tuned", flush=True)
time.sleep(0.2)
print(json.dumps({"schema": 1, "url": "http://127.0.0.1:45678"}), flush=True)
time.sleep(60)
"""
FAILS = "print('error: <b>the run has no model</b>')"
LIES = 'print(\'{"url": "http://evil.example"}\', flush=True); import time; time.sleep(60)'
RUN = {"run": "runs/mine"}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningStudio]:
    reviewable_run(tmp_path)
    with studio(tmp_path) as one:
        yield one
        one.post("/chat/stop", RUN)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def take(text: str) -> None:
        (tmp_path / "program.py").write_text(text)
        command = (sys.executable, str(tmp_path / "program.py"))
        monkeypatch.setattr(background, "COMMAND", command)

    return take


def shown_with(running: RunningStudio, text: str) -> Reply:
    ends = time.monotonic() + 10
    while text not in (reply := running.get("/chat?run=runs/mine")).text:
        assert time.monotonic() < ends, reply.text
        time.sleep(0.05)
    return reply


def test_the_chat_is_begun_opened_and_ended(
    running: RunningStudio, program: Callable[[str], None]
) -> None:
    program(OPENS)
    assert "tunesmith serve runs/mine" in running.get("/chat").text
    assert running.post("/chat/start", RUN).status == 200
    assert running.post("/chat/start", RUN).status == 200  # twice begins nothing more
    assert 'href="http://127.0.0.1:45678"' in shown_with(running, "45678").text
    running.post("/chat/stop", RUN)
    assert "45678" not in shown_with(running, "/chat/start").text


def test_why_it_ended_is_said_as_text(
    running: RunningStudio, program: Callable[[str], None]
) -> None:
    program(FAILS)
    running.post("/chat/start", RUN)
    assert "&lt;b&gt;the run has no model" in shown_with(running, "has no model").text


def test_no_address_elsewhere_is_led_to(
    running: RunningStudio, program: Callable[[str], None]
) -> None:
    program(LIES)
    running.post("/chat/start", RUN)
    time.sleep(0.3)
    assert 'href="http://evil' not in running.get("/chat?run=runs/mine").text
