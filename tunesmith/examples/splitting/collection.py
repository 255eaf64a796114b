"""Examples in chunks -> all of them on disk, with what comparing needs within reach.

Lines, 3-grams and bands lie in files without a name in the given folder: they cost no memory,
and nothing is left of them however the process ends. Some 90 bytes an example stay in memory.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

import numpy as np
import numpy.typing as npt

from tunesmith.examples.edits.held_row import HeldRow
from tunesmith.examples.splitting.fingerprints import NUM_BANDS, Fingerprints, Uint32s, Uint64s
from tunesmith.files import raise_disk_full
from tunesmith.sources.not_read import NotReadCount
from tunesmith.sources.row import Dropped

Rows = npt.NDArray[np.int64]
_KEYS = ("ids", "prompts", "wholes", "frames", "groups")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOrigin:
    """What an edited row was, by which it stays in its split.

    Attributes:
        ids: Of what it was, from what its source says on.
        prompt: As in Fingerprints, of what its source says.
    """

    ids: tuple[int, ...]
    prompt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some examples in order, as lines, and what was dropped before and between them.

    Attributes:
        lines: JSON Lines, with the examples' groups where that was asked for.
        lengths: Bytes of each line.
        prints: Their fingerprints.
        named: The split that each row or the recipe names, as a place in SPLITS; -1: none.
        redacted: What was hidden in an example, by its place.
        dropped: What was left out.
        dropped_at: How many of the examples stand before each of these.
        kept_by_source: How many examples each source gave.
        removed: End markers that were taken off their answers.
        num_read: Everything that was read, for whoever counts.
        not_read: What was passed over on purpose.
        held: Examples that wait for what a person has changed in them; they are in no line.
        origins: What edited examples were, by their place.
    """

    lines: bytes
    lengths: Sequence[int]
    prints: Fingerprints
    named: Sequence[int]
    redacted: Mapping[int, Counter[str]]
    dropped: Sequence[Dropped]
    dropped_at: Sequence[int]
    kept_by_source: Counter[str]
    removed: Counter[str]
    num_read: int
    not_read: NotReadCount
    held: Sequence[HeldRow] = ()
    origins: Mapping[int, RowOrigin] = field(default_factory=dict)


class Collection:
    """Everything that was read, one row an example; a context that ends with its files.

    After `finish` its arrays are those of Fingerprints, over all rows, and `named`, as in Chunk;
    `long_rows` are the rows that have 3-grams, `drawn_by` are prompts as sources say them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines = _File(folder)
        self._shingles = _File(folder)
        self._bands = _File(folder)
        self._parts: dict[str, list[npt.NDArray[np.generic]]] = {}
        self._band_widths: list[int] = []
        self.redacted: dict[int, Counter[str]] = {}
        self.origins: dict[int, RowOrigin] = {}
        self.num_rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._lines, self._shingles, self._bands):
            file.close()

    def add(self, chunk: Chunk) -> None:
        """Take a chunk in.

        Raises:
            DiskFullError: There is no space for it.
        """
        prints = chunk.prints
        try:
            self._lines.append(chunk.lines)
            self._shingles.append(prints.shingles.tobytes())
            self._bands.append(prints.bands.tobytes())
        except OSError as error:
            raise_disk_full(error, self._folder)
            raise
        self._band_widths.append(prints.bands.shape[1])
        num_rows = len(chunk.lengths)
        parts = {name: getattr(prints, name) for name in (*_KEYS, "is_long", "counts", "sketches")}
        parts["lengths"] = np.array(chunk.lengths, dtype=np.uint32)
        parts["named"] = np.array(chunk.named, dtype=np.int8)
        for name, part in parts.items():
            self._parts.setdefault(name, []).append(part)
        for place, counts in chunk.redacted.items():
            self.redacted[self.num_rows + place] = counts
        for place, origin in chunk.origins.items():
            self.origins[self.num_rows + place] = origin
        self.num_rows += num_rows

    def finish(self) -> None:
        """Join what was added: it can be asked, until more is added."""
        for name, parts in self._parts.items():
            self._parts[name] = [np.concatenate(parts)]
        joined: dict[str, Any] = {name: parts[0] for name, parts in self._parts.items()}
        self.ids, self.prompts, self.wholes, self.frames, self.groups = (
            joined.get(name, np.zeros(0, dtype=np.uint64)) for name in _KEYS
        )
        self.drawn_by = self.prompts.copy() if self.origins else self.prompts
        for row, origin in self.origins.items():
            self.drawn_by[row] = origin.prompt
        self.named = joined.get("named", np.zeros(0, dtype=np.int8))
        is_long = joined.get("is_long", np.zeros(0, dtype=np.bool_))
        self.long_rows: Rows = np.flatnonzero(is_long)
        self.counts: Uint32s = joined.get("counts", np.zeros(0, dtype=np.uint32))
        self.sketches: Uint64s = joined.get("sketches", np.zeros((0, 4), dtype=np.uint64))
        self._line_ends = np.cumsum(joined.get("lengths", np.zeros(0)), dtype=np.int64)
        self._shingle_ends = np.cumsum(self.counts, dtype=np.int64)

    def add_all(self, chunks: Iterable[Chunk]) -> None:
        """Take chunks in, and finish."""
        for chunk in chunks:
            self.add(chunk)
        self.finish()

    def line(self, row: int) -> bytes:
        """The line of an example."""
        start = int(self._line_ends[row - 1]) if row else 0
        return self._lines.read(start, int(self._line_ends[row]) - start)

    def lines(self) -> Iterator[bytes]:
        """All lines in order."""
        return self._lines.lines()

    def shingles(self, place: int) -> Uint64s:
        """The 3-grams of a long row, by its place among the long ones."""
        start = int(self._shingle_ends[place - 1]) if place else 0
        num_bytes = 8 * int(self.counts[place])
        return np.frombuffer(self._shingles.read(8 * start, num_bytes), dtype=np.uint64)

    def band(self, number: int) -> Uint32s:
        """One band of all long rows."""
        parts = []
        start = 0
        for width in self._band_widths:
            parts.append(self._bands.read(start + 4 * width * number, 4 * width))
            start += 4 * width * NUM_BANDS
        return np.frombuffer(b"".join(parts), dtype=np.uint32)


class _File:
    """A file without a name that grows at its end and is read anywhere."""

    def __init__(self, folder: Path) -> None:
        self._stream: IO[bytes] = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115

    def append(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._stream.write(rest) :]

    def close(self) -> None:
        self._stream.close()

    def read(self, start: int, num_bytes: int) -> bytes:
        return os.pread(self._stream.fileno(), num_bytes, start)

    def lines(self) -> Iterator[bytes]:
        with os.fdopen(os.dup(self._stream.fileno()), "rb", buffering=1 << 20) as stream:
            stream.seek(0)
            yield from stream
