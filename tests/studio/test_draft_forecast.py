"""A forecast of a draft ends with whoever asked, and decides nothing for later runs."""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tunesmith.studio import draft_forecast
from tunesmith.studio.draft_forecast import COMMAND, ForecastDesk

TEXT = (
    "sources: [{path: a.jsonl}]\nmodel: {name: tiny}\ntraining: {epochs: 1, learning_rate: 1e-3}\n"
)
SLEEPS = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"


async def nobody_left() -> bool:
    return False


def sleeping(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draft_forecast, "COMMAND", (sys.executable, "-c", SLEEPS))
    (folder / "a.yaml").write_text(TEXT)


async def begun(folder: Path) -> int:
    while not (folder / "pid").is_file() or not (folder / "pid").read_text():
        await asyncio.sleep(0.01)
    return int((folder / "pid").read_text())


def test_the_next_forecast_ends_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeping(tmp_path, monkeypatch)
    monkeypatch.setattr(draft_forecast, "_POLL_SECONDS", 0.02)

    async def twice() -> tuple[object, int]:
        desk = ForecastDesk()
        first = asyncio.create_task(desk.forecast(TEXT, tmp_path / "a.yaml", nobody_left))
        process = await begun(tmp_path)
        second = asyncio.create_task(desk.forecast(TEXT, tmp_path / "a.yaml", nobody_left))
        told = await first
        second.cancel()
        await asyncio.wait({second})
        desk.close()
        return told, process

    told, process = asyncio.run(twice())
    assert told == {"superseded": True}
    assert not psutil.pid_exists(process)


def test_a_forecast_ends_when_its_page_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeping(tmp_path, monkeypatch)
    monkeypatch.setattr(draft_forecast, "_POLL_SECONDS", 0.02)

    async def left() -> int:
        desk = ForecastDesk()

        async def is_gone() -> bool:
            return (tmp_path / "pid").is_file() and (tmp_path / "pid").read_text() != ""

        assert await desk.forecast(TEXT, tmp_path / "a.yaml", is_gone) == {"superseded": True}
        desk.close()
        return await begun(tmp_path)

    assert not psutil.pid_exists(asyncio.run(left()))


@pytest.mark.slow
def test_the_process_ends_with_the_studio_that_began_it(tmp_path: Path) -> None:
    program = (
        "import time; from tunesmith.studio import forecast_process as one\n"
        "one._answer = lambda job: time.sleep(60)\none.forecast_and_end()"
    )
    command = [sys.executable, "-c", program]
    child = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert child.stdin is not None
    with child.stdin:
        child.stdin.write(b"{}\n")
        child.stdin.flush()
        time.sleep(0.3)
        assert child.poll() is None
    assert child.wait(timeout=20) == 1


@pytest.mark.slow
def test_a_forecast_is_measured_and_remembers_no_split(tmp_path: Path, tiny_folder: Path) -> None:
    rows = ({"instruction": f"Question {at}?", "response": f"Answer {at * 7}."} for at in range(40))
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    job = {
        "text": TEXT.replace("tiny", str(tiny_folder)),
        "folder": str(tmp_path),
        "scratch": str(tmp_path / "scratch"),
    }
    child = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(json.dumps(job).encode() + b"\n")
    child.stdin.flush()
    told = json.loads(child.stdout.read().splitlines()[-1])
    child.communicate()
    assert any(line.startswith("Time") for line in told["lines"]), told
    assert any(line.startswith("Memory") for line in told["lines"])
    assert not (tmp_path / "splits.jsonl").exists()
