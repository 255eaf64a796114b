"""Words of a command -> `tunesmith` in a process of its own, whose log tells whether it runs.

A lock on the log is held by the process for as long as it lives, so that it is known after the
studio was ended and opened again.
"""

import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

COMMAND = (sys.executable, "-m", "tunesmith")
_TAIL_BYTES = 16_384


def start_command(words: Sequence[str], folder: Path, log: Path) -> bool:
    """Start a command; nothing where the same is at work already.

    Args:
        words: Without `tunesmith`.
        folder: Where it is run.
        log: What it says goes here; what stood there is replaced.

    Returns:
        Whether it was started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        try:
            fcntl.flock(output, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        os.ftruncate(output.fileno(), 0)
        started = subprocess.Popen(
            [*COMMAND, *words],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        log.with_suffix(".pid").write_text(str(started.pid))
    threading.Thread(target=started.wait, daemon=True).start()  # so that it leaves no zombie
    return True


def stop_command(log: Path) -> None:
    """Ask the process that writes this log to end; nothing where it has."""
    note = log.with_suffix(".pid")
    if is_running(log) and note.is_file():
        with suppress(ProcessLookupError, ValueError):
            os.kill(int(note.read_text()), signal.SIGTERM)


def is_running(log: Path) -> bool:
    """Whether the process that writes this log is alive."""
    if not log.is_file():
        return False
    with log.open("ab") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def last_line(log: Path) -> str:
    """The last thing that it said; empty where it said nothing."""
    if not log.is_file():
        return ""
    with log.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - _TAIL_BYTES))
        lines = stream.read().decode("utf-8", "replace").splitlines()
    return next((line[:400] for line in reversed(lines) if line.strip()), "")
