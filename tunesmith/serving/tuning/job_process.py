"""A job's recipe -> `tunesmith run` in a process of its own, which a lock tells alive or ended."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

import psutil

COMMAND = (sys.executable, "-m", "tunesmith", "run")
_LOCK = "job.lock"
_PROCESS_ID = "job.pid"
_NOTING = 'echo $$ >"$0" && exec "$@"'  # the process keeps the id that is noted
_CLOCK_SECONDS = 2.0  # between the clocks of files and of processes
OUTPUT = "output.log"
_LONGEST_PROBLEM = 1000
_ERROR = "error: "


def start_run(
    folder: Path,
    words: Sequence[str] = ("recipe.yaml", "--run", "run", "--quiet"),
    *,
    work_folder: Path | None = None,
) -> subprocess.Popen[bytes] | None:
    """Begin a run, or go on with it, in a process that outlives whoever began it.

    Args:
        folder: Where its lock, its output and its process id lie: a job's, with `recipe.yaml`.
        words: What `tunesmith run` is told.
        work_folder: Where it is started; `folder`, if not given.

    Returns:
        The process, or None where one that an earlier server began is still at work.
    """
    with (folder / _LOCK).open("ab") as lock, (folder / OUTPUT).open("ab") as output:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        return subprocess.Popen(
            ["sh", "-c", _NOTING, str((folder / _PROCESS_ID).resolve()), *COMMAND, *words],
            cwd=work_folder or folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(lock.fileno(),),  # held for as long as the process lives
            start_new_session=True,
        )


def noted_process(folder: Path) -> int | None:
    """The process that `start_run` began, while it lives; no lock is touched."""
    return living_process(folder / _PROCESS_ID)


def living_process(note: Path) -> int | None:
    """The process whose id a file holds, unless it is one that began after it was written."""
    try:
        process_id, written = int(note.read_text()), note.stat().st_mtime
        process = psutil.Process(process_id)
        is_alive = process.status() != psutil.STATUS_ZOMBIE
        is_same = process.create_time() <= written + _CLOCK_SECONDS
    except (OSError, ValueError, psutil.Error):
        return None
    return process_id if is_alive and is_same else None


def is_at_work(folder: Path) -> bool:
    """Whether a process, of this server or an earlier one, holds the job."""
    with (folder / _LOCK).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def end_run(process_id: int | None, folder: Path, sign: signal.Signals = signal.SIGTERM) -> None:
    """Ask a job's process to keep a checkpoint and end; nothing where it has ended."""
    if process_id is not None and is_at_work(folder):
        with suppress(ProcessLookupError):
            os.kill(process_id, sign)


def last_problem(folder: Path, code: int) -> str:
    """Why a run failed, in the words of its output."""
    with (folder / OUTPUT).open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - 65536))
        lines = stream.read().decode("utf-8", "replace").splitlines()
    last = max((at for at, line in enumerate(lines) if line.startswith(_ERROR)), default=None)
    if last is not None:
        more = takewhile(lambda line: line.startswith(" "), lines[last + 1 :])
        told = " ".join([lines[last].removeprefix(_ERROR), *(line.strip() for line in more)])
        return told.replace(f"{folder.parents[1]}/files/", "")[:_LONGEST_PROBLEM]
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"the training ended with {how}; {OUTPUT} in the job's folder says more"
