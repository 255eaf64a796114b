"""Parquet and Arrow files -> rows, each with its number; the texts in them are checked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError
from tunesmith.sources.row import Dropped, Row, RowError
from tunesmith.sources.tables.strict_json import check_characters

ARROW_MARK = b"ARROW1"
ARROW_STREAM_MARK = b"\xff\xff\xff\xff"
_PARQUET_ROWS = 256  # held at once


def read_parquet_file(path: Path, name: str) -> Iterator[Row | Dropped]:
    """The rows of a Parquet file, a few hundred in memory at a time.

    Raises:
        DataError: It is not a Parquet file, or it is damaged.
    """
    import pyarrow as pa  # noqa: PLC0415 - heavy
    import pyarrow.parquet as pq  # noqa: PLC0415

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_PARQUET_ROWS):
                for fields in _batch_rows(batch):
                    number += 1
                    yield checked_row(fields, f"{name}:row {number}")
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"not readable as Parquet after row {number} ({str(error).splitlines()[0]})",
            where=name,
            cure="The file is damaged or of another kind; copy it again or name its kind.",
        ) from None


def read_arrow_file(path: Path, name: str) -> Iterator[Row | Dropped]:
    """The rows of an Arrow file, as `datasets` saves its streams and Feather its files.

    Raises:
        DataError: It is none, or it is damaged.
    """
    import pyarrow as pa  # noqa: PLC0415 - heavy

    number = 0
    try:
        with pa.memory_map(str(path)) as source:
            for batch in _arrow_batches(source):
                for begin in range(0, batch.num_rows, _PARQUET_ROWS):
                    for fields in _batch_rows(batch.slice(begin, _PARQUET_ROWS)):
                        number += 1
                        yield checked_row(fields, f"{name}:row {number}")
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"not readable as Arrow after row {number} ({str(error).splitlines()[0]})",
            where=name,
            cure="The file is damaged or of another kind; copy it again or save it as Parquet.",
        ) from None


def _arrow_batches(source: Any) -> Iterator[Any]:
    from pyarrow import ipc  # noqa: PLC0415 - heavy

    if source.read(len(ARROW_MARK)) == ARROW_MARK:
        file = ipc.open_file(source)
        yield from (file.get_batch(number) for number in range(file.num_record_batches))
        return
    source.seek(0)
    yield from ipc.open_stream(source)


def checked_row(fields: dict[str, Any] | RowError, source: str) -> Row | Dropped:
    """A row of a table, or Dropped where its text could not be used."""
    try:
        if isinstance(fields, RowError):
            raise fields
        fields = {name: _decoded(value) for name, value in fields.items()}
        check_characters(fields)
    except RowError as fault:
        return Dropped.of(fault, source=source, text="" if fields is fault else str(fields))
    return Row(fields=fields, source=source)


def _decoded(value: object) -> object:
    """The text of a column of bytes; what is no text stays as it is."""
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _batch_rows(batch: Any) -> Iterator[dict[str, Any] | RowError]:
    try:
        yield from batch.to_pylist()
        return
    except UnicodeDecodeError:
        pass
    for index in range(batch.num_rows):
        try:
            yield batch.slice(index, 1).to_pylist()[0]
        except UnicodeDecodeError as error:
            yield RowError("not UTF-8", f"byte 0x{error.object[error.start]:02x} is not UTF-8")
