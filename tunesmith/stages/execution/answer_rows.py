"""Questions with their answers -> a file of rows: JSON Lines, CSV, TSV or Parquet, by its name."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tunesmith.files import write_json_lines, write_text
from tunesmith.stages.execution.output_file import are_completions

_COLUMNS = ("example_id", "question", "text", "model", "num_tokens", "finish_reason")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_PARQUET = ".parquet"
Row = dict[str, Any]


def write_answers(path: Path, rows: Sequence[Row]) -> None:
    """Write all rows or nothing; the name's ending says how."""
    ending = path.suffix.lower()
    if ending in _DELIMITERS:
        text = io.StringIO()
        writer = csv.DictWriter(
            text, _COLUMNS, delimiter=_DELIMITERS[ending], extrasaction="ignore"
        )
        writer.writeheader()
        writer.writerows(rows)
        write_text(path, text.getvalue())
    elif ending == _PARQUET:
        _write_parquet(path, rows)
    else:
        write_json_lines(path, iter(rows))


def are_answers(path: Path) -> bool:
    """Whether a file is what `write_answers` writes under such a name."""
    ending = path.suffix.lower()
    if ending in _DELIMITERS:
        with path.open(encoding="utf-8", errors="replace", newline="") as stream:
            return tuple(next(csv.reader(stream, delimiter=_DELIMITERS[ending]), ())) == _COLUMNS
    if ending == _PARQUET:
        return _are_parquet(path)
    return are_completions(path)


def _write_parquet(path: Path, rows: Sequence[Row]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table({name: [row.get(name) for row in rows] for name in _COLUMNS})
    beside = path.with_name(f".tmp-{path.name}")
    parquet.write_table(table, beside)
    beside.replace(path)


def _are_parquet(path: Path) -> bool:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return tuple(parquet.read_schema(path).names) == _COLUMNS
    except pa.ArrowInvalid:
        return False
