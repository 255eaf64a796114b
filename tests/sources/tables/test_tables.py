"""CSV, TSV and Parquet: cells as they were written, rows with their place."""

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


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_usual_dialects_give_the_same_rows(
    tmp_path: Path, delimiter: str, end: str, mark: str
) -> None:
    cells = [("question", "answer"), ("a, b; c\td?", 'say "x"'), ("two" + end + "lines", "é ; ,")]
    text = mark + end.join(
        delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells
    )
    items = read_content(tmp_path, "a.csv", text.encode())
    assert fields_of(items) == [dict(zip(cells[0], row, strict=True)) for row in cells[1:]]
    assert [item.source for item in items] == ["a.csv:2", "a.csv:3"]


def test_the_line_of_a_row_is_its_first(tmp_path: Path) -> None:
    content = b'q,a\n"1\n2\n3",x\n\n\ny,z\n'
    items = read_content(tmp_path, "a.csv", content)
    assert [item.source for item in items] == ["a.csv:2", "a.csv:7"]


def test_commas_in_texts_do_not_hide_a_semicolon(tmp_path: Path) -> None:
    content = b"frage;antwort\nWo, wann, wie;Hier, jetzt, so\nWer;Du, ich\n"
    assert fields_of(read_content(tmp_path, "a.csv", content))[0]["antwort"] == "Hier, jetzt, so"


def test_a_table_of_one_column_is_read(tmp_path: Path) -> None:
    assert fields_of(read_content(tmp_path, "a.csv", b"text\nhello\n")) == [{"text": "hello"}]


def test_a_faulty_row_costs_only_itself(tmp_path: Path) -> None:
    content = b'q,a\n1,2\n1,2,3\n1\n"x"y,2\ncaf\xe9,2\n\x1b[0m,2\n5,6\n\xc3\xa9,6\n'
    items = read_content(tmp_path, "a.csv", content)
    assert fields_of(items) == [{"q": "1", "a": "2"}, {"q": "5", "a": "6"}, {"q": "é", "a": "6"}]
    assert reasons_of(items) == {
        "a.csv:3": "wrong number of columns",
        "a.csv:4": "wrong number of columns",
        "a.csv:5": "bad CSV",
        "a.csv:6": "not UTF-8",
        "a.csv:7": "control character",
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'q,a\n1,2\n"open,2\n3,4\n', "a.csv:3: a quote that opens here is never closed"),
        (b"q,a,q\n1,2,3\n", "a.csv:1: the header names q more than once"),
        (b"q,a\n", "a.csv: holds no rows"),
    ],
)
def test_a_broken_table_is_refused_with_its_line(
    tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises(DataError) as caught:
        read_content(tmp_path, "a.csv", content)
    assert str(caught.value).startswith(words)


def test_long_cells_are_read(tmp_path: Path) -> None:
    content = b'q,a\nx,"' + b"y" * 300_000 + b'"\n'
    assert len(str(fields_of(read_content(tmp_path, "a.csv", content))[0]["a"])) == 300_000


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
