"""What a model wraps around its JSON is passed over; what cannot be read is said, not guessed."""

import pytest

from tunesmith.sources.row import RowError
from tunesmith.teacher.parse import (
    UNREADABLE,
    numbered_items,
    read_list,
    read_object,
    read_tasks,
    read_text,
    read_yes,
)


@pytest.mark.parametrize(
    "text",
    [
        '{"response": "a {b} \\" c"}',
        'Sure! Here it is:\n```json\n{"response": "a {b} \\" c"}\n```\nAnything else?',
        '<think>maybe {"response": "no"}</think>{"response": "a {b} \\" c"}',
        'An example is {"response": "x"}; mine is {"response": "a {b} \\" c"}.',
        '{broken {"response": "a {b} \\" c"}',
    ],
)
def test_the_last_whole_object_counts(text: str) -> None:
    assert read_object(text) == {"response": 'a {b} " c'}


@pytest.mark.parametrize(
    "text",
    ["", "no JSON", '{"response": "cut', '["a"]', '{"a": NaN}', '{"a": 1, "a": 2}', "{" * 5000],
)
def test_what_is_no_object_is_unreadable(text: str) -> None:
    with pytest.raises(RowError) as error:
        read_object(text)
    assert error.value.reason == UNREADABLE


def test_deep_nesting_ends_in_a_reason() -> None:
    with pytest.raises(RowError, match="nested"):
        read_object('{"a": ' + "[" * 500 + "]" * 500 + "}")


def test_numbers_and_claims_are_texts_and_lists_are_not() -> None:
    assert read_text({"answer": 42}, "response", "answer") == "42"
    assert read_text({"answer": True}, "answer") == "true"
    with pytest.raises(RowError, match="no text under response; found answer"):
        read_text({"answer": ["x"]}, "response")
    with pytest.raises(RowError, match="no list"):
        read_list({"pairs": "x"}, "pairs")


def test_tasks_are_a_list_of_texts_or_objects_or_a_numbered_list() -> None:
    assert read_tasks('{"tasks": ["a b", {"instruction": "c"}, 3, ""]}') == ["a b", "c"]
    listed = (
        "Here you go:\n9. Name a river.\n10) Sort these:\n  a, b\n**11.** Sum up.\nTask 12: Go."
    )
    assert read_tasks(listed) == ["Name a river.", "Sort these:\na, b", "Sum up.", "Go."]
    assert numbered_items("1、解释什么是潮汐。\n2、写一封信。") == [
        "解释什么是潮汐。",
        "写一封信。",
    ]
    with pytest.raises(RowError):
        read_tasks("I would rather talk about the weather.")


@pytest.mark.parametrize(
    ("word", "is_yes"), [("Yes.", True), (True, True), ("no", False), ("是", True)]
)
def test_yes_and_no_are_read_in_both_languages(word: object, is_yes: bool) -> None:
    assert read_yes({"supported": word}, "supported") is is_yes


@pytest.mark.parametrize("word", ["maybe", "yes and no", 0.5, ""])
def test_neither_yes_nor_no_is_no_answer(word: object) -> None:
    with pytest.raises(RowError, match="neither yes nor no"):
        read_yes({"supported": word}, "supported")
