"""A split depends on the prompt, the seed and the shares; on nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.errors import DataError
from tunesmith.examples.example import Example, Message
from tunesmith.examples.split import SPLITS, check_split_sizes, split_of
from tunesmith.recipe.recipe import ExamplesRecipe, SplitRecipe

RECIPE = ExamplesRecipe()


def pair(question: str, answer: str = "a", **more: str) -> Example:
    turns = (Message(role="user", content=question), Message(role="assistant", content=answer))
    return Example(messages=turns, source=more.get("source", "x:1"), group=more.get("group"))


@given(st.text(), st.text(), st.text())
@settings(deadline=None)
def test_the_answer_and_the_source_decide_nothing(question: str, one: str, other: str) -> None:
    assert split_of(pair(question, one), RECIPE) == split_of(
        pair(question, other, source="y:2", group="g"), RECIPE
    )


def test_the_shares_are_met() -> None:
    sides = [split_of(pair(str(number)), RECIPE) for number in range(10_000)]
    assert abs(sides.count("test") - 1000) < 100
    assert abs(sides.count("validation") - 500) < 75
    assert set(sides) == set(SPLITS)


def test_the_split_of_known_rows_never_changes() -> None:
    held_out = {
        number: side
        for number in range(40)
        if (side := split_of(pair(f"question {number}"), RECIPE)) != "train"
    }
    assert held_out == {
        1: "test",
        6: "validation",
        20: "test",
        30: "test",
        31: "validation",
        32: "test",
        36: "test",
    }


def test_another_seed_gives_another_split() -> None:
    other = ExamplesRecipe(seed=1)
    moved = [
        split_of(pair(str(number)), RECIPE) != split_of(pair(str(number)), other)
        for number in range(1000)
    ]
    assert 150 < sum(moved) < 400


def test_another_validation_share_moves_no_row_in_or_out_of_test() -> None:
    more = ExamplesRecipe(split=SplitRecipe(validation=0.3))
    for number in range(1000):
        example = pair(str(number))
        assert (split_of(example, RECIPE) == "test") == (split_of(example, more) == "test")


def test_a_plain_text_is_split_by_all_of_it() -> None:
    texts = [
        Example(messages=(Message(role="assistant", content=str(n)),), source="x:1")
        for n in range(500)
    ]
    assert {split_of(text, RECIPE) for text in texts} == set(SPLITS)


def test_shares_of_nothing_hold_nothing_out() -> None:
    none = ExamplesRecipe(split=SplitRecipe(validation=0.0, test=0.0))
    assert {split_of(pair(str(number)), none) for number in range(1000)} == {"train"}


@pytest.mark.parametrize("num_rows", [1, 2, 3])
def test_a_handful_of_rows_is_split_or_refused_with_the_sizes(num_rows: int) -> None:
    for start in range(200):
        sides = [split_of(pair(f"{start} {number}"), RECIPE) for number in range(num_rows)]
        counts = {side: sides.count(side) for side in SPLITS}
        if counts["train"]:
            check_split_sizes(counts)
        else:
            with pytest.raises(DataError, match=f"{counts['test']} test"):
                check_split_sizes(counts)


def test_changing_the_input_changes_the_prompt() -> None:
    def example(text: str) -> Example:
        user = Message(role="user", content="q", input=text)
        return Example(messages=(user, Message(role="assistant", content="a")), source="x:1")

    sides = {split_of(example(str(number)), RECIPE) for number in range(500)}
    assert sides == set(SPLITS)
