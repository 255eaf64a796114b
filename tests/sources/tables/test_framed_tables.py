"""Tables that are drawn: Markdown's, a database's, columns kept apart by blanks."""

from pathlib import Path

import pytest

from tests.sources.dialogues.reading import kind_of, pieces_of
from tunesmith.errors import DataError
from tunesmith.sources.row import NotRead, Row

ROWS = [{"question": f"Is it {n}?", "answer": f"Yes: {n}, or so."} for n in range(5)]
BARS = "".join(f"| {row['question']} | {row['answer']}    |\n" for row in ROWS)
BARE = BARS.replace("| Is", " Is").replace("   |\n", "\n")
DRAWN = {
    "table.md": "| question | answer |\n|---|:--:|\n" + BARS,
    "table.txt": "| question | answer |\n| --- | --- |\n" + BARS,
    "dump.txt": f"+-----+-----+\n| question | answer |\n+-----+-----+\n{BARS}+-----+-----+\n",
    "psql.txt": " question | answer\n----------+--------\n" + BARE,
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_drawn_table_is_read_without_its_frame(tmp_path: Path, name: str) -> None:
    pieces = pieces_of(tmp_path, name, DRAWN[name])
    assert [piece.fields for piece in pieces if isinstance(piece, Row)] == ROWS
    frames = [piece for piece in pieces if isinstance(piece, NotRead)]
    assert {piece.name for piece in frames} == {"frame of the table"}


def test_a_page_with_a_table_in_it_stays_a_page(tmp_path: Path) -> None:
    content = f"# Halls\n\nAll of them.\n\n{DRAWN['table.md']}\nAnd more.\n"
    assert kind_of(tmp_path, "halls.md", content) == "faq"  # its table asks


def test_columns_that_blanks_keep_apart_are_no_page(tmp_path: Path) -> None:
    lines = [("question", "answer"), *(tuple(row.values()) for row in ROWS)]
    content = "".join(f"{first:<30}{second}\n" for first, second in lines)
    with pytest.raises(DataError, match="seems to be a table, since blanks keep columns apart"):
        kind_of(tmp_path, "fixed.txt", content)
