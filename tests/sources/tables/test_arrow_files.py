"""Arrow's files and streams are read as Parquet is, whatever the types of their columns."""

from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pytest
from pyarrow import ipc

from tests.sources.dialogues.reading import kind_of, pieces_of
from tunesmith.errors import DataError
from tunesmith.sources.row import Row

TABLE = pa.table(
    {
        "question": pa.array(["Is it?", "Why?"], pa.large_string()),
        "answer": pa.array(["Yes.", "So."]).dictionary_encode(),
        "meta": [{"tags": ["a"]}, {"tags": []}],
    }
)


def write(path: Path) -> None:
    if path.suffix == ".feather":
        pyarrow.feather.write_feather(TABLE, path)
    new = ipc.new_stream if path.stem == "stream" else ipc.new_file
    if path.suffix == ".arrow":
        with new(path, TABLE.schema) as file:
            file.write_table(TABLE, max_chunksize=1)


@pytest.mark.parametrize("name", ["stream.arrow", "file.arrow", "packed.feather"])
def test_an_arrow_file_is_read(tmp_path: Path, name: str) -> None:
    write(tmp_path / name)
    pieces = pieces_of(tmp_path, name, None)
    assert [piece.fields for piece in pieces if isinstance(piece, Row)] == TABLE.to_pylist()
    assert [piece.source for piece in pieces if isinstance(piece, Row)][1] == f"{name}:row 2"


def test_a_damaged_arrow_file_says_so(tmp_path: Path) -> None:
    write(tmp_path / "file.arrow")
    data = (tmp_path / "file.arrow").read_bytes()
    (tmp_path / "file.arrow").write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match="not readable as Arrow after row 0"):
        pieces_of(tmp_path, "file.arrow", None)


def test_a_table_of_text_is_no_arrow_file(tmp_path: Path) -> None:
    assert kind_of(tmp_path, "a.arrow.csv", "question,answer\nIs it?,Yes.\n") == "csv"
