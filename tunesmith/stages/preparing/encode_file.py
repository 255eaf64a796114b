"""A split's file -> its encoded rows in order, by as many processes as there are cores.

Workers are forked, so that they share what is in memory already: starting one takes
milliseconds, and only the words it learns are its own. Where that is not safe (other systems
than Linux), and for a short file, the rows are encoded here. The rows, what is dropped and the
counts are the same either way.
"""

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import warnings
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np
import orjson

from tunesmith.errors import MissingError, TunesmithError
from tunesmith.examples.example import Example
from tunesmith.sources.row import Dropped
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.preparing.encode import ROWS_AT_ONCE, EncodeCount, EncodedRow, ExampleEncoder
from tunesmith.stages.preparing.line_sieve import LineSieve
from tunesmith.tokens.encode import EncodedExample
from tunesmith.training.resources.allocator import return_freed_memory

_WORTH_PROCESSES = 8 * ROWS_AT_ONCE  # rows; fewer take less than a second
_MOST_PROCESSES = 8  # more than this one can feed
_AHEAD = 3  # chunks a worker that wait to be encoded or taken
_PR_SET_PDEATHSIG = 1  # of linux/prctl.h

_Packed = tuple[str, bytes, bytes]  # example id, ids, marks
_Done = tuple[list[bytes], "_Chunk"]  # lines of the file, and what became of them


@dataclass(slots=True, kw_only=True)
class _Chunk:
    """What became of some lines, in a form that is quickly sent.

    Attributes:
        is_kept: Of each line up to an error, whether its example left a row.
        rows: What was encoded, up to an error.
        dropped: What was not.
        count: Of these lines.
        error: What kept the rest from being encoded.
    """

    is_kept: list[bool] = field(default_factory=list)
    rows: list[_Packed] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    count: EncodeCount = field(default_factory=EncodeCount)
    error: TunesmithError | None = None


def encode_file(
    encoder: ExampleEncoder,
    path: Path,
    *,
    num_rows: int,
    progress: Progress,
    num_processes: int | None = None,
    sieve: LineSieve | None = None,
) -> Iterator[EncodedRow]:
    """Encode a file of examples that Tunesmith wrote.

    Args:
        encoder: How; its `drop` and `count` are told in the file's order.
        path: JSON Lines.
        num_rows: About how many it holds.
        progress: Told of examples as they pass.
        num_processes: To encode with; None is a core each, where there is enough to do.
        sieve: Told of the file's lines, and which of them left no row.

    Raises:
        DataError: A row is too long and the recipe says `error`.
        MissingError: There is no such file.
        TunesmithError: A process ended while it encoded.
    """
    if num_processes is None:
        num_processes = _useful_processes(num_rows)
    encode = _encode_here if num_processes == 1 else partial(_encode_apart, num_processes)
    try:
        with path.open("rb") as stream, closing(encode(encoder, stream)) as chunks:
            for lines, chunk in chunks:
                progress.advance(len(lines))
                yield from _taken(chunk, encoder)
                if sieve is not None:
                    sieve.sift(lines, chunk.is_kept)
    except FileNotFoundError:
        raise MissingError("no such file", where=str(path)) from None
    except BrokenProcessPool:
        raise TunesmithError(
            "a process that encodes rows has ended, perhaps for want of memory",
            where=str(path),
            cure="Run the command again, with more memory or on fewer cores (taskset -c 0).",
        ) from None


def _useful_processes(num_rows: int) -> int:
    if sys.platform != "linux" or num_rows < _WORTH_PROCESSES:
        return 1
    return min(len(os.sched_getaffinity(0)), _MOST_PROCESSES)


def _encode_here(encoder: ExampleEncoder, stream: BinaryIO) -> Generator[_Done]:
    while lines := list(islice(stream, ROWS_AT_ONCE)):
        yield lines, _encode_lines(encoder, lines)


def _encode_apart(
    num_processes: int, encoder: ExampleEncoder, stream: BinaryIO
) -> Generator[_Done]:
    pool = ProcessPoolExecutor(
        num_processes,
        mp_context=multiprocessing.get_context("fork"),
        initializer=_become_worker,
        initargs=(encoder,),
    )
    return_freed_memory()  # what reading the sources left behind
    gc.freeze()  # a collection writes to every object, and what is written is no longer shared
    try:
        yield from _in_turns(pool, stream, num_processes * _AHEAD)
    finally:
        pool.shutdown(cancel_futures=True)
        gc.unfreeze()


def _in_turns(pool: ProcessPoolExecutor, stream: BinaryIO, num_ahead: int) -> Iterator[_Done]:
    """The chunks of a file in order; never more than some are read ahead."""
    waiting: deque[tuple[list[bytes], Future[_Chunk]]] = deque()
    while lines := list(islice(stream, ROWS_AT_ONCE)):
        if len(waiting) == num_ahead:
            yield _ended(*waiting.popleft())
        with warnings.catch_warnings():  # Python 3.12 dislikes forks beside any thread
            warnings.simplefilter("ignore", DeprecationWarning)
            waiting.append((lines, pool.submit(_encode_in_worker, lines)))
    while waiting:
        yield _ended(*waiting.popleft())


def _ended(lines: list[bytes], future: Future[_Chunk]) -> _Done:
    return lines, future.result()


def _encode_lines(encoder: ExampleEncoder, lines: list[bytes]) -> _Chunk:
    """Encode with a count and a list of drops of its own, which the chunk brings home."""
    chunk = _Chunk()
    encoder = replace(encoder, drop=chunk.dropped.append, count=chunk.count)
    examples = (Example.from_json(orjson.loads(line)) for line in lines)
    try:
        for rows in encoder.encode(examples):
            chunk.is_kept.append(bool(rows))
            chunk.rows += [
                (example_id, row.ids.tobytes(), row.is_trained.tobytes())
                for example_id, row in rows
            ]
    except TunesmithError as error:
        chunk.error = error
    return chunk


def _taken(chunk: _Chunk, encoder: ExampleEncoder) -> Iterator[EncodedRow]:
    for dropped in chunk.dropped:
        encoder.drop(dropped)
    encoder.count.add(chunk.count)
    for example_id, ids, marks in chunk.rows:
        yield (
            example_id,
            EncodedExample(
                ids=np.frombuffer(ids, dtype=np.int32),
                is_trained=np.frombuffer(marks, dtype=np.bool_),
            ),
        )
    if chunk.error is not None:
        raise chunk.error


# In a worker.

_worker_encoder: ExampleEncoder  # of a worker; the process that forks it has none


def _become_worker(encoder: ExampleEncoder) -> None:
    global _worker_encoder  # noqa: PLW0603 - a worker's calls share nothing else
    _worker_encoder = encoder
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # never outlive it
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # the cores have a worker each


def _encode_in_worker(lines: list[bytes]) -> _Chunk:
    return _encode_lines(_worker_encoder, lines)
