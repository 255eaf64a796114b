"""Files as people publish them, small and of our own: which rows are kept, and why others go."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.examples.test_real_files import read, turns
from tunesmith.errors import DataError, RecipeError
from tunesmith.examples.read_count import check_read

BEDS = [
    {"instruction": "What grows in bed 1?", "input": "", "output": "Peas."},
    {"instruction": "What grows here?", "input": "Bed 2", "output": "Leeks."},
    {"instruction": "Was wächst in Beet 3?", "input": "", "output": "Möhren."},
]


def saved(path: Path, rows: Any) -> str:
    path.write_text(json.dumps(rows, indent=2, ensure_ascii=False), encoding="utf-8")
    return path.name


def test_an_alpaca_list_is_kept_whole_with_its_lines(tmp_path: Path) -> None:
    kept, dropped, _ = read(tmp_path, saved(tmp_path / "beds.json", BEDS))
    assert dropped == []
    assert [turns(example) for example in kept] == [
        [row[key] for key in ("instruction", "input", "output") if row[key]] for row in BEDS
    ]
    assert [example.source for example in kept] == [f"beds.json:{line}" for line in (2, 7, 12)]


def test_an_empty_answer_is_dropped_with_its_line(tmp_path: Path) -> None:
    rows = [
        {"question": f"Bed {number}?", "answer": "Peas." * (number != 2)} for number in range(4)
    ]
    path = tmp_path / "beds.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    kept, dropped, _ = read(tmp_path, path.name)
    assert [(item.source, item.reason) for item in dropped] == [("beds.jsonl:3", "empty response")]
    assert [turns(example)[0] for example in kept] == ["Bed 0?", "Bed 1?", "Bed 3?"]


def test_preferences_are_asked_about_until_the_recipe_says_which(tmp_path: Path) -> None:
    rows = [
        {**BEDS[0], "chosen": "Green peas.", "rejected": "No."},
        {**BEDS[1], "chosen": "Leeks."},
    ]
    path = saved(tmp_path / "pairs.json", rows)
    with pytest.raises(RecipeError, match="output and chosen both hold the response"):
        read(tmp_path, path)
    kept, dropped, _ = read(tmp_path, path, fields={"response": "chosen"})
    assert dropped == []
    assert [example.reference for example in kept] == ["Green peas.", "Leeks."]


def test_sharegpt_conversations_are_kept_whole_and_tools_left_out(tmp_path: Path) -> None:
    talk = [
        {"from": "human", "value": "Hi"},
        {"from": "gpt", "value": "Hello."},
        {"from": "human", "value": "Bye"},
        {"from": "gpt", "value": "See you."},
    ]
    called = [talk[0], {"from": "function_call", "value": "{}"}, talk[1]]
    rows = [{"conversations": one} for one in (talk, called, talk)]
    kept, _, count = read(tmp_path, saved(tmp_path / "talks.json", rows))
    assert [turns(example) for example in kept] == [[turn["value"] for turn in talk]]
    assert dict(count.dropped) == {"tool calls": 1, "exact duplicate": 1}


def test_a_table_says_what_to_map_and_then_is_kept_whole(tmp_path: Path) -> None:
    (tmp_path / "asked.csv").write_text("instruction,category\nWhere is my spade?,tools\n")
    with pytest.raises(RecipeError, match="category holds labels") as caught:
        read(tmp_path, "asked.csv")
    assert "fields: {response: category}" in str(caught.value)
    kept, _, _ = read(tmp_path, "asked.csv", fields={"response": "category"})
    assert [turns(example) for example in kept] == [["Where is my spade?", "tools"]]


def test_json_of_another_purpose_and_empty_files_leave_nothing(tmp_path: Path) -> None:
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}
    _, dropped, count = read(tmp_path, saved(tmp_path / "schema.json", schema))
    assert [item.reason for item in dropped] == ["missing field"]
    with pytest.raises(DataError, match="no example is left"):
        check_read(count, max_bad=1.0)
    (tmp_path / "none.jsonl").touch()
    with pytest.raises(DataError, match=r"none.jsonl: the file is empty"):
        read(tmp_path, "none.jsonl")
