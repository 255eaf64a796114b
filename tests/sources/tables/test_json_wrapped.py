"""Rows that stand deeper in a JSON value, behind one another, or as questions and answers."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.sources.dialogues.reading import kind_of, pieces_of, talks
from tunesmith.sources.row import NotRead, Row

ROWS = [{"question": f"Schön, {n}?", "answer": f"Ja – {n}."} for n in range(4)]


def rows_of(folder: Path, name: str, content: str | None) -> list[dict[str, object]]:
    pieces = pieces_of(folder, name, content)
    assert all(isinstance(piece, Row | NotRead) for piece in pieces), pieces
    return [dict(piece.fields) for piece in pieces if isinstance(piece, Row)]


@pytest.mark.parametrize("path", ["data", "results.items", "a.b.c.d.e.f.rows", "export.v1.list"])
def test_rows_are_found_however_deep_they_stand(tmp_path: Path, path: str) -> None:
    value: object = ROWS
    for key in reversed(path.split(".")):
        value = {"made": "today", key: value}
    pieces = pieces_of(tmp_path, "rows.json", json.dumps(value))
    assert [piece.fields for piece in pieces if isinstance(piece, Row)] == ROWS
    beside = [piece.text for piece in pieces if isinstance(piece, NotRead)]
    assert beside == ["today"] * len(path.split("."))


def test_one_row_with_a_list_of_objects_stays_one(tmp_path: Path) -> None:
    row = {"question": "Why?", "found": {"passages": [{"text": "So."}, {"text": "Thus."}]}}
    assert rows_of(tmp_path, "rows.json", json.dumps(row)) == [row]


@pytest.mark.parametrize("between", ["", " ", "\n", "\n\n  "])
@pytest.mark.parametrize("name", ["rows.json", "rows.jsonl"])
def test_objects_behind_one_another_are_rows(tmp_path: Path, between: str, name: str) -> None:
    content = between.join(json.dumps(row, ensure_ascii=False) for row in ROWS)
    if name == "rows.json" or "\n" in between:
        assert rows_of(tmp_path, name, content) == ROWS


def test_lines_that_end_with_the_commas_of_a_list_are_rows(tmp_path: Path) -> None:
    content = ",\n".join(json.dumps(row) for row in ROWS) + ",\n"
    assert rows_of(tmp_path, "rows.jsonl", content) == ROWS


def test_rows_that_were_written_as_json_twice_are_rows(tmp_path: Path) -> None:
    content = "".join(json.dumps(json.dumps(row)) + "\n" for row in ROWS)
    assert rows_of(tmp_path, "rows.jsonl", content) == ROWS


def test_questions_may_be_the_keys_of_an_object(tmp_path: Path) -> None:
    asked = {row["question"]: row["answer"] for row in ROWS}
    assert rows_of(tmp_path, "faq.json", json.dumps(asked)) == ROWS
    by_topic = {"mill": asked, "bread": {"How long?": "An hour.", "How hot?": "Hot."}}
    rows = rows_of(tmp_path, "topics.json", json.dumps(by_topic))
    assert rows[-1] == {"topic": "bread", "question": "How hot?", "answer": "Hot."}
    assert len(rows) == 6


@pytest.mark.parametrize("keys", ["abc-xyz", "first call|second|third one|d", "4f1c"])
def test_dialogues_by_any_id_are_one_kind(tmp_path: Path, keys: str) -> None:
    names = keys.split("|") if "|" in keys else [f"{keys}-{letter}" for letter in "pqrs"]
    turns = [
        [{"speaker": "user", "text": row["question"]}, {"speaker": "agent", "text": row["answer"]}]
        for row in ROWS
    ]
    content = json.dumps(dict(zip(names, turns, strict=True)))
    assert talks(pieces_of(tmp_path, "all.json", content)) == [list(row.values()) for row in ROWS]


def test_texts_with_labels_in_lists_are_no_dialogues(tmp_path: Path) -> None:
    pairs = [[f"I like number {n} a lot?", ["good", "bad"][n % 2]] for n in range(8)]
    assert kind_of(tmp_path, "pairs.json", json.dumps(pairs)) == "json"


def test_texts_in_a_parquet_file_may_be_bytes(tmp_path: Path) -> None:
    columns = {key: [str(row[key]).encode() for row in ROWS] for key in ROWS[0]}
    pq.write_table(pa.table(columns), tmp_path / "rows.parquet")
    assert rows_of(tmp_path, "rows.parquet", None) == ROWS
