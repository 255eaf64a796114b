"""The Training page: runs are started, watched, stopped and taken up again.

A run is a process of its own, `tunesmith run`, that outlives page and studio; all that is shown of
it is read from its folder.
"""

import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from tunesmith.errors import DataError, MissingError, RecipeError, RefusedError
from tunesmith.files import read_json
from tunesmith.line_log import read_lines
from tunesmith.report.number_text import duration
from tunesmith.serving.tuning.job_process import is_at_work, start_run
from tunesmith.stages.execution.claim import begun, is_run
from tunesmith.stages.execution.opened_run import open_recipe
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.studio.frame import HEADERS, Frame
from tunesmith.studio.run_state import (
    RunState,
    ask_to_stop,
    output_tail,
    remember_words,
    remembered_words,
    run_state,
    working_process,
)
from tunesmith.studio.training_curve import LogCurves, LogReader, training_svg
from tunesmith.studio.workspace import alone_in

_NAME = re.compile(r"(runs/)?\w[\w .+-]{0,80}")
_MOST_RUNS = 50  # that are listed with their state
_MOST_LINES = 8  # of output
_MOST_SAMPLES = 20_000  # lines of samples
_ANSWERS = 4  # of a question, the newest


@dataclass(slots=True)
class StartedRuns:
    """The processes that this studio began, so that none that has ended stays a zombie."""

    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def add(self, process: "subprocess.Popen[bytes]") -> None:
        """Remember one."""
        self.processes.append(process)

    def reap(self) -> None:
        """Forget those that have ended."""
        self.processes = [one for one in self.processes if one.poll() is None]


def add_training_page(app: FastAPI, frame: Frame) -> None:
    """Offer it at `/training`."""
    started, logs = StartedRuns(), LogReader()
    _add_views(app, frame, started, logs)
    _add_changes(app, frame, started)


def _add_views(app: FastAPI, frame: Frame, started: StartedRuns, logs: LogReader) -> None:
    @app.get("/training")
    def show_training(request: Request, run: str = "", recipe: str = "") -> Response:
        started.reap()
        workspace = frame.workspace
        runs, recipes = workspace.runs(), workspace.recipes()
        shown = workspace.run(run) if runs else None
        name = workspace.name(shown.path) if shown else ""
        chosen = workspace.recipe(recipe).name if recipes else ""
        return frame.page(
            request,
            "training.html",
            command=_command(frame, shown) if shown else ("run", chosen or "recipe.yaml"),
            runs=_listed(runs),
            num_more=max(0, len(runs) - _MOST_RUNS),
            recipes=recipes,
            recipe=chosen,
            free_name=_free_name(workspace.folder, Path(chosen).stem),
            name=name,
            live=_live(shown, logs) if shown else None,
        )

    @app.get("/training/live")
    def show_live(request: Request, run: str, phase: str = "") -> Response:
        started.reap()
        shown = frame.workspace.run(run)
        return frame.page(
            request,
            "training_live.html",
            name=run,
            live=_live(shown, logs),
            has_changed=run_state(shown).phase != phase,
        )


def _add_changes(app: FastAPI, frame: Frame, started: StartedRuns) -> None:
    @app.post("/training/start")
    async def start_new(request: Request) -> Response:
        form = {name: str(value).strip() for name, value in (await request.form()).items()}
        folder = frame.workspace.folder
        recipe = frame.workspace.recipe(form.get("recipe"))
        name = form.get("run") or _free_name(folder, recipe.stem)
        settings = _settings(form.get("settings", ""))
        _check_new(folder, name)
        open_recipe(recipe, folder=folder / name, overrides=settings).claim()
        words = [recipe.name, "--run", name, *(part for one in settings for part in ("--set", one))]
        _start(folder / name, words, folder, started)
        return _at(name)

    @app.post("/training/resume")
    async def go_on(request: Request) -> Response:
        name = str((await request.form()).get("run", ""))
        run = frame.workspace.run(name)
        words = remembered_words(run, frame.workspace.folder)
        _start(run.path, words, frame.workspace.folder, started)
        return _at(name)

    @app.post("/training/stop")
    async def stop(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        ask_to_stop(frame.workspace.run(form.get("run")), again=bool(form.get("again")))
        return _at(form.get("run", ""))


def _start(run: Path, words: Sequence[str], folder: Path, started: StartedRuns) -> None:
    """Begin the process, unless one is at work.

    Raises:
        RefusedError: One is.
    """
    started.reap()
    with alone_in(run):
        if working_process(run) is None and not is_at_work(run):
            remember_words(run, words)
            process = start_run(run, words, work_folder=folder)
            if process is not None:
                started.add(process)
                return
    cure = "It is shown on this page; stop it there first."
    raise RefusedError("a process is at work in this run already", where=run.name, cure=cure)


def _at(name: str) -> Response:
    """Show a run after something was done with it."""
    where = f"/training?run={quote(name)}"
    return RedirectResponse(where, status_code=303, headers=HEADERS)


def _check_new(folder: Path, name: str) -> None:
    if not _NAME.fullmatch(name):
        cure = "For example: runs/mine"
        raise RecipeError(f"{name[:80]!r} is no name for a run", where="run", cure=cure)
    if is_run(folder / name):
        cure = f"Resume it, or name another: {_free_name(folder, Path(name).name)}"
        raise RefusedError("this run has begun already", where=name, cure=cure)


def _settings(text: str) -> list[str]:
    """`training.epochs=1 training.seed=2`, as a shell would read it.

    Raises:
        RecipeError: A quotation mark is open.
    """
    try:
        return [one for one in shlex.split(text) if one != "--set"]
    except ValueError as error:
        raise RecipeError(f"{text[:80]!r}: {error}", where="--set", cure="Close it.") from None


def _free_name(folder: Path, stem: str) -> str:
    """The next name of a run that nothing bears yet."""
    names = (f"runs/{stem}" + (f"-{number}" if number > 1 else "") for number in range(1, 10_000))
    return next((one for one in names if not (folder / one).exists()), "")


def _command(frame: Frame, run: RunFolder) -> tuple[str, ...]:
    try:
        return ("run", *remembered_words(run, frame.workspace.folder))
    except MissingError:
        return ()


def _listed(runs: Mapping[str, RunFolder]) -> list[dict[str, Any]]:
    """The newest runs with their states."""
    return [
        {
            "name": name,
            "begun": begun(run.path).strftime("%Y-%m-%d %H:%M"),
            "state": run_state(run),
        }
        for name, run in islice(runs.items(), _MOST_RUNS)
    ]


def _live(run: RunFolder, logs: LogReader) -> dict[str, Any]:
    """All that is shown of a run while it trains."""
    state, curves, steps = run_state(run), logs.curves(run.log), _num_steps(run)
    last, validation = curves.losses[-1:], curves.validation_losses[-1:]
    label = f"step {curves.step}" + "".join(f", loss {one:.3f}" for one in last)
    return {
        "state": state,
        "curves": curves,
        "svg": training_svg(curves, num_steps=steps, label=label),
        "num_steps": steps,
        "loss": f"{last[0]:.3f}" if last else "",
        "validation": f"{validation[0]:.3f}" if validation else "",
        "rate": f"{curves.rates[-1]:.3g}" if curves.rates else "",
        "speed": _speed(curves),
        "left": _time_left(state, curves, steps),
        "samples": _samples(run.samples),
        "output": output_tail(run.path)[-_MOST_LINES:],
    }


def _num_steps(run: RunFolder) -> int | None:
    """Of the whole training, once it is planned."""
    try:
        found = read_json(run.environment).get("steps")
    except (AttributeError, DataError, MissingError):
        return None
    return found if isinstance(found, int) and found > 0 else None


def _speed(curves: LogCurves) -> str:
    speed = curves.tokens_per_second
    return f"{speed:,.0f}" if speed is not None else ""


def _time_left(state: RunState, curves: LogCurves, steps: int | None) -> str:
    """Of training, by the steps that were done last."""
    one = curves.step_seconds
    if not state.is_at_work or state.stage != "train" or steps is None or one is None:
        return ""
    return duration(max(0, steps - curves.step) * one)


def _samples(path: Path) -> list[dict[str, Any]]:
    """Each question with its newest answers; one that did not change is not shown again."""
    found: dict[str, dict[str, Any]] = {}
    for line in islice(read_lines(path), _MOST_SAMPLES):
        if line is None or not {"example_id", "question", "answer", "step"} <= line.keys():
            continue
        asked = found.setdefault(
            str(line["example_id"]),
            {"question": line["question"], "reference": line.get("reference", ""), "answers": []},
        )
        answers = asked["answers"]
        if answers and answers[-1]["text"] == line["answer"]:
            answers[-1]["until"] = line["step"]
        else:
            answers.append({"step": line["step"], "until": line["step"], "text": line["answer"]})
    return [{**one, "answers": one["answers"][::-1][:_ANSWERS]} for one in found.values()]
