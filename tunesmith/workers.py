"""Batches in order -> their chunks in the same order, made by a few processes.

The processes are plain Python interpreters at the other end of a pipe: they import no model,
run no user's main module, and end when the pipe does, however this process ends.
"""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import chain, islice
from multiprocessing import Pipe
from multiprocessing.connection import Connection

from tunesmith.errors import TunesmithError
from tunesmith.examples.batch import MaterialBatch, clean_batch
from tunesmith.examples.splitting.collection import Chunk
from tunesmith.search_path import paths_for_children

NUM_ALONE = 16  # batches that are worked on here before processes are started, which takes 1 s
MAX_WORKERS = 8
_WAITING = 2  # batches each process has ahead of it


def work_all(
    batches: Iterator[MaterialBatch], *, num_workers: int | None = None
) -> Iterator[Chunk]:
    """Work on batches, alone while they are few.

    Args:
        batches: Read as far ahead as the processes need.
        num_workers: As many as there are free processors, if None.

    Raises:
        TunesmithError: A process died.
    """
    count = min(MAX_WORKERS, _num_processors()) if num_workers is None else num_workers
    for batch in islice(batches, NUM_ALONE) if count > 1 else batches:
        yield clean_batch(batch)
    following = next(batches, None) if count > 1 else None
    if following is not None:
        yield from _work_together(chain([following], batches), count)


def _num_processors() -> int:
    """Those that this process may use, where the system says it."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _work_together(batches: Iterator[MaterialBatch], count: int) -> Iterator[Chunk]:
    workers: list[_Worker] = []
    try:
        workers += (_Worker() for _ in range(count))
        num_sent = num_done = 0
        for batch in batches:
            if num_sent - num_done == _WAITING * count:
                yield workers[num_done % count].receive()
                num_done += 1
            workers[num_sent % count].send(batch)
            num_sent += 1
        for number in range(num_done, num_sent):
            yield workers[number % count].receive()
    finally:
        for worker in workers:
            worker.close()


class _Worker:
    """A process that answers each batch with its chunk, in order."""

    def __init__(self) -> None:
        self._pipe, other = Pipe()
        paths = os.pathsep.join(paths_for_children())
        program = "import sys; from tunesmith.workers import serve; serve(int(sys.argv[1]))"
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", program, str(other.fileno())],
            pass_fds=[other.fileno()],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths, "RAYON_NUM_THREADS": "1"},
        )
        other.close()

    def send(self, batch: MaterialBatch) -> None:
        try:
            self._pipe.send(batch)
        except OSError:
            raise self._death() from None

    def receive(self) -> Chunk:
        try:
            answer = self._pipe.recv()
        except (EOFError, OSError):
            raise self._death() from None
        if isinstance(answer, Exception):
            raise answer
        chunk: Chunk = answer
        return chunk

    def close(self) -> None:
        self._pipe.close()
        self._process.kill()
        self._process.wait()

    def _death(self) -> TunesmithError:
        return TunesmithError(
            f"a process that prepared examples died (exit status {self._process.wait()})",
            cure="Was it killed for memory? Run the same command again.",
        )


def serve(handle: int) -> None:
    """Work on what comes through a pipe until it ends; the other end of `_Worker`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; the pipe's end is ours
    pipe = Connection(handle)
    waiting: queue.SimpleQueue[MaterialBatch | None] = queue.SimpleQueue()
    threading.Thread(target=_take_in, args=(pipe, waiting), daemon=True).start()
    while (batch := waiting.get()) is not None:
        try:
            answer: Chunk | Exception = clean_batch(batch)
        except Exception as error:  # noqa: BLE001 - raised again where it can be seen
            answer = error
        try:
            pipe.send(answer)
        except OSError:
            return


def _take_in(pipe: Connection, waiting: "queue.SimpleQueue[MaterialBatch | None]") -> None:
    """Empty the pipe at all times, so that two full pipes never wait for each other."""
    try:
        while True:
            waiting.put(pipe.recv())
    except (EOFError, OSError):
        waiting.put(None)
