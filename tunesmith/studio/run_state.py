"""A run's folder -> whether it runs, how far it has come, and what stands in its way.

Everything is read from files: the process that is noted or holds the lock, manifest and output.
"""

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tunesmith.errors import DataError, MissingError, RefusedError, TunesmithError
from tunesmith.files import read_json, write_json, write_text
from tunesmith.serving.tuning.job_process import OUTPUT, living_process, noted_process
from tunesmith.stages.execution.claim import recorded_recipe
from tunesmith.stages.execution.run_folder import RunFolder

Phase = Literal["running", "stopping", "done", "stopped", "failed"]
_MARKS = {"prepare": "prepare", "train": "train", "evaluate": "score", "report": "report.html"}
STAGES = tuple(_MARKS)
_WORDS = "job.json"  # what `tunesmith run` was told
_ASKED = "job.stop"  # the process that was asked to stop
_LOCK = ".lock"
_LOCKS = Path("/proc/locks")
_HEAD = "$ tunesmith run"  # begins each attempt in the output
_ERROR = "error: "
_TAIL_BYTES = 65536
_LONGEST_PROBLEM = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """Where a run stands.

    Attributes:
        phase: `stopping` is a run that was asked to stop and has not yet.
        process_id: Of the process at work, if one is.
        done: The stages that are finished.
        problem: Why it failed, or with what it stopped.
    """

    phase: Phase
    process_id: int | None
    done: Sequence[str]
    problem: str = ""

    @property
    def is_at_work(self) -> bool:
        """Whether a process works on it."""
        return self.process_id is not None

    @property
    def stage(self) -> str:
        """What it is at, or would go on with; empty where all is done."""
        return next((one for one in STAGES if one not in self.done), "")


def run_state(run: RunFolder) -> RunState:
    """Look at a run."""
    process_id = working_process(run.path)
    done = _finished(run)
    problem = "" if process_id is not None else _last_problem(run.path)
    return RunState(
        phase=_phase(run.path, process_id, done, problem),
        process_id=process_id,
        done=done,
        problem=problem,
    )


def working_process(folder: Path) -> int | None:
    """The process at work in a run's folder: the studio's own, or one from a terminal."""
    own = noted_process(folder)
    if own is not None:
        return own
    holder = living_process(folder / _LOCK)
    if holder is None or not _LOCKS.is_file():
        return holder
    return holder if _holds(holder, folder / _LOCK) else None


def ask_to_stop(run: RunFolder, *, again: bool = False) -> int:
    """Let the process at work end as by Ctrl-C: after its step, with a checkpoint.

    Args:
        run: The run.
        again: It was asked before and is to end at once; the last checkpoint stands.

    Returns:
        The process id.

    Raises:
        RefusedError: Nothing is at work in it.
    """
    state = run_state(run)
    if state.process_id is None:
        cure = "There is nothing to stop."
        raise RefusedError("no process is at work in this run", where=run.path.name, cure=cure)
    if state.phase == "running" or again:
        write_text(run.path / _ASKED, str(state.process_id))
        with suppress(ProcessLookupError):
            os.kill(state.process_id, signal.SIGTERM)
    return state.process_id


def remember_words(run: Path, words: Sequence[str]) -> None:
    """Keep what `tunesmith run` is told, and begin a new part of its output."""
    write_json(run / _WORDS, list(words))
    with (run / OUTPUT).open("ab") as stream:
        stream.write(f"{_HEAD} {' '.join(words)}\n".encode())
    (run / _ASKED).unlink(missing_ok=True)


def remembered_words(run: RunFolder, folder: Path) -> list[str]:
    """What `tunesmith run` has to be told to go on with a run.

    Args:
        run: The run.
        folder: Where the command is started.

    Raises:
        MissingError: The run does not say which recipe made it.
    """
    with suppress(DataError, MissingError):
        words = read_json(run.path / _WORDS)
        if isinstance(words, list) and all(isinstance(one, str) for one in words):
            return list(words)
    recipe = recorded_recipe(run.path)
    if recipe is None:
        cure = "tunesmith run RECIPE --run FOLDER goes on with it."
        raise MissingError("the run does not name its recipe", where=run.path.name, cure=cure)
    here = recipe.relative_to(folder) if recipe.is_relative_to(folder) else recipe
    return [str(here), "--run", run.path.relative_to(folder).as_posix()]


def output_tail(run: Path) -> list[str]:
    """The last attempt's lines of output."""
    try:
        with (run / OUTPUT).open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = stream.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []
    starts = [at for at, line in enumerate(lines) if line.startswith(_HEAD)]
    return lines[starts[-1] + 1 :] if starts else lines


def _last_problem(run: Path) -> str:
    told = [line for line in output_tail(run) if line.startswith(_ERROR)]
    return told[-1].removeprefix(_ERROR)[:_LONGEST_PROBLEM] if told else ""


def _phase(run: Path, process_id: int | None, done: Sequence[str], problem: str) -> Phase:
    if process_id is not None:
        return "stopping" if _was_asked(run, process_id) else "running"
    if problem and not problem.startswith("stopped by"):
        return "failed"
    return "done" if set(STAGES) <= set(done) and not problem else "stopped"


def _was_asked(run: Path, process_id: int) -> bool:
    try:
        return (run / _ASKED).read_text() == str(process_id)
    except (OSError, ValueError):
        return False


def _finished(run: RunFolder) -> list[str]:
    try:
        manifest = run.read_manifest()
    except TunesmithError:
        return []
    return [
        name for name, part in _MARKS.items() if part in manifest or (run.path / part).is_file()
    ]


def _holds(process_id: int, lock: Path) -> bool:
    """Whether a process holds a lock; asking for the lock would keep a stage from taking it."""
    try:
        inode = str(lock.stat().st_ino)
        rows = [line.split() for line in _LOCKS.read_text().splitlines()]
    except OSError:
        return False
    held = (row for row in rows if "->" not in row and len(row) > 5 and row[1] == "FLOCK")
    return any(row[4] == str(process_id) and row[5].endswith(f":{inode}") for row in held)
