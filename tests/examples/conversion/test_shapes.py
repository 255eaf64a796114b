"""Every usual shape becomes the same record; what could mean two things is refused."""

from typing import Any

import pytest

from tunesmith.examples.conversion.shapes import to_example
from tunesmith.examples.example import Example, Message
from tunesmith.sources.row import Dropped, Row

QUESTION = Message(role="user", content="What?")
ANSWER = Message(role="assistant", content="That.")
PAIR = (QUESTION, ANSWER)
SYSTEM = Message(role="system", content="Be brief.")
OPENAI = [{"role": "user", "content": "What?"}, {"role": "assistant", "content": "That."}]
SHAREGPT = [{"from": "human", "value": "What?"}, {"from": "gpt", "value": "That."}]


def read(columns: dict[str, object], **fields: str) -> Example | Dropped:
    return to_example(Row(fields=columns, source="a.jsonl:17"), fields)


def refused(columns: dict[str, object], **fields: str) -> tuple[str, str]:
    dropped = read(columns, **fields)
    assert isinstance(dropped, Dropped), dropped
    assert dropped.source == "a.jsonl:17"
    return dropped.reason, dropped.detail


@pytest.mark.parametrize(
    "columns",
    [
        {"instruction": "What?", "input": "", "output": "That."},
        {"instruction": "What?", "output": "That."},
        {"instruction": "What?", "input": None, "response": "That."},
        {"instruction": "What?", "input": " \n", "output": "That."},
        {"question": "What?", "answer": "That."},
        {"prompt": "What?", "completion": "That."},
        {"question": "What?", "response": "That."},
        {"prompt": OPENAI[:1], "completion": OPENAI[1:]},
        {"prompt": "What?", "completion": OPENAI[1:]},
        {"prompt": OPENAI[:1], "completion": "That."},
        {"messages": OPENAI},
        {"messages": SHAREGPT},
        {"conversations": SHAREGPT, "id": 3, "tools": "[]", "system": ""},
        {"conversations": OPENAI},
        {"messages": OPENAI, "prompt": "What?", "prompt_id": "x"},
        {"messages": OPENAI, "conversations": SHAREGPT},
        {"messages": OPENAI, "question": "What?", "answer": "That."},
        {"instruction": "What?", "output": "That.", "response": "That."},
        {"instruction": "What?", "output": "That.", "text": "### Q: What? ### A: That."},
        {"instruction": "What?", "output": "That.", "prompt": "Below is ... What? ..."},
        {"instruction": "What?", "output": "That.", "question": "", "answer": "", "text": ""},
        {"instruction": "What?", "output": "That.", "messages": None, "text": None},
        {"instruction": "What?", "output": "That.", "label": 3, "score": None},
        {"prompt": "What?", "chosen": "That.", "rejected": "This."},
        {"prompt": "What?", "chosen": OPENAI, "rejected": OPENAI},
        {"prompt": OPENAI[:1], "chosen": OPENAI[1:], "rejected": OPENAI[1:]},
        {"chosen": OPENAI, "rejected": OPENAI},
        {"prompt": "What?", "messages": OPENAI, "chosen": "x", "rejected": "y"},
    ],
)
def test_the_same_pair_is_read_from_every_shape(columns: dict[str, object]) -> None:
    example = read(columns)
    assert isinstance(example, Example), example
    assert example.messages == PAIR
    assert example.source == "a.jsonl:17"


def test_what_belongs_to_the_pair_is_kept() -> None:
    example = read(
        {"instruction": "Add.", "input": " 1, 2", "output": " 3\n", "system": "Be brief."}
    )
    assert isinstance(example, Example)
    assert example.messages == (
        SYSTEM,
        Message(role="user", content="Add.", input=" 1, 2"),
        Message(role="assistant", content=" 3\n"),
    )


def test_a_system_column_joins_a_conversation_once() -> None:
    listed = [{"role": "system", "content": "Be brief."}, *OPENAI]
    for columns in (
        {"messages": OPENAI, "system": "Be brief."},
        {"messages": listed},
        {"messages": listed, "system": "Be brief."},
    ):
        example = read(columns)
        assert isinstance(example, Example)
        assert example.messages == (SYSTEM, *PAIR)
    assert refused({"messages": listed, "system": "Be long."})[0] == "ambiguous"


def test_a_text_is_a_lone_message_of_the_assistant() -> None:
    example = read({"text": " Once\nupon ", "url": "x"})
    assert isinstance(example, Example)
    assert example.is_text
    assert example.reference == " Once\nupon "


@pytest.mark.parametrize(
    ("weights", "trained"), [((0, 1), (False, True)), ((1.0, None), (True, None))]
)
def test_openais_weight_says_what_is_trained(weights: Any, trained: Any) -> None:
    turns = [{**OPENAI[1], "weight": weight} for weight in weights]
    example = read({"messages": [OPENAI[0], turns[0], OPENAI[0], turns[1]]})
    assert isinstance(example, Example)
    assert tuple(example.messages[index].is_trained for index in (1, 3)) == trained


@pytest.mark.parametrize(
    ("columns", "reason", "words"),
    [
        ({"instruction": "", "output": "x"}, "empty instruction", "'instruction' is empty"),
        ({"question": " \n\t", "answer": "x"}, "empty instruction", "'question' is blank"),
        ({"prompt": "x", "completion": "\u2003"}, "empty response", "'completion' is blank"),
        ({"instruction": "x", "output": ""}, "empty response", "'output' is empty"),
        ({"instruction": "x", "output": None}, "null field", "'output' is null"),
        ({"instruction": None, "output": "x"}, "null field", "'instruction' is null"),
        ({"text": None}, "null field", "'text' is null"),
        ({"text": " "}, "empty text", "'text' is blank"),
        ({"instruction": "x", "output": float("nan")}, "not a text", "'output' is the number nan"),
        ({"instruction": {"a": 1}, "output": "x"}, "not a text", "'instruction' is an object"),
        ({"instruction": "x", "output": "y", "input": {"a": 1}}, "not a text", "'input' is an obj"),
        ({"instruction": "x", "output": []}, "missing_messages_list", "is empty"),
        ({"instruction": "x", "output": "y", "system": {"a": 1}}, "not a text", "'system'"),
        ({"text": ["x", "y"]}, "not a text", "'text' is a list"),
        (
            {"question": "x", "rejoinder": "y"},
            "missing field",
            "no field 'response'; found question, rejoinder. Map it: fields: "
            "{response: rejoinder}.",
        ),
        (
            {"answer": "x", "ask": "y", "id": "1"},
            "missing field",
            "no field 'instruction'; found answer, ask, id. Map it: fields: {instruction: ask}.",
        ),
        ({"a": "x", "b": "y"}, "missing field", "found a, b. Map them: fields:"),
        ({}, "missing field", "found nothing"),
        ({str(n): n for n in range(50)}, "missing field", "and 42 more"),
    ],
)
def test_what_is_missing_is_named(columns: dict[str, object], reason: str, words: str) -> None:
    found = refused(columns)
    assert found[0] == reason
    assert words in found[1]


@pytest.mark.parametrize(
    "columns",
    [
        {"text": "x", "messages": OPENAI},
        {"instruction": "x", "output": "y", "response": "z"},
        {"question": "x", "answer": "y", "completion": "z"},
        {"instruction": "x", "output": "y", "chosen": "z", "rejected": "w"},
        {"instruction": "x", "question": "y", "output": "z"},
        {"instruction": "x", "output": "y", "text": "something else"},
        {"messages": OPENAI, "question": "x", "answer": "y"},
        {"messages": OPENAI, "conversations": SHAREGPT * 2},
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(columns: dict[str, object]) -> None:
    reason, detail = refused(columns)
    assert reason == "ambiguous"
    assert "Say which one counts: fields: {" in detail


@pytest.mark.parametrize(
    ("columns", "fields"),
    [
        ({"q": "What?", "a": "That."}, {"instruction": "q", "response": "a"}),
        ({"question": "What?", "a": "That."}, {"response": "a"}),
        ({"text": "What?", "label": "That."}, {"instruction": "text", "response": "label"}),
        ({"question": "What?", "answer": "no", "gold": "That."}, {"response": "gold"}),
        ({"question": "What?", "output": "x", "chosen": "That."}, {"response": "chosen"}),
        ({"question": "What?", "answer": "That.", "messages": OPENAI * 2}, {"response": "answer"}),
        ({"chat": OPENAI, "text": "x", "question": "y", "answer": "z"}, {"messages": "chat"}),
        (
            {"output": "What?", "instruction": "That."},
            {"instruction": "output", "response": "instruction"},
        ),
    ],
)
def test_fields_of_the_recipe_go_before(columns: dict[str, object], fields: dict[str, str]) -> None:
    example = read(columns, **fields)
    assert isinstance(example, Example), example
    assert example.messages == PAIR


def test_a_named_text_is_read_as_text() -> None:
    example = read({"body": "x", "question": "q", "answer": "a", "text": "y"}, text="body")
    assert isinstance(example, Example)
    assert (example.is_text, example.reference) == (True, "x")


def test_a_misspelt_column_names_the_nearest() -> None:
    assert refused({"question": "x", "answer": "y"}, response="answr") == (
        "missing field",
        "no field 'answr' for response; found answer, question. Did you mean answer?",
    )


EXAMPLES = [
    PAIR,
    (Message(role="user", content="Add.", input="1, 2"), ANSWER),
    (ANSWER,),
    (SYSTEM, Message(role="user", content="Add.", input="1, 2"), ANSWER),
    (
        *PAIR,
        Message(role="user", content="And?"),
        Message(role="assistant", content="é😀\u2028\t", is_trained=True),
    ),
    (QUESTION, Message(role="assistant", content="x", is_trained=False), *PAIR),
]


@pytest.mark.parametrize("messages", EXAMPLES)
def test_what_tunesmith_writes_is_read_back(messages: tuple[Message, ...]) -> None:
    written = Example(messages=messages, source="old.csv:3", group="g1", tags=("a", "b"))
    again = read(written.to_json())
    assert isinstance(again, Example), again
    assert (again.messages, again.group, again.tags) == (messages, "g1", ("a", "b"))
    assert again.id == written.id
    assert again.source == "a.jsonl:17"


def test_foreign_keys_of_our_names_are_let_be() -> None:
    example = read({"question": "What?", "answer": "That.", "tags": "a", "group": 3, "source": 1})
    assert isinstance(example, Example)
    assert (example.group, example.tags) == (None, ())
