"""YAML as its version 1.2 reads plain words, and back."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.recipe.yaml_text import plain_value, read_yaml, write_yaml

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False)
    | st.text()
    | st.from_regex(r"[-+0-9.eExo~]{1,6}", fullmatch=True),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("5e-5", 5e-5),
        ("1.", 1.0),
        (".5", 0.5),
        ("0o17", 15),
        ("0x1F", 31),
        ("010", 10),
        ("true", True),
        ("yes", "yes"),
        ("off", "off"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("1_000", "1_000"),
        ("~", None),
        ("9" * 5000, float("9" * 5000)),
    ],
)
def test_plain_words_mean_what_the_core_schema_says(word: str, value: object) -> None:
    assert plain_value(word) == value
    assert type(plain_value(word)) is type(value)


def test_not_a_number_is_read_as_one() -> None:
    assert math.isnan(plain_value(".nan"))
    assert plain_value("-.inf") == -math.inf


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_what_is_written_reads_back_equal(value: object) -> None:
    assert read_yaml(write_yaml({"key": value})).value == {"key": value}
