"""JSON Lines and JSON lists: every row with its line, whatever the layout."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sources.reading import fields_of, read_content, reasons_of
from tunesmith.errors import DataError
from tunesmith.sources.row import Row
from tunesmith.sources.tables import json_files, json_list
from tunesmith.sources.tables.json_list import split_list

ROWS = [{"question": f'q {n} ]}},\\"', "answer": "a\nb", "more": [n, {"x": "["}]} for n in range(7)]
ELEMENTS = st.lists(st.recursive(st.none() | st.text(), lambda x: st.lists(x, max_size=3)))


@given(ELEMENTS, st.integers(1, 9), st.sampled_from([None, 1]))
@settings(deadline=None)
def test_a_list_falls_into_its_elements_wherever_chunks_end(
    value: list[object], size: int, indent: int | None
) -> None:
    data = json.dumps(value, indent=indent).encode()
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    assert [json.loads(element.data) for element in split_list(chunks)] == value


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.txt"])
def test_a_list_is_read_whatever_its_layout_and_name(
    tmp_path: Path, indent: int | None, name: str
) -> None:
    content = json.dumps(ROWS, indent=indent).encode()
    assert fields_of(read_content(tmp_path, name, content)) == ROWS


def test_rows_of_a_list_know_their_first_line(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbf\n[\n {"a": 1},\n\n {"a":\n  2}, {"a": 3},\n {"a": NaN}\n]\n'
    items = read_content(tmp_path, "a.json", content)
    assert [item.source for item in items] == ["a.json:3", "a.json:5", "a.json:6", "a.json:7"]
    assert reasons_of(items) == {"a.json:7": "NaN or Infinity"}


@pytest.mark.parametrize("size", [1, 50, 10_000])
def test_an_element_over_the_limit_costs_only_itself(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(json_list, "MAX_LINE_BYTES", 100)
    data = b'[{"a": 1},\n{"b": [' + b"0,\n" * 300 + b'0]},\n{"c":\n3},\n{"d": 4}]'
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    one, long, three, four = split_list(chunks)
    assert [one.line, long.line, three.line, four.line] == [1, 2, 303, 305]
    assert [element.is_too_long for element in (one, long, three)] == [False, True, False]
    assert (json.loads(three.data), json.loads(four.data)) == ({"c": 3}, {"d": 4})
    assert size > 50 or len(long.data) <= 200


def test_rows_that_share_a_line_have_different_sources(tmp_path: Path) -> None:
    items = read_content(tmp_path, "a.json", b'[{"a": 1}, {"a": 2}]')
    assert [item.source for item in items] == ["a.json:1", "a.json:1 row 2"]


def test_an_objects_only_list_is_read_with_its_lines(tmp_path: Path) -> None:
    content = b'{"data ]": {"data": [{}]},\n "version": 1,\n "data": [\n  {"a": 1},\n  {"a": 2}]}\n'
    items = read_content(tmp_path, "a.json", content)
    assert items == [
        Row(fields={"a": 1}, source="a.json:4"),
        Row(fields={"a": 2}, source="a.json:5"),
    ]


def test_an_object_with_messages_is_one_row(tmp_path: Path) -> None:
    row = {"messages": [{"role": "user", "content": "x"}]}
    content = json.dumps(row, indent=1).encode()
    assert fields_of(read_content(tmp_path, "a.json", content)) == [row]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"a": [{}], "b": [{}]}', "several lists: a, b"),
        (b'[{"a": 1}, {"a": 2}', "line 1: the list is not closed"),
        (b'[{"a": 1},\n {"a": 2\n', "the list is not closed"),
        (b'[{"a": 1},\n {"a" 2},\n {"a": 3}]', "line 2: not valid JSON"),
        (b'[{"a": 1}\n {"a": 2}]', "line 1: not valid JSON"),
        (b'[{"a": 1},]', "a comma with no row"),
        (b'[{"a": 1}] []', "something follows the end"),
        (b'[{"a": 1}]\n}', "a bracket that closes nothing"),
        (b'[{"a": 1}}', "a bracket that closes nothing"),
        (b'[{"a": 1]}', "a bracket that closes nothing"),
        (b'{"a": 1,\n "b": }', "line 2: not valid JSON"),
        (b"[]", "holds no rows"),
        (b'{"x": "' + b"[" * 70 + b'", "y": ' + b"[" * 70 + b"]" * 70 + b"}", "64 levels"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read_content(tmp_path, "a.json", content)
    assert str(caught.value).startswith("a.json: ")
    assert caught.value.cure


def test_json_lines_named_as_one_json_file_get_the_cure(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="kind: jsonl"):
        read_content(tmp_path, "a.jsonl", b'{"a": 1}\n{"a": 2\n', kind="json")


def test_an_object_too_large_to_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_files, "MAX_OBJECT_BYTES", 1 << 20)
    with pytest.raises(DataError, match="more than 1 MB"):
        read_content(tmp_path, "a.json", b'{\n"data": ["' + b"x" * (2 << 20) + b'"]}')


def test_what_is_no_object_is_dropped_by_name(tmp_path: Path) -> None:
    items = read_content(tmp_path, "a.jsonl", b'{"a": 1}\n[1]\n"x"\nnull\n3\ntrue\n')
    assert fields_of(items) == [{"a": 1}]
    assert set(reasons_of(items).values()) == {"data_type"}
    assert len(items) == 6


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
def test_objects_of_several_lines_behind_each_other_are_rows(tmp_path: Path, end: str) -> None:
    rows = [{"a": "}\n{", "b": {"c": [1]}}, {"a": "é"}, {"a": "x"}]
    parts = [json.dumps(row, indent=2).replace("\n", end[:2].strip(" ") or end) for row in rows]
    parts[1] = parts[1].replace(": ", "; ")
    items = read_content(tmp_path, "a.json", end.join(parts).encode())
    assert fields_of(items) == [rows[0], rows[2]]
    assert list(reasons_of(items).values()) == ["bad JSON"]
