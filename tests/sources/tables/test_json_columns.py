"""Tables in one JSON value, as pandas, `datasets` and Sheets write them, give their rows."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sources.reading import fields_of, read_content
from tunesmith.errors import DataError
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.read_source import read_pieces
from tunesmith.sources.row import NotRead

NAMES = {"en": ("question", "answer"), "de": ("Frage", "Antwort"), "zh": ("问题", "回答")}
CELLS = [("Where is one?", "Here."), ("Where is two?", "NA"), ("Where is three?", "There.")]


def layouts(first: str, second: str) -> dict[str, Any]:
    rows = [{first: one, second: two} for one, two in CELLS]
    return {
        "lists": {name: [row[name] for row in rows] for name in rows[0]},
        "columns": {
            name: {str(number): row[name] for number, row in enumerate(rows)} for name in rows[0]
        },
        "index": {str(number): row for number, row in enumerate(rows)},
        "by name": {f"row-{number}": row for number, row in enumerate(rows)},
        "records": rows,
        "split": {"columns": [first, second], "index": [0, 1, 2], "data": list(map(list, CELLS))},
        "values": [[first, second], *map(list, CELLS)],
        "sheet": {"range": "A1:B4", "values": [[first, second], *map(list, CELLS)]},
        "table": {"schema": {"fields": [{"name": first}]}, "data": rows},
        "lists and more": {"version": 1, first: [row[first] for row in rows]}
        | {second: [row[second] for row in rows]},
    }


@pytest.mark.parametrize("layout", layouts("", ""))
@pytest.mark.parametrize("language", NAMES)
@pytest.mark.parametrize("indent", [None, 2])
def test_every_layout_of_a_table_gives_its_rows(
    tmp_path: Path, layout: str, language: str, indent: int | None
) -> None:
    value = layouts(*NAMES[language])[layout]
    content = json.dumps(value, ensure_ascii=False, indent=indent).encode()
    items = read_content(tmp_path, "a.json", content)
    assert fields_of(items) == [dict(zip(NAMES[language], row, strict=True)) for row in CELLS]
    assert len({item.source for item in items}) == len(CELLS)


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("by name", [("names of rows", f"row-{number}") for number in range(3)]),
        ("sheet", [("key 'range'", "A1:B4")]),
        ("table", [("key 'schema'", '{"fields": [{"name": "question"}]}')]),
        ("lists and more", [("key 'version'", "1")]),
    ],
)
def test_what_stands_beside_the_rows_is_named(
    tmp_path: Path, layout: str, expected: list[tuple[str, str]]
) -> None:
    value = layouts("question", "answer")[layout]
    (tmp_path / "a.json").write_text(json.dumps(value))
    pieces = read_pieces(SourceRecipe(path="a.json"), folder=tmp_path)
    assert [(one.name, one.text) for one in pieces if isinstance(one, NotRead)] == expected


@pytest.mark.parametrize(
    "value",
    [
        {"question": "Which?", "answer": "This.", "tags": ["a", "b"]},
        {"prompt": {"text": "Which?"}, "response": {"text": "This."}},
        {"messages": [{"role": "user", "content": "Hi"}]},
        {"a": {"b": "c"}, "d": "e"},
    ],
)
def test_an_object_that_is_no_table_is_one_row(tmp_path: Path, value: dict[str, Any]) -> None:
    items = read_content(tmp_path, "a.json", json.dumps(value).encode(), kind="json")
    assert fields_of(items) == [value]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"question": ["a", "b"], "answer": ["c"]}', "different lengths: question 2, answer 1"),
        ('{"columns": ["a", "b"], "data": [["c", "d"], ["e"]]}', "row 2 has 1 cells, but 2 colu"),
        ('[["question", 2], ["a", "b"]]', "whose first one does not name the columns"),
        (
            '{"question": ["a"], "answer": ["b"], "question": ["c"]}',
            "stands there twice",
        ),
    ],
)
def test_a_broken_table_is_refused_in_words(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read_content(tmp_path, "a.json", content.encode())
    assert caught.value.where == "a.json"


def test_a_table_in_the_only_line_of_json_lines_is_a_table(tmp_path: Path) -> None:
    value = json.dumps(layouts("question", "answer")["lists"])
    for name in ("a.jsonl", "a.txt.gz", "a"):
        assert len(fields_of(read_content(tmp_path, name, value.encode() + b"\n\n"))) == len(CELLS)
