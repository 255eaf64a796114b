"""A split's file -> its encoded rows in order, by as many processes as there are cores.

Workers are forked, so that they share what is in memory already: starting one takes
milliseconds, and only the words it learns are its own. Where that is not safe (other systems
than Linux), and for a short file, the rows are encoded here. The rows, what is dropped and the
counts are the same either way.
"""

import sys
from collections import deque
from collections.abc import Generator, Iterator
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
from tunesmith.stages.preparing.example_encoder import (
    ROWS_AT_ONCE,
    EncodeCount,
    EncodedRow,
    ExampleEncoder,
)
from tunesmith.stages.preparing.line_sieve import LineSieve
from tunesmith.tokens.encode import EncodedExample
from tunesmith.training.resources.allocator import return_freed_memory
from tunesmith.workers import num_useful_workers, work_in_forks

_WORTH_PROCESSES = 8 * ROWS_AT_ONCE  # rows; fewer take less than a second

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


def _useful_processes(num_rows: int) -> int:
    if sys.platform != "linux" or num_rows < _WORTH_PROCESSES:
        return 1
    return num_useful_workers()


def _chunks(stream: BinaryIO) -> Iterator[list[bytes]]:
    while lines := list(islice(stream, ROWS_AT_ONCE)):
        yield lines


def _encode_here(encoder: ExampleEncoder, stream: BinaryIO) -> Generator[_Done]:
    for lines in _chunks(stream):
        yield lines, _encode_lines(encoder, lines)


def _encode_apart(
    num_processes: int, encoder: ExampleEncoder, stream: BinaryIO
) -> Generator[_Done]:
    return_freed_memory()  # what reading the sources left behind
    sent: deque[list[bytes]] = deque()

    def chunks() -> Iterator[list[bytes]]:
        for lines in _chunks(stream):
            sent.append(lines)
            yield lines

    encode = partial(_encode_lines, encoder)
    for chunk in work_in_forks(encode, chunks(), num_workers=num_processes):
        yield sent.popleft(), chunk


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
