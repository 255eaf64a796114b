"""Values of tables by type: what each means, and what costs the row."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tunesmith.examples.tasks import cells
from tunesmith.sources.row import RowError


@contextmanager
def costs_its_row(reason: str) -> Iterator[None]:
    with pytest.raises(RowError) as caught:
        yield
    assert caught.value.reason == reason
    assert "'c'" in caught.value.detail or reason == "unknown choice"


@pytest.mark.parametrize(
    ("value", "text"),
    [(" a ", "a"), (3, "3"), (4.5, "4.5"), (["a", "b"], "a\nb")],
)
def test_texts(value: Any, text: str) -> None:
    assert cells.cell_text(value, "c") == text


@pytest.mark.parametrize(
    ("value", "reason"),
    [(True, "not a text"), ({"a": 1}, "not a text"), ([], "not a text"), ([1], "not a text"),
     (" ", "empty field"), ("", "empty field")],
)  # fmt: skip
def test_what_is_no_text(value: Any, reason: str) -> None:
    with costs_its_row(reason):
        cells.cell_text(value, "c")


@pytest.mark.parametrize(
    "value", ["1820", ["1820", "in 1820"], {"text": ["1820"], "answer_start": [3]}, 1820]
)
def test_the_first_answer_counts(value: Any) -> None:
    assert cells.answer_text(value, "c") == "1820"


def test_a_question_without_answer_costs_its_row() -> None:
    with costs_its_row("no answer"):
        cells.answer_text({"text": [], "answer_start": []}, "c")


@pytest.mark.parametrize("value", [True, "true", "Yes", 1, 1.0, "1", "是"])
def test_yes(value: Any) -> None:
    assert cells.yes_or_no(value, "c", "en") == "Yes"
    assert cells.yes_or_no(value, "c", "zh") == "是"


@pytest.mark.parametrize("value", [False, "FALSE", "no", 0, 0.0, "0", "否"])
def test_no(value: Any) -> None:
    assert cells.yes_or_no(value, "c", "en") == "No"


@pytest.mark.parametrize("value", [-1, 2, "maybe", None])
def test_neither_yes_nor_no(value: Any) -> None:
    with costs_its_row("unknown label"):
        cells.yes_or_no(value, "c", "en")


@pytest.mark.parametrize(
    "value",
    [["a", "b c"], '["a", "b c"]', "a, b c", "a|b c", "a; b c", "a\nb c\n", "a、b c", "a，b c"],
)
def test_lists(value: Any) -> None:
    assert cells.text_list(value, "c") == ["a", "b c"]


def test_a_text_without_separators_is_a_list_of_one() -> None:
    assert cells.text_list("a b", "c") == ["a b"]
    assert cells.text_list("[a", "c") == ["[a"]


@pytest.mark.parametrize("value", [[], "", 7, {"a": 1}])
def test_what_is_no_list(value: Any) -> None:
    with costs_its_row("not a list"):
        cells.text_list(value, "c")


def test_a_very_deep_list_is_no_list_but_a_text() -> None:
    assert len(cells.text_list("[" * 50_000, "c")) == 1


@pytest.mark.parametrize("value", ["a stone", "D", "3", 3])
def test_a_choice_is_a_text_a_letter_or_a_position_from_0(value: Any) -> None:
    offered = cells.choices_of(["a spoon", "a cloud", "a river", "a stone"], "c")
    assert offered.find(value) == 3


def test_letters_of_the_table_are_kept() -> None:
    offered = cells.choices_of({"text": ["x", "y"], "label": ["1", "2"]}, "c")
    assert offered.find("1") == 0
    assert cells.in_lettered_lines(offered) == "1. x\n2. y"


def test_a_text_goes_before_a_position() -> None:
    assert cells.choices_of(["2", "0", "1"], "c").find("0") == 1


@pytest.mark.parametrize("value", [4, -1, "E", True, None, "nothing", "²"])
def test_what_is_no_choice(value: Any) -> None:
    offered = cells.choices_of(["a", "b", "c", "d"], "c")
    with costs_its_row("unknown choice"):
        offered.find(value)


@pytest.mark.parametrize(
    "value", [["a"], [f"{n}" for n in range(27)], {"text": ["a", "b"], "label": ["A"]}]
)
def test_choices_that_cannot_be_offered(value: Any) -> None:
    with costs_its_row("bad choices"):
        cells.choices_of(value, "c")


def test_records() -> None:
    assert cells.record_of('{"a": 1}', "c") == cells.record_of({"a": 1}, "c") == {"a": 1}
    for value in ("{", "[1]", "", {}, "[" * 50_000, 5):
        with costs_its_row("not an object"):
            cells.record_of(value, "c")


def test_enumerations() -> None:
    assert cells.in_one_line(["a", "b"], "zh") == "a、b"
    assert cells.alternatives(["a", "b", "c"], "en") == "a, b or c"
    assert cells.alternatives(["a", "b"], "zh") == "a或b"
    assert cells.alternatives(["a"], "en") == "a"
