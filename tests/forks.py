"""Python programs in processes of their own, without the price of importing for each.

    python -m tests.forks SOCKET all|none      serves until its stdin is closed

The server imports what trains and calls endpoints, once and not before it is first asked, and
does nothing else: what it forks for a request knows of no test, has a process id and
signals of its own, and ends as a program ends. A test about importing, about memory of a bare
interpreter, or about the order of hashes starts a real interpreter.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import pytest

ROOT = Path(__file__).resolve().parent.parent
PLACE = "TUNESMITH_TEST_FORKS"  # the environment variable that tells tests where the server is
IMPORTS = "all"
IMPORTED = [
    "peft",
    "openai",
    "torch.distributed",
    "transformers.models.gpt2.modeling_gpt2",
    "transformers.models.llama.modeling_llama",
    "tests.endpoints.rig",
    "tests.teacher.played",
    "tests.tiny",
    "tunesmith.cli.commands.teach",
    "tunesmith.cli.commands.train",
    "tunesmith.models.load",
    "tunesmith.stages.train",
]


class Fork:
    """A program that runs, seen from the test that started it; as `subprocess.Popen`.

    Attributes:
        pid: Of the program.
        stdin: What it reads.
        stdout: What it prints, to be read while it runs.
        returncode: None while it runs; minus the signal's number if one ended it.
    """

    def __init__(
        self, words: Sequence[str], *, cwd: Path = ROOT, env: Mapping[str, str] | None = None
    ) -> None:
        """Start what follows `python`: `-m module ...` or `-c program ...`."""
        request = {
            "words": list(words),
            "cwd": str(cwd),
            "env": dict(os.environ if env is None else env),
        }
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        reads, to_it = os.pipe()
        from_it, prints = os.pipe()
        self._link = socket.socket(socket.AF_UNIX)
        self._link.connect(os.environ[PLACE])
        socket.send_fds(self._link, [b"."], [reads, prints, self._errors.fileno()])
        os.close(reads)
        os.close(prints)
        self._link.sendall(json.dumps(request).encode() + b"\n")
        self._replies = self._link.makefile()
        self.stdin: TextIO = os.fdopen(to_it, "w", encoding="utf-8")
        self.stdout: TextIO = os.fdopen(from_it, encoding="utf-8")
        self.pid = int(self._replies.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The return code if it has ended."""
        with contextlib.suppress(TimeoutError):
            self.wait(0.001)
        return self.returncode

    def wait(self, timeout: float = 120) -> int:
        """The return code, once it has ended."""
        if self.returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._link, selectors.EVENT_READ)
                if not selector.select(timeout):
                    raise TimeoutError(f"process {self.pid} runs after {timeout} seconds")
            self.returncode = int(self._replies.readline())
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def communicate(self, timeout: float = 120) -> tuple[str, str]:
        """Wait for its end; what else it printed and what it said on stderr."""
        self.stdin.close()
        timer = threading.Timer(timeout, self.send_signal, [signal.SIGKILL])
        timer.start()
        out = self.stdout.read()
        timer.cancel()
        self.wait()
        self._errors.seek(0)
        err = self._errors.read()
        for file in (self.stdout, self._errors, self._replies, self._link):
            file.close()
        return out, err


def ran(words: Sequence[str], **how: Any) -> str:
    """What a program printed that has to end well."""
    process = Fork(words, **how)
    out, err = process.communicate()
    assert process.returncode == 0, err
    return out


@contextlib.contextmanager
def served() -> Any:
    """A server for the processes of one session of tests, named in the environment."""
    with tempfile.TemporaryDirectory(prefix="forks-") as folder:
        place = f"{folder}/socket"
        server = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.forks", place, IMPORTS],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        while not Path(place).exists() and server.poll() is None:
            time.sleep(0.005)
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv(PLACE, place)
                yield
        finally:
            server.communicate()


def main(place: str, imports: str) -> None:
    """Fork for each request, and reap, until stdin is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the tests, which close stdin
    server = socket.socket(socket.AF_UNIX)
    server.bind(f"{place}.new")
    server.listen()
    Path(f"{place}.new").rename(place)  # who sees it can connect
    watchers: set[int] = set()
    with selectors.DefaultSelector() as selector:
        selector.register(server, selectors.EVENT_READ)
        selector.register(sys.stdin, selectors.EVENT_READ)
        while all(key.fileobj is server for key, _ in selector.select()):
            link, _ = server.accept()
            if imports == "all":
                _import_all()
            pid = os.fork()
            if pid == 0:
                selector.close()
                server.close()
                _serve(link)
            link.close()
            watchers.add(pid)
            watchers -= set(_reaped(os.WNOHANG))
    for pid in watchers - set(_reaped(os.WNOHANG)):  # of programs that a failed test left behind
        os.kill(pid, signal.SIGTERM)
    list(_reaped(0))


def _reaped(how: int) -> Iterator[int]:
    """Wait for those that have ended: their time is the server's, and so the session's."""
    with contextlib.suppress(ChildProcessError):
        while pid := os.waitpid(-1, how)[0]:
            yield pid


def _import_all() -> None:
    if IMPORTED:
        for name in IMPORTED:
            importlib.import_module(name)
        IMPORTED.clear()
        gc.collect()
        gc.freeze()


def _serve(link: socket.socket) -> None:
    """Start the program, tell its process id, wait, tell how it ended."""
    _, files, _, _ = socket.recv_fds(link, 1, 3)
    request = json.loads(link.makefile().readline())
    pid = os.fork()
    if pid == 0:
        link.close()
        for standard, file in enumerate(files):
            os.dup2(file, standard)
            os.close(file)
        os._exit(_ended(request))
    signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGKILL))
    for file in files:
        os.close(file)
    with contextlib.suppress(BrokenPipeError):
        link.sendall(f"{pid}\n".encode())
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with contextlib.suppress(BrokenPipeError):
        link.sendall(f"{code}\n".encode())
    os._exit(0)


def _ended(request: dict[str, Any]) -> int:
    """Be the program; its exit code."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", buffering=1)  # noqa: SIM115
    code: Any = 0
    try:
        _run(*request["words"])
    except SystemExit as exit_:
        code = exit_.code
    except BaseException:  # noqa: BLE001 - as an interpreter does
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)


def _run(how: str, what: str, *arguments: str) -> None:
    sys.argv = [how, *arguments]
    if how == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    main(*sys.argv[1:])
