"""A job's recipe -> `tunesmith run` in a process of its own, which a lock tells alive or ended."""

import fcntl
import os
import signal
import subprocess
import sys
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

COMMAND = (sys.executable, "-m", "tunesmith", "run")
_LOCK = "job.lock"
_OUTPUT = "output.log"
_LONGEST_PROBLEM = 1000
_ERROR = "error: "


def start_run(folder: Path) -> subprocess.Popen[bytes] | None:
    """Begin a job's run, or go on with it.

    Args:
        folder: The job's, with `recipe.yaml`; the run is `run` in it.

    Returns:
        The process, or None where one that an earlier server began is still at work.
    """
    with (folder / _LOCK).open("ab") as lock, (folder / _OUTPUT).open("ab") as output:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        return subprocess.Popen(
            [*COMMAND, "recipe.yaml", "--run", "run", "--quiet"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(lock.fileno(),),  # held for as long as the process lives
            start_new_session=True,
        )


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
    with (folder / _OUTPUT).open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - 65536))
        lines = stream.read().decode("utf-8", "replace").splitlines()
    last = max((at for at, line in enumerate(lines) if line.startswith(_ERROR)), default=None)
    if last is not None:
        more = takewhile(lambda line: line.startswith(" "), lines[last + 1 :])
        told = " ".join([lines[last].removeprefix(_ERROR), *(line.strip() for line in more)])
        return told.replace(f"{folder.parents[1]}/files/", "")[:_LONGEST_PROBLEM]
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"the training ended with {how}; {_OUTPUT} in the job's folder says more"
