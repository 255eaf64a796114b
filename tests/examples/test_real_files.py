"""Real files: how many rows are kept, and why the others are not, counted another way too."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.examples.reading import read_all
from tunesmith.errors import DataError, RecipeError
from tunesmith.examples.example import Example
from tunesmith.examples.read_count import ReadCount, check_read
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.row import Dropped


def read(folder: Path, path: str, **recipe: Any) -> tuple[list[Example], list[Dropped], ReadCount]:
    kept, dropped, count = [], [], ReadCount()
    for item in read_all([SourceRecipe(path=path, **recipe)], folder=folder):
        count.add(item)
        if isinstance(item, Example):
            kept.append(item)
        else:
            dropped.append(item)
    return kept, dropped, count


def turns(example: Example) -> list[str]:
    return [part for turn in example.messages for part in (turn.content, turn.input) if part]


def test_lamini_loses_its_one_empty_answer(shared_data: Path) -> None:
    path = "qa/lamini_docs_dev.jsonl"
    kept, dropped, count = read(shared_data, path)
    assert [(item.source, item.reason) for item in dropped] == [(f"{path}:337", "empty response")]
    check_read(count, max_bad=0.01)
    lines = (shared_data / path).read_bytes().split(b"\n")
    for example in kept:
        row = json.loads(lines[int(example.source.rpartition(":")[2]) - 1])
        assert turns(example) == [row["question"], row["answer"]]
    assert len(kept) == 1099


@pytest.mark.parametrize(
    ("path", "num_rows"),
    [
        ("instruct/raschka_instruction_dev.json", 900),
        ("instruct/gpteacher_toolformer_1000.json", 1000),
        ("chats/identity_templated.json", 91),
    ],
)
def test_alpaca_lists_are_kept_whole(shared_data: Path, path: str, num_rows: int) -> None:
    kept, dropped, _ = read(shared_data, path)
    rows = json.loads((shared_data / path).read_bytes())
    assert (len(rows), dropped) == (num_rows, [])
    assert [turns(example) for example in kept] == [
        [row[key] for key in ("instruction", "input", "output") if row[key]] for row in rows
    ]
    lines = (shared_data / path).read_bytes().split(b"\n")
    for example, row in zip(kept, rows, strict=True):
        number = int(example.source.rpartition(":")[2])
        assert lines[number - 1].strip() == b"{"
        assert json.dumps(row["instruction"], ensure_ascii=False).encode() in lines[number]


def test_preferences_are_asked_about_until_the_recipe_says_which(shared_data: Path) -> None:
    path = "instruct/raschka_preference_dev.json"
    rows = json.loads((shared_data / path).read_bytes())
    with pytest.raises(RecipeError, match="output and chosen both hold the response") as caught:
        read(shared_data, path)
    offered = [line for line in str(caught.value).split("\n") if "fields: {" in line]
    assert [line.strip() for line in offered] == [
        "fields: {response: output}",
        "fields: {response: chosen}",
    ]
    kept, dropped, _ = read(shared_data, path, fields={"response": "chosen"})
    assert dropped == []
    assert [example.reference for example in kept] == [row["chosen"] for row in rows]


def test_sharegpt_conversations_are_kept_whole(shared_data: Path) -> None:
    path = "chats/sharegpt_dummy_250.json"
    kept, dropped, _ = read(shared_data, path)
    rows = json.loads((shared_data / path).read_bytes())
    assert (len(kept), dropped) == (250, [])
    assert [turns(example) for example in kept] == [
        [turn["value"] for turn in row["conversations"]] for row in rows
    ]


@pytest.mark.parametrize(
    ("language", "num_tools", "num_same"), [("en_150", 93, 5), ("zh_100", 69, 2)]
)
def test_tool_calls_are_left_out_by_name(
    shared_data: Path, language: str, num_tools: int, num_same: int
) -> None:
    path = f"chats/glaive_toolcall_{language}.json"
    rows = json.loads((shared_data / path).read_bytes())
    plain = [json.dumps(row["conversations"]) for row in rows if row["tools"] in ("", "[]")]
    assert (len(rows) - len(plain), len(plain) - len(set(plain))) == (num_tools, num_same)
    kept, _, count = read(shared_data, path)
    assert dict(count.dropped) == {"tool calls": num_tools, "exact duplicate": num_same}
    assert len(kept) == len(set(plain))
    check_read(count, max_bad=0.01)


def test_t0_files_are_read_but_for_the_empty_one(shared_data: Path) -> None:
    num_read = num_kept = 0
    for file in sorted((shared_data / "t0_templates").glob("*.jsonl")):
        if file.stat().st_size == 0:
            with pytest.raises(DataError, match=r"trec_fine_grained_ABBR.jsonl: the file is empty"):
                read(shared_data, f"t0_templates/{file.name}")
            continue
        _, _, count = read(shared_data, f"t0_templates/{file.name}")
        rows = file.read_bytes().rstrip(b"\n").split(b"\n")
        assert (count.num_read, count.num_kept) == (len(rows), len(set(rows))), file.name
        num_read += count.num_read
        num_kept += count.num_kept
    assert (num_read, num_kept) == (3891, 3860)


def test_banking_queries_need_a_map_of_their_columns(shared_data: Path) -> None:
    path = "support/banking77_test.csv"
    with (shared_data / path).open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))[1:]
    fields = {"instruction": "text", "response": "category"}
    kept, dropped, _ = read(shared_data, path, fields=fields)
    assert [turns(example) for example in kept] == rows
    assert (len(rows), dropped) == (3080, [])
    with pytest.raises(RecipeError, match=r"columns: {text: text, label"):
        read(shared_data, path)


def test_queries_without_answers_say_what_to_map(shared_data: Path) -> None:
    with pytest.raises(RecipeError, match="category holds labels") as caught:
        read(shared_data, "support/bitext_requests_dev.csv")
    assert "fields: {response: category}" in str(caught.value)


def test_gsm8k_is_kept_whole(shared_data: Path) -> None:
    path = "gsm8k/train_first_2000.jsonl"
    kept, dropped, _ = read(shared_data, path)
    rows = [json.loads(line) for line in (shared_data / path).read_bytes().splitlines()]
    assert (len(rows), dropped) == (2000, [])
    assert [turns(example) for example in kept] == [[r["question"], r["answer"]] for r in rows]


@pytest.mark.parametrize("path", ["schema/alpaca_schema.json", "support/abcd_kb.json"])
def test_json_of_another_purpose_leaves_nothing(shared_data: Path, path: str) -> None:
    _, dropped, count = read(shared_data, path)
    assert [item.reason for item in dropped] == ["missing field"]
    with pytest.raises(DataError, match="no example is left"):
        check_read(count, max_bad=1.0)
