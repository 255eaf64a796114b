"""A file of JSON Lines -> any of its lines at once, by number or by id, without holding them.

24 bytes a line are kept, and made anew when the file's time or size changes: 100,000 lines
are indexed in a fraction of a second.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

# In a text of JSON every quotation mark is escaped, so neither key is found inside one.
_ID = re.compile(rb'"(?:example_)?id":"([0-9a-f]{16})"')
_OURS = (b'{"id":"', b'{"source":"')  # how lines of examples and of what was dropped begin
_MARK = re.compile(rb"\[(?:email|phone|card|iban|account|ip|secret)\]|@person_(?=[0-9])")
_REASON = re.compile(rb'"reason":"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class LineIndex:
    """Where the lines of a file begin.

    Attributes:
        path: The file.
        starts: (lines + 1,) bytes; the last is the file's end.
        ids: (lines,) of examples, as numbers; 0 where a line has none.
        order: (lines,) the lines by their ids.
        reasons: Of what was dropped: the numbers of lines, by reason.
        marked: Of examples: the numbers of lines that hold a redaction, by its mark.
    """

    path: Path
    starts: npt.NDArray[np.int64]
    ids: npt.NDArray[np.uint64]
    order: npt.NDArray[np.int64]
    reasons: dict[str, list[int]] = field(default_factory=dict)
    marked: dict[str, list[int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def rows(self, numbers: Sequence[int]) -> Iterator[dict[str, Any]]:
        """The records of some lines, by their numbers from 0."""
        with self.path.open("rb") as stream:
            for number in numbers:
                stream.seek(int(self.starts[number]))
                yield orjson.loads(stream.readline())

    def find(self, example_id: str) -> dict[str, Any] | None:
        """The record with an id; None where there is none."""
        if not re.fullmatch("[0-9a-f]{16}", example_id):
            return None
        wanted = np.uint64(int(example_id, 16))
        place = int(np.searchsorted(self.ids, wanted, sorter=self.order))
        if place == len(self) or self.ids[self.order[place]] != wanted:
            return None
        return next(self.rows([int(self.order[place])]))


@dataclass(slots=True)
class LineIndexes:
    """Indexes of files as they are now; each is made once for each state of its file."""

    _known: dict[Path, tuple[tuple[int, int], LineIndex]] = field(default_factory=dict)

    def of(self, path: Path) -> LineIndex:
        """A file's index; a missing file has no lines."""
        if not path.is_file():
            return _index(path, iter(()))
        found = path.stat()
        state = (found.st_mtime_ns, found.st_size)
        known = self._known.get(path)
        if known is None or known[0] != state:
            with path.open("rb", buffering=1 << 20) as stream:
                known = self._known[path] = (state, _index(path, stream))
        return known[1]


def _index(path: Path, lines: Iterator[bytes]) -> LineIndex:
    starts, ids = [0], []
    reasons, marked = dict[str, list[int]](), dict[str, list[int]]()
    for number, line in enumerate(lines):
        starts.append(starts[-1] + len(line))
        found = _ID.search(line) if line.startswith(_OURS) else None
        ids.append(int(found[1], 16) if found else 0)
        for mark in {*_MARK.findall(line)} if found else ():
            marked.setdefault(mark.decode(), []).append(number)
        if line.startswith(b'{"source"') and (reason := _REASON.search(line)):
            reasons.setdefault(orjson.loads(b'"%b"' % reason[1]), []).append(number)
    numbers = np.array(ids, dtype=np.uint64)
    return LineIndex(
        path=path,
        starts=np.array(starts, dtype=np.int64),
        ids=numbers,
        order=np.argsort(numbers, kind="stable"),
        reasons=reasons,
        marked=marked,
    )
