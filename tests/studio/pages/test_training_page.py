"""The Training page: runs outlive page and studio, are stopped, resumed and begun only once."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.studio.studio_servers import Reply, RunningStudio, studio
from tunesmith.files import write_json
from tunesmith.serving.tuning import job_process
from tunesmith.studio.run_state import RunState, run_state, working_process
from tunesmith.studio.workspace import Workspace

TRAINER = """
import json, pathlib, signal, sys, time
run = pathlib.Path(sys.argv[sys.argv.index("--run") + 1])
log, asked = run / "log.jsonl", []
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143) if asked else asked.append(1))
(run / "environment.json").write_text('{"steps": 4000}')
first = len(log.read_text().splitlines()) if log.exists() else 0
print("note: begun at", first, flush=True)
with log.open("a") as stream:
    for step in range(first + 1, 4001):
        line = {"step": step, "split": "train", "loss": 3 / step, "seconds": step / 100,
                "tokens_seen": step * 50, "learning_rate": 1e-3}
        print(json.dumps(line), file=stream, flush=True)
        time.sleep(0.02)
        if asked and not (run / "stubborn").exists():
            sys.exit(f"error: stopped by SIGTERM; saved after step {step} of 4000")
"""
FAILING = "import sys; print('error: a.jsonl:3: it is <b>broken</b>. Mend it.'); sys.exit(3)"
RECIPE = "sources: [{path: a.jsonl}]\n"


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningStudio]:
    """A studio whose runs are a program that writes a log; all of them are ended afterwards."""
    trainer(tmp_path, monkeypatch, TRAINER)
    (tmp_path / "a.yaml").write_text(RECIPE)
    with studio(tmp_path) as opened:
        yield opened
    for run in (tmp_path / "runs").glob("*"):
        with suppress(ProcessLookupError):
            os.kill(working_process(run) or 2**22 + 1, signal.SIGKILL)


def trainer(folder: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    (folder / "trainer.py").write_text(program)
    command = (sys.executable, "-S", str(folder / "trainer.py"))
    monkeypatch.setattr(job_process, "COMMAND", command)


def state(folder: Path, name: str = "runs/a") -> RunState:
    return run_state(Workspace(folder).run(name))


def waited(folder: Path, until: Callable[[RunState], object]) -> RunState:
    ends = time.monotonic() + 10
    while not until(found := state(folder)):
        assert time.monotonic() < ends, found
        time.sleep(0.01)
    return found


def steps(folder: Path) -> int:
    log = folder / "runs" / "a" / "log.jsonl"
    return log.read_bytes().count(b"\n") if log.is_file() else 0


def begun(opened: RunningStudio, **form: str) -> Reply:
    reply = opened.post("/training/start", {"recipe": "a.yaml", **form})
    if reply.status == 303:
        waited(opened.folder, lambda _: steps(opened.folder) > 2)
    return reply


def test_a_run_is_begun_watched_stopped_and_taken_up_again(running: RunningStudio) -> None:
    folder = running.folder
    reply = begun(running, settings="training.epochs=1 --set 'template.name=chatml'")
    assert reply.headers["location"] == "/training?run=runs/a"
    page = running.get("/training?run=runs/a").text
    words = "run a.yaml --run runs/a --set training.epochs=1 --set template.name=chatml"
    assert f"tunesmith {words}" in page
    assert "<polyline" in page
    assert "/ 4,000" in page
    assert "note: begun at 0" in page
    live = running.get("/training/live?run=runs/a&phase=running", hx_request="true").text
    assert "<h1" not in live
    assert "controls" not in live, "a button that has the focus is left alone"
    assert "5,000" in live, "tokens a second"
    running.post("/training/stop", {"run": "runs/a"})
    stopped = waited(folder, lambda one: not one.is_at_work)
    assert stopped.phase == "stopped"
    assert stopped.problem.startswith("stopped by SIGTERM; saved after step")
    before = steps(folder)
    shown = running.get("/training/live?run=runs/a&phase=running", hx_request="true").text
    assert 'hx-swap-oob="true"' in shown
    assert "/training/resume" in shown
    assert running.post("/training/resume", {"run": "runs/a"}).status == 303
    waited(folder, lambda one: one.is_at_work and steps(folder) > before)
    assert json.loads((folder / "runs" / "a" / "job.json").read_text()) == words.split(" ")[1:]


def test_a_run_outlives_its_studio_and_the_next_one_finds_and_stops_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer(tmp_path, monkeypatch, TRAINER)
    (tmp_path / "a.yaml").write_text(RECIPE)
    with studio(tmp_path) as opened:
        begun(opened)
    before = steps(tmp_path)
    waited(tmp_path, lambda one: one.phase == "running" and steps(tmp_path) > before)
    (tmp_path / "runs" / "a" / "stubborn").touch()
    with studio(tmp_path) as another:
        assert another.post("/training/resume", {"run": "runs/a"}).status == 409
        another.post("/training/stop", {"run": "runs/a"})
        assert waited(tmp_path, lambda one: one.phase == "stopping").is_at_work
        another.post("/training/stop", {"run": "runs/a"})
        assert state(tmp_path).is_at_work, "two tabs that stop it do not end it at once"
        assert "End it at once" in another.get("/training?run=runs/a").text
        another.post("/training/stop", {"run": "runs/a", "again": "yes"})
        waited(tmp_path, lambda one: one.phase == "stopped")
        assert another.post("/training/stop", {"run": "runs/a"}).status == 409


def test_of_several_tabs_that_begin_or_resume_a_run_one_does(running: RunningStudio) -> None:
    def all_at_once(path: str, form: dict[str, str]) -> list[int]:
        found: list[int] = []

        threads = [
            threading.Thread(target=lambda: found.append(running.post(path, form).status))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(found)

    started = all_at_once("/training/start", {"recipe": "a.yaml", "run": "runs/a"})
    assert started == [303, 409, 409, 409]
    waited(running.folder, lambda _: steps(running.folder) > 2)
    (running.folder / "runs" / "a" / "job.json").unlink()
    assert running.post("/training/resume", {"run": "runs/a"}).status == 409
    assert not (running.folder / "runs" / "a" / "job.json").exists(), (
        "who is refused writes nothing"
    )
    os.kill(working_process(running.folder / "runs" / "a") or 0, signal.SIGKILL)
    waited(running.folder, lambda one: one.phase == "stopped")
    assert all_at_once("/training/resume", {"run": "runs/a"}) == [303, 409, 409, 409]


def test_what_is_wrong_is_said_before_anything_begins(running: RunningStudio) -> None:
    cases = [
        ({"run": "../up"}, "no name for a run"),
        ({"run": "runs/<script>"}, "no name for a run"),
        ({"settings": "training.epochs=none"}, "training.epochs"),
        ({"settings": "a='"}, "No closing quotation"),
        ({"recipe": "b.yaml"}, "no recipe is called"),
    ]
    for form, part in cases:
        reply = running.post("/training/start", {"recipe": "a.yaml", **form})
        assert reply.status in (400, 404), form
        assert part in reply.text
        assert "<script>" not in reply.text
    assert not (running.folder / "runs").exists()
    (running.folder / "runs" / "mine").mkdir(parents=True)
    (running.folder / "runs" / "mine" / "notes.txt").touch()
    assert "are no run" in running.post("/training/start", {"run": "runs/mine"}).text


def test_why_a_run_failed_is_shown_as_text(
    running: RunningStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer(running.folder, monkeypatch, FAILING)
    running.post("/training/start", {"recipe": "a.yaml"})
    assert waited(running.folder, lambda one: one.phase == "failed").problem == (
        "a.jsonl:3: it is <b>broken</b>. Mend it."
    )
    page = running.get("/training?run=runs/a").text
    assert "it is &lt;b&gt;broken&lt;/b&gt;" in page
    trainer(running.folder, monkeypatch, TRAINER)
    running.post("/training/resume", {"run": "runs/a"})
    assert waited(running.folder, lambda one: one.phase == "running").problem == ""


def test_a_start_that_was_killed_in_the_middle_can_be_resumed(running: RunningStudio) -> None:
    run = running.folder / "runs" / "a"
    run.mkdir(parents=True)
    recipe = str(running.folder.resolve() / "a.yaml")
    write_json(run / "tunesmith-run.json", {"schema": 1, "kind": "run", "recipe": recipe})
    for left in (None, "", "12", str(2**22 + 1)):  # nothing; half-written; of others
        if left is not None:
            (run / "job.pid").write_text(left)
            os.utime(run / "job.pid", (1, 1))
        assert state(running.folder).phase == "stopped", left
    (run / "job.json").write_text('["a.ya')
    assert running.post("/training/resume", {"run": "runs/a"}).status == 303
    waited(running.folder, lambda one: one.phase == "running")


def test_answers_are_shown_as_they_change(running: RunningStudio) -> None:
    run = running.folder / "runs" / "a"
    run.mkdir(parents=True)
    write_json(run / "tunesmith-run.json", {"schema": 1, "kind": "run"})
    texts = ["zero", "<script>one", "<script>one", "two"]
    lines = [
        {"step": at, "example_id": "x", "question": "Q?", "reference": "R", "answer": text}
        for at, text in enumerate(texts)
    ]
    written = "".join(f"{json.dumps(one)}\n" for one in lines)
    (run / "samples.jsonl").write_text(f'{written}{{"step": 9}}\n{{"st')
    page = running.get("/training?run=runs/a").text
    assert "&lt;script&gt;one" in page
    assert "steps 1 to 2" in page
    assert page.index(">two<") < page.index(">zero<")
