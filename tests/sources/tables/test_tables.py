"""Parquet: cells as they were written, rows with their place."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.sources.reading import fields_of, read_content, reasons_of
from tunesmith.errors import DataError
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.read_source import read_source
from tunesmith.sources.row import Row
from tunesmith.sources.tables import tables


def test_parquet_is_read_in_order_over_batches_and_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_PARQUET_ROWS", 3)
    rows = [{"q": f"q{n}", "m": [{"role": "user", "content": "x", "n": None}]} for n in range(20)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet", row_group_size=7)
    items = list(read_source(SourceRecipe(path="a.parquet"), folder=tmp_path))
    assert fields_of(items) == rows
    assert items[19] == Row(fields=rows[19], source="a.parquet:row 20")


def test_text_in_parquet_that_is_not_utf8_costs_only_its_row(tmp_path: Path) -> None:
    bad = pa.array([b"good", b"caf\xe9", b"fine"]).view(pa.string())
    pq.write_table(pa.table({"q": bad}), tmp_path / "a.parquet")
    items = list(read_source(SourceRecipe(path="a.parquet"), folder=tmp_path))
    assert fields_of(items) == [{"q": "good"}, {"q": "fine"}]
    assert reasons_of(items) == {"a.parquet:row 2": "not UTF-8"}


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not readable as Parquet"):
        read_content(tmp_path, "a.parquet", b"PAR1" + b"x" * 100)
