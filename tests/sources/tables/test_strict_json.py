"""What other parsers let pass in silence is refused; everything else is read as Python does."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.sources.row import RowError
from tunesmith.sources.tables.strict_json import parse_json

TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(9)), "\x7f"])
).filter(lambda text: not any(0x0E <= ord(character) < 0x20 for character in text))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)


@given(VALUES, st.booleans())
@settings(deadline=None, max_examples=50)
def test_valid_json_is_read_as_python_reads_it(value: Any, is_ascii: bool) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=is_ascii).encode()) == value


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"a": NaN}', "NaN or Infinity"),
        (b'{"a": [-Infinity]}', "NaN or Infinity"),
        (b'{"a": 1e999}', "NaN or Infinity"),
        (b'{"a": 1, "a": 2}', "duplicate key"),
        (b'{"a" :1,"b":":x", "a" : 1}', "duplicate key"),
        (b'{"a": {"b": 1, "b": 1}}', "duplicate key"),
        (b'{"\\u0061": 1, "a": 1}', "duplicate key"),
        (b'{"a": "\\ud83d"}', "lone surrogate"),
        (b'{"\\uDC00": 1}', "lone surrogate"),
        (b'{"a": "\xed\xa0\xbd"}', "not UTF-8"),
        (b'{"a": "caf\xe9"}', "not UTF-8"),
        (b'{"a": "\\u0000"}', "control character"),
        (b'{"a": ["\\u001b[31m"]}', "control character"),
        (b'{"a": "\\b"}', "control character"),
        (b'{"a": "\x00"}', "bad JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "number too long"),
        (b"[" * 65 + b"]" * 65, "nested too deeply"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "nested too deeply"),
        (b"[" * 5_000_000, "nested too deeply"),
        (b'{"a": 1', "bad JSON"),
        (b'{"a": 1} {"b": 2}', "bad JSON"),
        (b"{'a': 1}", "bad JSON"),
        (b"", "bad JSON"),
    ],
)
def test_what_spoils_training_is_refused_by_name(data: bytes, reason: str) -> None:
    with pytest.raises(RowError) as caught:
        parse_json(data)
    assert caught.value.reason == reason


def test_brackets_in_texts_are_not_nesting() -> None:
    value = {"a": "[{" * 500 + '\\"' + "[" * 100, "b": [[]]}
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(b"[" + b"[]," * 500 + b"[]]") == [[]] * 501


def test_a_depth_of_64_is_read() -> None:
    assert parse_json(b"[" * 64 + b"]" * 64)


def test_escaped_quotes_without_end_take_no_quadratic_time() -> None:
    with pytest.raises(RowError):
        parse_json(b'["' + b'\\"' * 2_000_000 + b"[" * 70)


def test_texts_that_only_look_dangerous_pass() -> None:
    text = "\t\n\v\f\r \x7f\x85\xa0\u2028\u2029\ufeff😀👨‍👩‍👧e\u0301שלום\U0010ffff"
    for is_ascii in (True, False):
        data = json.dumps({"a": text}, ensure_ascii=is_ascii).encode()
        assert parse_json(data) == {"a": text}


def test_a_wrong_byte_is_named_with_its_place_in_the_file() -> None:
    with pytest.raises(RowError, match=r"byte 0xe9 at column 11 \(byte 1,010 of the file\)"):
        parse_json(b'{"a": "caf\xe9"}', offset=1000)
