"""A `datasets` builder for Parquet files -> the same, but reading no further than it is asked to.

The builder reads through Arrow's data set scanner, whose threads run far ahead of the reader and
can abort the process when it stops early (apache/arrow#45214). Here pages are read when their
rows are asked for. Remove once the scanner can be told to wait.
"""

from collections.abc import Iterator, Sequence
from typing import Any

STREAMED_ROWS = 256  # decoded at once
_PAGE_BYTES = 1 << 20  # read at once, of each column


def read_in_small_pieces(builder: Any) -> None:
    """Replace how a builder reads Parquet files; any other builder stays what it is."""
    if type(builder.config).__name__ != "ParquetConfig":
        return

    def tables(
        files: Sequence[str], row_groups_list: Sequence[Sequence[int] | None]
    ) -> Iterator[tuple[tuple[int, int], Any]]:
        for index, (file, groups) in enumerate(zip(files, row_groups_list, strict=True)):
            for number, table in enumerate(_pieces(file, groups)):
                yield (index, number), builder._cast_table(table)

    builder._generate_tables = tables
    builder.SLEEP_ON_THREADS_SHUTDOWNS = False  # no threads are started


def _pieces(file: str, groups: Sequence[int] | None) -> Iterator[Any]:
    import pyarrow as pa  # noqa: PLC0415 - heavy
    import pyarrow.parquet as pq  # noqa: PLC0415
    from datasets.utils.file_utils import xopen  # noqa: PLC0415

    with xopen(file, "rb") as stream:
        parquet = pq.ParquetFile(stream, buffer_size=_PAGE_BYTES, pre_buffer=False)
        for batch in parquet.iter_batches(STREAMED_ROWS, row_groups=groups, use_threads=False):
            yield pa.Table.from_batches([batch])
