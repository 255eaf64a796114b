"""Headers of a template: off the start and end of a lone question, never out of the midst."""

import pytest

from tunesmith.examples.columns.column_names import ColumnChoice
from tunesmith.examples.conversion.prompt_headers import HEADERS, header_names, without_headers
from tunesmith.examples.conversion.shapes import RowReader
from tunesmith.examples.example import Example, Message
from tunesmith.sources.row import Dropped, Row, RowError

ASKED = "What is blue?\nAnd why"


def bared(question: str, answer: str) -> tuple[str, str] | None:
    messages = (Message(role="user", content=question), Message(role="assistant", content=answer))
    (asked, answered), headers = without_headers(messages)
    if headers is None:
        assert (asked.content, answered.content) == (question, answer)
        return None
    return asked.content, answered.content


@pytest.mark.parametrize("headers", HEADERS, ids=header_names)
def test_each_pair_of_headers_is_taken_off_wherever_it_may_stand(headers: tuple[str, str]) -> None:
    opening, lead = headers
    bare = (ASKED, "A colour.")
    assert bared(f"{opening}\n{ASKED}\n\n{lead}", "A colour.") == bare
    assert bared(f"\n{opening} {ASKED}\r\n{lead}\n", " A colour.") == (
        "What is blue?\nAnd why",
        bare[1],
    )
    assert bared(f"{opening}\n{ASKED}", f"{lead}\nA colour.") == bare
    (*_, asked, _), found = without_headers(
        (
            Message(role="system", content="Be brief."),
            Message(role="user", content=f"{opening} {ASKED}\n{lead}"),
            Message(role="assistant", content="A colour."),
        )
    )
    assert (asked.content, found) == (ASKED, headers)


def test_a_header_behind_a_sentence_and_the_mark_of_a_turn_are_taken_off() -> None:
    assert bared("USER: Why? ASSISTANT:", "So.") == ("Why?", "So.")
    assert bared("Q: 为什么？A:", "So.") == ("为什么？", "So.")
    chatml = "<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n"
    assert bared(chatml, "So.") == ("Why?", "So.")
    listed = "First.\n\n### Then:\n\nSecond."
    assert bared("### Question:\nHow?\n\n### Answer:", listed) == ("How?", listed)
    assert bared("### Question:\nHow?\n### Answer:", "\n    return 1") == ("How?", "    return 1")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("### Question:\nA?\n### Answer:\nB.\n### Question:\nC?\n### Answer:", "D."),  # examples
        ("### Question:\nA?\n### Context:\nB.\n\n### Answer:", "D."),
        ("### Question:\nA?\n### Answer:", "B.\n\n### Question:\nC?"),
        ("Look below.\n### Question:\nA?\n### Answer:", "B."),
        ("### Question:\nA?", "B."),
        ("A?\n### Answer:", "B."),
        ("Q: Is it B or A:", "B."),
        ("User: I cannot see the word Assistant:", "B."),
        ("What does '### Question:' open, and what does ### Answer:", "B."),
        ("[INST] A? [/INST] B [INST] C? [/INST]", "D."),
    ],
)
def test_where_the_form_is_not_clean_a_row_stays_to_the_letter(question: str, answer: str) -> None:
    assert bared(question, answer) is None


@pytest.mark.parametrize(
    ("question", "answer", "reason"),
    [
        ("### Question:\n \n\n### Answer:", "B.", "empty instruction"),
        ("### Question:\nA?", "### Answer:\n", "empty response"),
        ("Q:\nA:", "B.", "empty instruction"),
    ],
)
def test_headers_around_nothing_cost_their_row(question: str, answer: str, reason: str) -> None:
    with pytest.raises(RowError, match="nothing but") as caught:
        bared(question, answer)
    assert caught.value.reason == reason
    reader = RowReader(ColumnChoice(keeps_headers=False))
    row = Row(source="a.jsonl:1", fields={"question": question, "answer": answer})
    assert isinstance(reader.read(row), Dropped)
    assert (reader.total.cells_read, reader.total.cells_dropped) == (2, 2)


def test_inputs_and_conversations_stay() -> None:
    asked = Message(role="user", content="### Question:\nA?\n### Answer:")
    answered = Message(role="assistant", content="B.")
    with_input = (Message(role="user", content=asked.content, input="C"), answered)
    for messages in ((asked, answered) * 2, with_input, (answered,), (asked,)):
        assert without_headers(messages) == (messages, None)


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_row_says_what_was_taken_off_it_and_its_sum_closes(is_kept: bool) -> None:
    reader = RowReader(ColumnChoice(keeps_headers=is_kept))
    opening, lead = HEADERS[0]  # with Alpaca's opening sentences
    fields = {"question": f"{opening}\nWhy?\n\n{lead}", "answer": "So.</s>"}
    example = reader.read(Row(source="a.jsonl:1", fields=fields))
    assert isinstance(example, Example)
    taken = () if is_kept else ("removed:### Instruction: ... ### Response:",)
    assert example.tags == ("removed:</s>", *taken)
    assert example.messages[0].content == (fields["question"] if is_kept else "Why?")
    assert (reader.total.cells_read, reader.total.cells_in_examples) == (2, 2)
