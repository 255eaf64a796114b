"""Rows are read to the last cell: contexts, earlier turns, choices, reasoning, numbers."""

import json
from typing import Any

import pytest

from tunesmith.examples.columns.column_names import ColumnChoice
from tunesmith.examples.conversion.nested_rows import TASK_EXAMPLE, nested_rows
from tunesmith.examples.conversion.shapes import RowReader
from tunesmith.examples.example import Example
from tunesmith.sources.row import Dropped, NotRead, Row

PAIR = {"question": "And its mouth?", "answer": "At Ulm."}
EARLIER = ["Which river is it?", "The Iller."]
ASKED, TOLD = {"role": "user", "content": "Where?"}, {"role": "assistant", "content": "There."}

PARTS = [{"type": "text", "text": "Whe"}, {"type": "text", "text": "re?"}]


def read(columns: dict[str, Any], **choice: Any) -> tuple[Example | Dropped, dict[str, int]]:
    reader = RowReader(ColumnChoice(**choice))
    item = reader.read(Row(fields=columns, source="a.jsonl:7"))
    return item, {name: number for (_, name), number in reader.not_read.characters.items()}


def texts(item: Example | Dropped) -> list[str]:
    assert isinstance(item, Example), item
    return [part for one in item.messages for part in (one.content, one.input) if part]


@pytest.mark.parametrize(
    "history",
    [
        [EARLIER],
        [{"role": "user", "content": EARLIER[0]}, {"role": "bot", "content": EARLIER[1]}],
        [{"from": "human", "value": EARLIER[0]}, {"from": "gpt", "value": EARLIER[1]}],
        [{"question": EARLIER[0], "answer": EARLIER[1]}],
        [{"Human": EARLIER[0], "Assistant": EARLIER[1]}],
        json.dumps([EARLIER]),
        str([EARLIER]),
        f"Human: {EARLIER[0]}\nAssistant: {EARLIER[1]}",
    ],
)
def test_history_stands_before_the_question(history: object) -> None:
    item, unread = read({**PAIR, "history": history, "system_prompt": "Be brief."})
    assert texts(item) == ["Be brief.", *EARLIER, *PAIR.values()]
    assert unread == {}


@pytest.mark.parametrize(
    "choices",
    [
        ["At Ulm.", "At Bonn."],
        '["At Ulm.", "At Bonn."]',
        {"text": ["At Ulm.", "At Bonn."], "label": ["A", "B"]},
    ],
)
def test_choices_are_laid_out_below_the_question(choices: object) -> None:
    item, unread = read({**PAIR, "choices": choices, "context": "It is a river."})
    assert texts(item)[1] == "It is a river.\n\nA. At Ulm.\nB. At Bonn."
    assert unread == {}


def test_columns_of_choices_and_several_contexts_are_read() -> None:
    columns = {"A": "Ulm", "B": "Bonn", "C": "Rome", "passage": "One.", "input": "Two."}
    item, unread = read({**PAIR, **columns, "background": ["Three.", "Four."]})
    assert texts(item)[1] == "One.\n\nThree.\n\nFour.\n\nTwo.\n\nA. Ulm\nB. Bonn\nC. Rome"
    assert unread == {}


@pytest.mark.parametrize("key", ["reasoning", "thinking", "Chain of thought", "推理"])
def test_reasoning_is_left_out_by_name_or_kept(key: str) -> None:
    columns = {**PAIR, key: "Ulm lies on it."}
    item, unread = read(columns)
    assert (texts(item)[-1], unread) == ("At Ulm.", {f"column '{key}'": 12})
    item, unread = read(columns, keeps_reasoning=True)
    assert texts(item)[-1] == "<think>\nUlm lies on it.\n</think>\n\nAt Ulm."
    assert unread == {}


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning", "thinking"])
def test_reasoning_of_a_message_is_left_out_by_name_or_kept(key: str) -> None:
    columns = {"messages": [ASKED, {**TOLD, key: "I saw it."}]}
    item, unread = read(columns)
    assert (texts(item)[-1], unread) == ("There.", {f"column 'messages.{key}'": 7})
    item, unread = read(columns, keeps_reasoning=True)
    assert (texts(item)[-1], unread) == ("<think>\nI saw it.\n</think>\n\nThere.", {})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (8, "8"),
        (0, "0"),
        (3.14159, "3.14159"),
        (1e-7, "1e-7"),
        (12345678901234567890, "12345678901234567890"),
        (True, "true"),
        (["Ulm"], "Ulm"),
        ({"text": ["Ulm", "in Ulm"], "answer_start": [3, 1]}, "Ulm"),
    ],
)
def test_a_number_is_the_text_of_it(value: object, text: str) -> None:
    assert texts(read({"prompt": "What?", "completion": value})[0])[-1] == text


def test_a_list_as_answer_is_refused_in_the_words_of_the_file() -> None:
    item, _ = read({"instruction": "Name metals.", "output": ["iron", "zinc"]})
    assert isinstance(item, Dropped)
    assert item.detail == (
        "field 'output' is a list, not a text: it holds 2 texts. Write one, such as \"iron, zinc\""
    )


@pytest.mark.parametrize("role", ["model", "Bot", "GPT", "agent", "客服", "chatbot", "AI"])
def test_other_names_of_the_assistant_are_known(role: str) -> None:
    item, _ = read({"messages": [{**ASKED, "role": "Customer"}, {**TOLD, "role": role}]})
    assert [one.role for one in item.messages] == ["user", "assistant"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "messages",
    [
        json.dumps([ASKED, TOLD]),
        str([ASKED, TOLD]),
        [{**ASKED, "content": PARTS}, {**TOLD, "content": ["There."]}],
        [{"Role": "User", "Content": "Where?"}, {"Role": "Assistant", "Content": "There."}],
        [{"speaker": "user", "text": "Where?"}, {"speaker": "assistant", "text": "There."}],
        [{"prompt": "Where?", "response": "There."}],
        "USER: Where?\nASSISTANT: There.",
        "### Human: Where?\n### Assistant: There.",
        "<|user|>: Where?\n<|assistant|>: There.",
    ],
)
def test_messages_are_read_from_any_form(messages: object) -> None:
    assert texts(read({"messages": messages})[0]) == ["Where?", "There."]


@pytest.mark.parametrize("key", ["weight", "loss", "train", "loss_weight", "trainable"])
@pytest.mark.parametrize("off", [0, 0.0, False])
def test_a_flag_says_what_is_trained(key: str, off: object) -> None:
    first = {**TOLD, key: off}
    item, unread = read({"messages": [{**ASKED, key: off}, first, ASKED, {**TOLD, key: 1}]})
    assert [one.is_trained for one in item.messages] == [None, False, None, True]  # type: ignore[union-attr]
    assert unread == {}


def test_what_tools_add_to_messages_is_named() -> None:
    added = {"annotations": [], "refusal": None, "audio": None, "id": "m1", "toxic": False}
    item, unread = read({"messages": [ASKED, {**TOLD, **added}], "metadata": {"a": 1}})
    assert texts(item) == ["Where?", "There."]
    assert set(unread) == {"column 'messages.id'", "column 'messages.toxic'", "column 'metadata'"}


def test_only_the_shortest_of_two_questions_counts_as_read() -> None:
    item, unread = read({**PAIR, "prompt": "Below is a question. And its mouth? Answer it."})
    assert texts(item) == list(PAIR.values())
    assert set(unread) == {"column 'prompt'"}


def test_a_paragraphs_questions_become_rows() -> None:
    asked = [
        {"id": 1, "question": "Where?", "answers": [{"text": "Ulm", "answer_start": 3}]},
        {"id": 2, "question": "When?", "answers": [], "is_impossible": True},
    ]
    fields = {"title": "Iller", "paragraphs": [{"context": "In Ulm.", "qas": asked}]}
    rows = list(nested_rows(Row(fields=fields, source="a.json:3")))
    read_back = [RowReader().read(row) for row in rows if isinstance(row, Row)]
    assert texts(read_back[0]) == ["Where?", "In Ulm.", "Ulm"]
    assert isinstance(read_back[1], Dropped)
    assert [one.source for one in read_back] == ["a.json:3 question 1", "a.json:3 question 2"]
    assert read_back[1].reason == "no answer"


def test_the_instances_of_a_task_become_rows_and_the_rest_is_named() -> None:
    fields = {
        "Definition": ["Name the river."],
        "Positive Examples": [{"input": "At Bonn.", "output": "Rhine", "explanation": "Known."}],
        "Instances": [{"id": "t-1", "input": "At Ulm.", "output": ["Iller", "The Iller"]}],
        "Categories": ["Geography"],
    }
    found = list(nested_rows(Row(fields=fields, source="a.json:1")))
    (row,) = (one for one in found if isinstance(one, Row))
    assert texts(RowReader().read(row)) == ["Name the river.", "At Ulm.", "Iller"]
    assert [one.reason for one in found if isinstance(one, Dropped)] == [TASK_EXAMPLE]
    assert [(one.name, one.text) for one in found if isinstance(one, NotRead)] == [
        ("other right answers", "The Iller"),
        ("column 'Categories'", '["Geography"]'),
    ]


def test_the_instances_of_a_seed_become_rows() -> None:
    instances = [{"input": "", "output": "Oats."}, {"input": "No milk.", "output": "Tea."}]
    row = Row(fields={"instruction": "Name a meal.", "instances": instances}, source="a:1")
    rows = [one for one in nested_rows(row) if isinstance(one, Row)]
    assert [texts(RowReader().read(one))[-1] for one in rows] == ["Oats.", "Tea."]


@pytest.mark.parametrize(
    "columns",
    [
        {"system": [{"text": "Be brief."}], "messages": [ASKED, TOLD]},
        {
            "systemInstruction": {"role": "system", "parts": [{"text": "Be brief."}]},
            "contents": [
                {"role": "user", "parts": [{"text": "Where?"}]},
                {"role": "model", "parts": [{"text": "There."}]},
            ],
        },
    ],
)
def test_the_rows_of_clouds_are_read(columns: dict[str, Any]) -> None:
    item, _ = read(columns)
    assert texts(item) == ["Be brief.", "Where?", "There."]


def test_bytes_are_no_text() -> None:
    item, _ = read({"question": b"\xff\xfe", "answer": "x"})
    assert isinstance(item, Dropped)
    assert item.detail == "field 'question' is bytes, not a text"
