"""Encoded rows -> the tables of ids that TRL, Axolotl and LLaMA-Factory train on as they are.

Columns: `input_ids`, `attention_mask`, and `labels`, which are -100 where the loss counts nothing.
None of the three renders or encodes such rows again, so that none can do it in another way.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset, DatasetDict, load_from_disk

from tunesmith.files import atomic_file
from tunesmith.tokens.encode import EncodedExample

_ROWS_AT_ONCE = 4_096
_IGNORED = -100
_SCHEMA = pa.schema(
    [
        ("input_ids", pa.list_(pa.int32())),
        ("attention_mask", pa.list_(pa.int8())),
        ("labels", pa.list_(pa.int64())),
    ]
)


def write_token_parquet(path: Path, rows: Iterable[EncodedExample]) -> None:
    """Write rows as a Parquet file; memory holds some thousands at a time."""
    with atomic_file(path) as stream, pq.ParquetWriter(stream, _SCHEMA) as writer:
        for batch in _batches(rows):
            writer.write_batch(batch)


def write_token_folder(folder: Path, splits: Mapping[str, Iterable[EncodedExample]]) -> None:
    """Write splits as `datasets.load_from_disk` reads them, which LLaMA-Factory calls a cache."""
    streams = {split: folder.with_name(f".{split}.arrow") for split in splits}
    for split, rows in splits.items():
        with atomic_file(streams[split]) as file, pa.ipc.new_stream(file, _SCHEMA) as writer:
            for batch in _batches(rows):
                writer.write_batch(batch)
    tables = {split: Dataset.from_file(str(path)) for split, path in streams.items()}
    with _without_bars():
        DatasetDict(tables).save_to_disk(str(folder))
    for path in streams.values():
        path.unlink()


def token_parquet_rows(path: Path) -> Iterator[EncodedExample]:
    """The rows of a Parquet file, as a trainer reads them."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS_AT_ONCE):
            yield from _rows(batch)


def token_folder_rows(folder: Path, split: str) -> Iterator[EncodedExample]:
    """The rows of a split in a folder, as a trainer reads them."""
    for batch in load_from_disk(str(folder))[split].data.to_batches(_ROWS_AT_ONCE):
        yield from _rows(batch)


@contextmanager
def _without_bars() -> Iterator[None]:
    is_silent = datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if not is_silent:
            datasets.enable_progress_bars()


def _batches(rows: Iterable[EncodedExample]) -> Iterator[pa.RecordBatch]:
    waiting = iter(rows)
    while some := list(islice(waiting, _ROWS_AT_ONCE)):
        yield pa.record_batch(
            [
                _lists([row.ids for row in some]),
                _lists([np.ones(len(row.ids), np.int8) for row in some]),
                _lists([_targets(row) for row in some]),
            ],
            schema=_SCHEMA,
        )


def _targets(row: EncodedExample) -> "np.typing.NDArray[np.int64]":
    return np.where(row.is_trained, row.ids, _IGNORED).astype(np.int64)


def _lists(rows: Sequence["np.typing.NDArray[np.generic]"]) -> pa.ListArray:
    ends = np.cumsum([0, *map(len, rows)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(np.concatenate(rows)))


def _rows(batch: pa.RecordBatch) -> Iterator[EncodedExample]:
    """What each row trains; one whose mask or targets are not its own ids' trains nothing."""
    for ids, mask, targets in zip(*(batch.column(name) for name in _SCHEMA.names), strict=True):
        read = np.asarray(ids.values, np.int32)
        aims = np.asarray(targets.values, np.int64)
        is_whole = np.asarray(mask.values).all() and np.isin(aims - read, (0,))[aims >= 0].all()
        yield EncodedExample(ids=read, is_trained=(aims != _IGNORED) & is_whole)
