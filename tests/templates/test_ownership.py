"""Content is told apart from template text, or the row is refused."""

import pytest

from tunesmith.errors import DataError
from tunesmith.templates.ownership import TurnDict, cut, owned_pieces

ANSWER = "<think>\nhm <|im_end|>\n</think>\n\nYes"


def thinking(turns: list[TurnDict]) -> str:
    """Takes an answer's thinking apart and writes the tags itself."""
    written = ""
    for turn in turns:
        text = turn["content"]
        thought = ""
        if turn["role"] == "assistant" and "</think>" in text:
            thought = text.split("</think>")[0].rstrip("\n").split("<think>")[-1].strip("\n")
            text = text.split("</think>")[-1].lstrip("\n")
        written += f"[{turn['role']}]<think>\n{thought}\n</think>\n\n{text}"
    return written


def test_thinking_that_the_template_takes_apart_is_content_without_its_tags() -> None:
    turns = [{"role": "user", "content": "</think> q"}, {"role": "assistant", "content": ANSWER}]
    pieces = owned_pieces(turns, thinking(turns), thinking)
    assert [text for text, is_content in pieces if is_content] == [
        "</think> q",
        "hm <|im_end|>",
        "Yes",
    ]


def test_content_cut_in_the_middle_is_refused() -> None:
    def half(turns: list[TurnDict]) -> str:
        return "".join(turn["content"][:3] for turn in turns)

    turns = [{"role": "user", "content": "abcdef"}]
    with pytest.raises(DataError, match="cannot be told apart"):
        owned_pieces(turns, half(turns), half)


def test_outer_whitespace_may_be_trimmed_and_content_repeated() -> None:
    def trimmed(turns: list[TurnDict]) -> str:
        return "".join(f"<{turn['content'].strip()}|{turn['content']}>" for turn in turns)

    turns = [{"role": "user", "content": " a b\n"}, {"role": "user", "content": "  "}]
    pieces = owned_pieces(turns, trimmed(turns), trimmed)
    assert [text for text, is_content in pieces if is_content] == ["a b", "a b"]
    assert "".join(text for text, _ in pieces) == trimmed(turns)


def test_cutting_keeps_text_and_ownership() -> None:
    assert cut((("abc", True), ("de", False)), [1, 3, 4, 9]) == (
        ("a", True),
        ("bc", True),
        ("d", False),
        ("e", False),
    )
