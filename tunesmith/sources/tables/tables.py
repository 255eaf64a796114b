"""Parquet files -> rows, with the row number of each; whatever a table holds as text is checked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError
from tunesmith.sources.row import Dropped, Row, RowError
from tunesmith.sources.tables.strict_json import check_characters

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
