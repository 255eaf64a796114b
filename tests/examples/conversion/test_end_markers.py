"""End markers of other tools: off the end of an answer, never out of a text that speaks of one."""

import pytest

from tunesmith.examples.conversion.end_markers import END_MARKERS, without_end_markers
from tunesmith.examples.example import Message
from tunesmith.sources.row import RowError


def after(answer: str, prompt: str = "q\n") -> tuple[str, str, str | None]:
    messages = (Message(role="user", content=prompt), Message(role="assistant", content=answer))
    (asked, answered), marker = without_end_markers(messages)
    return asked.content, answered.content, marker


@pytest.mark.parametrize("marker", END_MARKERS)
def test_each_marker_is_taken_off_with_the_line_end_before_the_answer(marker: str) -> None:
    assert after(f"blue{marker}") == ("q", "blue", marker)
    assert after(f"blue\n{marker}{marker}\n") == ("q", "blue", marker)


@pytest.mark.parametrize(
    "answer",
    ["blue", "blue\n", "the token is <|endoftext|>", "`</s>`", 'say "<eos>"', "<s>old</s>",
     "<|endoftext|> ends a text", "a </span>"],
)  # fmt: skip
def test_other_texts_stay_to_the_letter(answer: str) -> None:
    assert after(answer) == ("q\n", answer, None)


def test_an_answer_of_nothing_else_costs_its_row() -> None:
    with pytest.raises(RowError, match="nothing but"):
        after("<|endoftext|>")


def test_only_answers_are_touched() -> None:
    messages = (Message(role="user", content="a<|endoftext|>"),)
    assert without_end_markers(messages) == (messages, None)
