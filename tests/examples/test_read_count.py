"""What was read is counted by reason and source; too much that is unreadable stops the run."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.examples.reading import read_all
from tunesmith.errors import DataError
from tunesmith.examples.example import Example
from tunesmith.examples.read_count import ReadCount, check_read
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.row import Dropped


def read(folder: Path, *sources: dict[str, Any]) -> tuple[list[Example | Dropped], ReadCount]:
    count = ReadCount()
    items = list(read_all([SourceRecipe(**source) for source in sources], folder=folder))
    for item in items:
        count.add(item)
    return items, count


def write_rows(path: Path, rows: list[Any]) -> None:
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("".join(line + "\n" for line in lines))


def pairs(start: int, stop: int) -> list[dict[str, str]]:
    return [{"question": f"q{number}", "answer": "a"} for number in range(start, stop)]


def test_sources_are_read_in_order_and_duplicates_found_across_them(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.jsonl", pairs(0, 3))
    write_rows(tmp_path / "b.jsonl", [*pairs(2, 4), "bad"])
    items, count = read(tmp_path, {"path": "a.jsonl"}, {"path": "b.jsonl"})
    assert [item.source for item in items] == [
        *(f"a.jsonl:{line}" for line in (1, 2, 3)),
        *(f"b.jsonl:{line}" for line in (1, 2, 3)),
    ]
    assert count.to_json() == {
        "kept": 4,
        "dropped": {"exact duplicate": 1, "bad JSON": 1},
        "by_source": {
            "a.jsonl": {"kept": 3, "dropped": 0},
            "b.jsonl": {"kept": 1, "dropped": 2},
        },
        "not_read": {},
        "sums": {},
    }
    assert (count.num_read, count.num_faulty) == (6, 1)


def test_each_source_has_fields_of_its_own(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.jsonl", pairs(0, 1))
    write_rows(tmp_path / "b.jsonl", [{"x": "q1", "y": "a"}])
    fields = {"instruction": "x", "response": "y"}
    _, count = read(tmp_path, {"path": "a.jsonl"}, {"path": "b.jsonl", "fields": fields})
    assert count.num_kept == 2


def test_too_many_faulty_rows_stop_the_run_with_place_reason_and_cure(tmp_path: Path) -> None:
    faulty: list[Any] = ["{bad", {"question": "x"}, {"question": "x", "answer": {"a": 1}}, "{worse"]
    write_rows(tmp_path / "a.jsonl", [*faulty, *pairs(0, 96)])
    _, count = read(tmp_path, {"path": "a.jsonl"})
    check_read(count, max_bad=0.04)
    with pytest.raises(DataError) as caught:
        check_read(count, max_bad=0.03, dropped_path=tmp_path / "dropped.jsonl")
    message = str(caught.value)
    assert message.startswith("a.jsonl:1: 4 of 100 rows (4 %) are unreadable")
    assert "a.jsonl:2: missing field: no field 'response'; found question." in message
    assert "a.jsonl:3: not a text" in message
    assert "a.jsonl:4" not in message
    assert "dropped.jsonl lists all" in message
    assert "--set examples.max_bad=0.04" in message


def test_duplicates_and_tool_calls_are_not_faults(tmp_path: Path) -> None:
    tools = {"messages": [{"role": "tool", "content": "x"}]}
    write_rows(tmp_path / "a.jsonl", [*pairs(0, 2), *pairs(0, 2), tools])
    _, count = read(tmp_path, {"path": "a.jsonl"})
    assert (count.num_faulty, count.first_faulty) == (0, [])
    check_read(count, max_bad=0.0)


@pytest.mark.parametrize(
    "row",
    [
        {"question": "q", "answer": ""},
        {"question": "q", "answer": " \n"},
        {"question": "q", "answer": None},
        {"question": "", "answer": "a"},
        {"text": ""},
    ],
)
def test_empty_cells_are_dropped_and_counted_but_stop_no_run(
    tmp_path: Path, row: dict[str, Any]
) -> None:
    write_rows(tmp_path / "a.jsonl", [*pairs(0, 2), row, row])
    _, count = read(tmp_path, {"path": "a.jsonl"})
    assert (count.num_kept, count.dropped.total(), count.num_faulty) == (2, 2, 0)
    check_read(count, max_bad=0.0)
    write_rows(tmp_path / "a.jsonl", [row])
    _, count = read(tmp_path, {"path": "a.jsonl"})
    with pytest.raises(DataError, match=r"no example is left \(1 ") as caught:
        check_read(count, max_bad=1.0)
    assert caught.value.where == "a.jsonl:1"


def test_the_cure_lets_the_same_data_pass(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.jsonl", [*pairs(0, 2), "bad"])
    _, count = read(tmp_path, {"path": "a.jsonl"})
    with pytest.raises(DataError, match=r"examples.max_bad=0.34"):
        check_read(count, max_bad=0.01)
    check_read(count, max_bad=0.34)


def test_nothing_left_is_an_error_whatever_is_allowed(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.jsonl", ["bad", {"question": "q", "answer": ""}])
    _, count = read(tmp_path, {"path": "a.jsonl"})
    with pytest.raises(DataError, match=r"no example is left \(1 bad JSON, 1 empty response\)"):
        check_read(count, max_bad=1.0)
