"""Rendered conversations -> what the model reads and what it is to write, as two texts a row.

Each piece that is trained is a completion of its own behind all that stands before it, so that a
conversation with three answers gives three rows, and every trained character stands in one of them.
What follows the last of them trains nothing and is left out. Begin and end tokens are part of the
texts: who encodes them adds none.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tunesmith.examples.example import Example
from tunesmith.export.data_files import public_source
from tunesmith.files import atomic_file, read_json_lines, write_json_lines
from tunesmith.templates.template import Rendering, Template

RENDERED_TYPES = ("jsonl", "parquet")
_COLUMNS = ("id", "prompt", "completion", "source")
_SCHEMA = pa.schema([(name, pa.string()) for name in _COLUMNS])
_ROWS_AT_ONCE = 1_000


def rendered_rows(examples: Iterable[Example], template: Template) -> Iterator[dict[str, Any]]:
    """Rows with `id`, `prompt`, `completion` and `source`, in order."""
    for example in examples:
        for rendering in template.render(example.messages):
            for prompt, completion in _pairs(rendering):
                yield {
                    "id": example.id,
                    "prompt": prompt,
                    "completion": completion,
                    "source": public_source(example.source),
                }


def write_rendered(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write rows as JSON Lines or Parquet, by the path's ending. Returns how many."""
    if path.suffix != ".parquet":
        return write_json_lines(path, rows)
    count = 0
    waiting = iter(rows)
    with atomic_file(path) as stream, pq.ParquetWriter(stream, _SCHEMA) as writer:
        while some := list(islice(waiting, _ROWS_AT_ONCE)):
            writer.write_table(pa.Table.from_pylist(some, schema=_SCHEMA))
            count += len(some)
    return count


def read_rendered(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of such a file, in order."""
    if path.suffix != ".parquet":
        yield from read_json_lines(path)
        return
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS_AT_ONCE):
            yield from batch.to_pylist()


def _pairs(rendering: Rendering) -> Iterator[tuple[str, str]]:
    """What stands before each trained piece, and that piece."""
    before, piece = "", ""
    for segment in rendering:
        if segment.is_trained:
            piece += segment.text
            continue
        if piece:
            yield before, piece
            before, piece = before + piece, ""
        before += segment.text
    if piece:
        yield before, piece
