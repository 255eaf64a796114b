"""A command -> what it printed, how long it took and the most memory it held."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_KIBIBYTE = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A child that has ended well.

    Attributes:
        output: Its standard output.
        seconds: From start to end.
        peak_mb: Most resident memory of the process (not of its children), MB of 2**20 bytes.
    """

    output: str
    seconds: float
    peak_mb: float


class ChildError(Exception):
    """A child ended badly; the message is the last of what it said."""


def run_child(
    command: Sequence[str],
    *,
    scratch: Path,
    environment: Mapping[str, str] | None = None,
    timeout_seconds: float = 1800,
) -> Ended:
    """Run a command to its end.

    Args:
        command: The program and its arguments.
        scratch: Where its output is kept.
        environment: Variables to set beside those of this process.
        timeout_seconds: After which it is killed.

    Raises:
        ChildError: It failed, or took too long.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    out, err = scratch / "stdout.txt", scratch / "stderr.txt"
    started = time.monotonic()
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            command,
            stdout=stdout,
            stderr=stderr,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        try:
            status, peak = _wait(process, started + timeout_seconds)
        finally:  # a session of its own does not hear a Ctrl-C
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
    seconds = time.monotonic() - started
    if seconds > timeout_seconds:
        raise ChildError(f"killed after {timeout_seconds:.0f} seconds")
    if status != 0:
        said = err.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        last = " ".join(said[-1:])[:300] or f"exit status {status}"
        raise ChildError(last)
    text = out.read_text(encoding="utf-8", errors="replace")
    return Ended(output=text, seconds=seconds, peak_mb=peak * _KIBIBYTE / 2**20)


def _wait(process: subprocess.Popen[bytes], deadline: float) -> tuple[int, int]:
    """Exit status and peak resident KiB; the system tells the peak only to who waits.

    A child begins as a copy of this process, so that less than this one holds is never told.
    """
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage.ru_maxrss
        if time.monotonic() > deadline:
            os.killpg(process.pid, signal.SIGKILL)  # with those that it started
            deadline = time.monotonic() + 60
        time.sleep(0.02)
