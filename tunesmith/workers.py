"""Items in order -> what becomes of each, in the same order, by a pool of worker processes.

A worker stands at the other end of a pipe and is either a fresh interpreter, which imports its
function by name (every system; a second), or a fork of this process, which shares what is in
memory (Linux; milliseconds). Either ends when this process does, however that ends.
"""

import ctypes
import gc
import importlib
import multiprocessing
import os
import queue
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, Generic, NamedTuple, TypeVar

from tunesmith.errors import TunesmithError
from tunesmith.search_path import paths_for_children

MAX_WORKERS = 8  # more than this one process cannot feed
_AHEAD = 3  # items a worker that wait to be worked on or taken
_PR_SET_PDEATHSIG = 1  # of linux/prctl.h

T = TypeVar("T")
R = TypeVar("R")


def num_useful_workers() -> int:
    """As many as there are processors that this process may use, where the system says it."""
    if hasattr(os, "sched_getaffinity"):
        return min(MAX_WORKERS, len(os.sched_getaffinity(0)))
    return min(MAX_WORKERS, os.cpu_count() or 1)


def work_in_interpreters(
    work: Callable[[T], R], items: Iterable[T], *, num_workers: int
) -> Iterator[R]:
    """Work on items in fresh interpreters, which import no model and no user's main module.

    Args:
        work: A function at the top of a module; an error it raises is raised here.
        items: Read as far ahead as the workers need; they are pickled.
        num_workers: At least one.

    Raises:
        TunesmithError: A process ended.
    """
    yield from _work_in_order(lambda: _Worker(_interpreter, work), items, num_workers)


def work_in_forks(work: Callable[[T], R], items: Iterable[T], *, num_workers: int) -> Iterator[R]:
    """Work on items in forks of this process, for Linux only.

    Args:
        work: Any function; what it refers to is shared until it is written to.
        items: Read as far ahead as the workers need; they are pickled.
        num_workers: At least one.

    Raises:
        TunesmithError: A process ended.
    """
    with _unmoved_objects():
        yield from _work_in_order(lambda: _Worker(_fork, work), items, num_workers)


def _work_in_order(
    start: "Callable[[], _Worker[T, R]]", items: Iterable[T], count: int
) -> Iterator[R]:
    workers: list[_Worker[T, R]] = []
    num_sent = num_done = 0
    try:
        workers += (start() for _ in range(count))
        for item in items:
            if num_sent - num_done == _AHEAD * count:
                yield workers[num_done % count].receive()
                num_done += 1
            workers[num_sent % count].send(item)
            num_sent += 1
        for number in range(num_done, num_sent):
            yield workers[number % count].receive()
    finally:
        for worker in workers:
            worker.close()


class _Process(NamedTuple):
    """What is asked of a process, however it was started."""

    kill: Callable[[], None]
    wait: Callable[[], int]  # returns its exit status


class _Worker(Generic[T, R]):
    """A process that answers each item with what becomes of it, in order."""

    def __init__(
        self,
        start: Callable[[Callable[[T], R], Connection], _Process],
        work: Callable[[T], R],
    ) -> None:
        self._pipe, other = Pipe()
        self._process = start(work, other)
        other.close()

    def send(self, item: T) -> None:
        try:
            self._pipe.send(item)
        except OSError:
            raise self._death() from None

    def receive(self) -> R:
        try:
            answer = self._pipe.recv()
        except (EOFError, OSError):
            raise self._death() from None
        if isinstance(answer, Exception):
            raise answer
        made: R = answer
        return made

    def _death(self) -> TunesmithError:
        return TunesmithError(
            f"a worker process has ended (exit status {self._process.wait()})",
            cure="Was it killed for memory? Run the same command again, with more memory or on "
            "fewer cores (taskset -c 0).",
        )

    def close(self) -> None:
        self._pipe.close()
        self._process.kill()
        self._process.wait()


def _interpreter(work: Callable[[Any], Any], pipe: Connection) -> _Process:
    paths = os.pathsep.join(paths_for_children())
    program = "import sys; from tunesmith.workers import serve; serve(*sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", program, work.__module__, work.__name__, str(pipe.fileno())],
        pass_fds=[pipe.fileno()],
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": paths, "RAYON_NUM_THREADS": "1"},
    )
    return _Process(process.kill, process.wait)


def serve(module: str, function: str, handle: str) -> None:
    """Work on what comes through a pipe until it ends; the other end of `_Worker`."""
    _answer_all(getattr(importlib.import_module(module), function), Connection(int(handle)))


def _fork(work: Callable[[Any], Any], pipe: Connection) -> _Process:
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_serve_forked, args=(work, pipe), daemon=True)
    with warnings.catch_warnings():  # Python 3.12 dislikes forks beside any thread
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()

    def wait() -> int:
        process.join()
        return process.exitcode or 0

    return _Process(process.kill, wait)


def _serve_forked(work: Callable[[Any], Any], pipe: Connection) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # never outlive who forked it
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # the cores have a worker each
    _answer_all(work, pipe)


@contextmanager
def _unmoved_objects() -> Iterator[None]:
    """A collection of garbage writes to every object, and what is written is no longer shared."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _answer_all(work: Callable[[Any], Any], pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; the pipe's end is ours
    waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_take_in, args=(pipe, waiting), daemon=True).start()
    while (item := waiting.get()) is not None:
        try:
            answer = work(item)
        except Exception as error:  # noqa: BLE001 - raised again where it can be seen
            answer = error
        try:
            pipe.send(answer)
        except OSError:
            return


def _take_in(pipe: Connection, waiting: "queue.SimpleQueue[Any]") -> None:
    """Empty the pipe at all times, so that two full pipes never wait for each other."""
    try:
        while True:
            waiting.put(pipe.recv())
    except (EOFError, OSError):
        waiting.put(None)
