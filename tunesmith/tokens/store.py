"""Encoded rows -> one memory-mapped Arrow file a split -> rows again, without reading the file.

The file carries the key of everything it depends on; a file with another key is stale
and is never opened. Rows are zero-copy views; `lengths` and `num_targets` are in memory.
Of a preference, two rows follow each other: the chosen answer, then the rejected one.
"""

import re
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tunesmith.errors import MissingError
from tunesmith.files import atomic_file
from tunesmith.tokens.encode import EncodedExample

_ROWS_PER_BATCH = 8192
_SCHEMA = pa.schema(
    [
        ("example_id", pa.string()),
        ("ids", pa.large_list(pa.int32())),
        ("is_trained", pa.large_list(pa.uint8())),
    ]
)


def write_store(
    path: Path, rows: Iterable[tuple[str, EncodedExample]], *, key: str, width: int = 1
) -> None:
    """Write (example id, encoded row) pairs as an Arrow file that names its key.

    Args:
        path: Where to.
        rows: In order; those of an example follow each other.
        key: Of what they were made of.
        width: Rows that are one entry of the store: two of a preference.
    """
    schema = _SCHEMA.with_metadata({"key": key, "width": str(width)})
    iterator = iter(rows)
    with atomic_file(path) as stream, pa.ipc.new_file(stream, schema) as writer:
        while chunk := list(islice(iterator, _ROWS_PER_BATCH)):
            writer.write_batch(_record_batch(chunk, schema))


class TokenStore:
    """Read access to one split's entries, by index: single rows, or pairs of them.

    Attributes:
        width: Encoded rows of an entry: one, or two of a preference.
        lengths: Tokens of each entry, (N,) int64.
        num_targets: Tokens of each that the loss counts, (N,) int64; a first token never is.

    Raises:
        MissingError: There is no such file, it is damaged, or it was made of something else.
    """

    def __init__(self, path: Path, *, key: str) -> None:
        if not path.is_file():
            raise MissingError("no such token store", where=str(path), cure="Run prepare first.")
        try:
            reader = pa.ipc.open_file(pa.memory_map(str(path)))
        except pa.ArrowInvalid as error:
            raise MissingError(
                f"a damaged token store ({error})", where=str(path), cure="Run prepare again."
            ) from None
        batches = [reader.get_batch(index) for index in range(reader.num_record_batches)]
        metadata = reader.schema.metadata or {}
        self.key = metadata.get(b"key", b"").decode()
        self.width = int(metadata.get(b"width", b"1"))
        if self.key != key:
            raise MissingError("a stale token store", where=str(path), cure="Run prepare again.")
        self._columns = [_Columns(batch) for batch in batches]
        self._first_rows = np.cumsum([0, *(len(column) for column in self._columns)])
        self.lengths = self._of_entries([column.lengths for column in self._columns])
        self.num_targets = self._of_entries([column.num_targets for column in self._columns])

    def __len__(self) -> int:
        """Number of entries."""
        return int(self._first_rows[-1]) // self.width

    def __getitem__(self, index: int) -> EncodedExample:
        """The first row of an entry; its arrays are views of the mapped file."""
        return self.rows_of(index)[0]

    def rows_of(self, index: int) -> list[EncodedExample]:
        """All rows of an entry: of a preference, the chosen answer's and the rejected one's."""
        places = (self._locate(index, behind) for behind in range(self.width))
        return [columns.row(row) for columns, row in places]

    def example_id(self, index: int) -> str:
        """The example that an entry was made of."""
        columns, row = self._locate(index)
        return columns.example_id(row)

    def distinct_ids(self) -> npt.NDArray[np.int64]:
        """Every token that some row holds, once, ascending; reads all ids."""
        is_read = np.zeros(1 + max((c.largest_id for c in self._columns), default=-1), np.bool_)
        for columns in self._columns:
            columns.mark(is_read)
        return np.flatnonzero(is_read)

    def _locate(self, index: int, behind: int = 0) -> tuple["_Columns", int]:
        if not 0 <= index < len(self):
            raise IndexError(index)
        row = index * self.width + behind
        batch = int(np.searchsorted(self._first_rows, row, side="right")) - 1
        return self._columns[batch], row - int(self._first_rows[batch])

    def _of_entries(self, parts: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
        return np.asarray(_concatenate(parts).reshape(-1, self.width).sum(axis=1))


class _Columns:
    """The three columns of one record batch as numpy views."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        ids = batch.column("ids")
        self._example_ids = batch.column("example_id")
        # Not `to_numpy`, which imports pandas where that is installed: 0.2 s and 50 MB.
        self._offsets = np.asarray(np.from_dlpack(ids.offsets), np.int64)
        self._ids = np.asarray(np.from_dlpack(ids.values), np.int32)
        is_trained = np.asarray(np.from_dlpack(batch.column("is_trained").values), np.uint8)
        self._is_trained = is_trained.view(np.bool_)
        self.lengths = np.diff(self._offsets)
        self.num_targets = _count_targets(is_trained, self._offsets)

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def largest_id(self) -> int:
        return int(self._ids.max(initial=-1))

    def mark(self, is_read: npt.NDArray[np.bool_]) -> None:
        """Set the flags of all tokens that stand here."""
        is_read[self._ids] = True

    def row(self, index: int) -> EncodedExample:
        part = slice(self._offsets[index], self._offsets[index + 1])
        return EncodedExample(ids=self._ids[part], is_trained=self._is_trained[part])

    def example_id(self, index: int) -> str:
        return str(self._example_ids[index])


def _record_batch(rows: list[tuple[str, EncodedExample]], schema: pa.Schema) -> pa.RecordBatch:
    offsets = np.cumsum([0, *(len(row.ids) for _, row in rows)], dtype=np.int64)
    ids = np.concatenate([row.ids for _, row in rows])
    is_trained = np.concatenate([row.is_trained for _, row in rows]).view(np.uint8)
    columns = [
        pa.array([example_id for example_id, _ in rows], pa.string()),
        pa.LargeListArray.from_arrays(offsets, pa.array(ids, pa.int32())),
        pa.LargeListArray.from_arrays(offsets, pa.array(is_trained, pa.uint8())),
    ]
    return pa.record_batch(columns, schema=schema)


def _count_targets(
    flags: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    cumulative = np.concatenate([[0], np.cumsum(flags, dtype=np.int64)])
    return np.asarray(cumulative[offsets[1:]] - cumulative[offsets[:-1] + 1])


def _concatenate(parts: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    return np.concatenate([np.empty(0, np.int64), *parts])


def store_name(split: str, key: str) -> str:
    """The file name of a split's store; the key's beginning keeps old files apart."""
    return f"{split}-{key[:12]}.arrow"


def is_store_name(name: str) -> bool:
    """Whether `store_name` gives such names; other files beside the stores are a user's."""
    return re.fullmatch(r"(train|validation|test)-[0-9a-f]{12}\.arrow", name) is not None
