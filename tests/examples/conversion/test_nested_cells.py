"""Cells that hold objects and lists: read where it is plain what counts, else asked about."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.examples.conversion.test_row_reading import read, texts
from tests.examples.reading import made_of
from tunesmith.errors import RecipeError
from tunesmith.examples.conversion.cell_paths import opened
from tunesmith.examples.example import Example
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.row import Dropped

ASKED, TOLD = "When did the mill open?", "In 1931."
ABOUT = ["The mill stood empty.", "It opened in 1931."]
PAIR = {"question": ASKED, "answer": TOLD}


@pytest.mark.parametrize(
    ("context", "expected", "unread"),
    [
        (
            {"title": ["Mill", "Lund"], "sentences": [ABOUT, ["A town."]]},
            "Mill\nThe mill stood empty. It opened in 1931.\n\nLund\nA town.",
            {},
        ),
        (
            [["Mill", ABOUT], ["Lund", ["A town."]]],
            "Mill\nThe mill stood empty. It opened in 1931.\n\nLund\nA town.",
            {},
        ),
        (
            {"contexts": ABOUT, "labels": ["A", "B"], "meshes": ["Mills", "Towns", "Rye"]},
            "The mill stood empty.\n\nIt opened in 1931.",
            {"column 'context.labels'": 10, "column 'context.meshes'": 25},
        ),
        (
            [{"title": "Mill", "text": ABOUT[1], "score": 0.5}],
            "Mill\nIt opened in 1931.",
            {"column 'context.score'": 5},
        ),
        (
            {"is_selected": [1, 0], "passage_text": ABOUT, "url": ["http://a", "http://b"]},
            "The mill stood empty.\n\nIt opened in 1931.",
            {"column 'context.is_selected'": 6, "column 'context.url'": 24},
        ),
        ({"title": "Mill", "text": ABOUT[1]}, "Mill\nIt opened in 1931.", {}),
        (ABOUT, "The mill stood empty.\n\nIt opened in 1931.", {}),
    ],
)
def test_passages_are_read_however_they_are_laid_out(
    context: object, expected: str, unread: dict[str, int]
) -> None:
    item, rest = read({**PAIR, "context": context})
    assert texts(item) == [ASKED, expected, TOLD]
    assert rest.keys() == unread.keys()


@pytest.mark.parametrize(
    ("questions", "answers"),
    [
        ([ASKED, "Where?"], {"input_text": [TOLD, "In Lund."], "answer_start": [3, 9]}),
        ([ASKED, "Where?"], {"texts": [[TOLD], ["In Lund.", "Lund"]]}),
        (
            [{"input_text": ASKED, "turn_id": 1}, {"input_text": "Where?", "turn_id": 2}],
            [{"input_text": TOLD, "turn_id": 1}, {"input_text": "In Lund.", "turn_id": 2}],
        ),
        ([ASKED, "Where?"], [TOLD, "In Lund."]),
    ],
)
def test_questions_and_answers_side_by_side_are_turns_about_one_text(
    questions: object, answers: object
) -> None:
    item, _ = read({"story": ABOUT[1], "questions": questions, "answers": answers})
    assert texts(item) == [ASKED, ABOUT[1], TOLD, "Where?", "In Lund."]


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ({"A": "Ulm", "B": "Bonn"}, "A. Ulm\nB. Bonn"),
        ({"a": "Ulm", "b": "Bonn"}, "a. Ulm\nb. Bonn"),
        ([{"label": "A", "text": "Ulm"}, {"label": "B", "text": "Bonn"}], "A. Ulm\nB. Bonn"),
        ("['Ulm', 'Bonn']", "A. Ulm\nB. Bonn"),
        ("{'A': 'Ulm', 'B': 'Bonn'}", "A. Ulm\nB. Bonn"),
        ("A) Ulm\nB) Bonn", "A. Ulm\nB. Bonn"),
        (["(1) Ulm", "(2) Bonn"], "1. Ulm\n2. Bonn"),
        (["A. Lincoln", "B. Franklin", "C. Darwin"], "A. Lincoln\nB. Franklin\nC. Darwin"),
    ],
)
def test_choices_are_read_in_every_form(choices: object, expected: str) -> None:
    item, _ = read({"question": "Where?", "options": choices, "answer": "A"})
    assert texts(item) == ["Where?", expected, "A"]


def test_columns_of_numbered_choices_keep_their_numbers() -> None:
    columns = {"option_1": "Ulm", "option_2": "Bonn", "option_3": "Rome"}
    item, _ = read({"question": "Where?", **columns, "correct": "2"})
    assert texts(item) == ["Where?", "1. Ulm\n2. Bonn\n3. Rome", "2"]


@pytest.mark.parametrize("answer", [2, "2", 0])
def test_an_answer_that_is_the_place_of_a_choice_is_no_answer(answer: object) -> None:
    item, _ = read({"question": "Where?", "choices": ["Ulm", "Bonn", "Rome"], "answer": answer})
    assert isinstance(item, Dropped)
    assert item.reason == "unknown choice"


def test_a_number_that_a_choice_says_is_an_answer() -> None:
    item, _ = read({"question": "How many?", "choices": ["2", "3"], "answer": 3})
    assert texts(item)[-1] == "3"


@pytest.mark.parametrize(
    "verdict",
    [{"label": False}, {"label": "false"}, {"kto_tag": False}, {"is_correct": False},
     {"feedback": "thumbs_down"}, {"Desirable": "False"}],
)  # fmt: skip
def test_an_answer_that_is_marked_as_bad_is_not_trained(verdict: dict[str, Any]) -> None:
    item, _ = read({**PAIR, **verdict})
    assert isinstance(item, Dropped)
    assert item.reason == "undesired answer"
    (name,) = verdict
    kept, _ = read({**PAIR, **verdict}, ignored=frozenset({name}))
    assert texts(kept) == [ASKED, TOLD]


@pytest.mark.parametrize("verdict", [{"label": True}, {"label": 0}, {"feedback": "thumbs_up"}])
def test_any_other_verdict_leaves_an_answer(verdict: dict[str, Any]) -> None:
    item, _ = read({**PAIR, **verdict})
    assert texts(item) == [ASKED, TOLD]


def test_other_right_answers_are_named() -> None:
    answers = {"text": [TOLD, "1931"], "answer_start": [0, 3]}
    item, unread = read({"question": ASKED, "answers": answers})
    assert texts(item) == [ASKED, TOLD]
    assert list(unread) == ["column 'answers (others)'"]


@pytest.mark.parametrize(
    "history",
    [
        ["User: Where?", "Bot: In Lund."],
        {"inputs": ["Where?"], "outputs": ["In Lund."]},
    ],
)
def test_turns_that_bring_their_names_or_lie_side_by_side_are_earlier_turns(
    history: object,
) -> None:
    item, _ = read({**PAIR, "history": history})
    assert texts(item) == ["Where?", "In Lund.", ASKED, TOLD]


def test_the_last_of_the_earlier_turns_asks_where_nothing_else_does() -> None:
    item, _ = read({"history": ["Where?", "In Lund.", ASKED], "response": TOLD})
    assert texts(item) == ["Where?", "In Lund.", ASKED, TOLD]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"user": ASKED, "assistant": TOLD}, [ASKED, TOLD]),
        ({"Q": ASKED, "A": TOLD}, [ASKED, TOLD]),
        ({"source": ASKED, "target": TOLD}, [ASKED, TOLD]),
        ({"customer": ASKED, "chatbot": TOLD, "id": 7}, [ASKED, TOLD]),
        ({"source": "a corpus", "input": ASKED, "target": TOLD}, [ASKED, TOLD]),
        ({"system": "Be brief.", "user": ASKED, "bot": TOLD}, ["Be brief.", ASKED, TOLD]),
    ],
)
def test_names_ask_and_answer_beside_each_other(
    columns: dict[str, Any], expected: list[str]
) -> None:
    item, _ = read(columns)
    assert texts(item) == expected


def test_names_of_people_are_no_pair() -> None:
    item, _ = read({"customer": "Ann Lund", "agent": "Ben", "model": "x-3", "minutes": 3})
    assert isinstance(item, Dropped)


@pytest.mark.parametrize("ends", ["01", "12", "ab", "jk"])
def test_answers_told_apart_by_a_letter_or_number_may_each_be_the_one(ends: str) -> None:
    item, _ = read({"prompt": ASKED, **{f"response_{end}": f"{TOLD} {end}" for end in ends}})
    assert isinstance(item, Dropped)
    assert f"fields: {{response: response_{ends[0]}}}" in item.detail


PATHS: list[tuple[dict[str, Any], str]] = [
    ({"question": ASKED, "answer": {"value": TOLD, "aliases": ["31"]}}, "response: answer.value"),
    ({"question": ASKED, "answer": [TOLD, "1931"]}, "response: answer.1"),
    ({"question": {"text": ASKED, "id": "4"}, "answer": TOLD}, "instruction: question.text"),
    (
        {"data": {"question": ASKED, "answer": TOLD}},
        "instruction: data.question, response: data.answer",
    ),
    ({"prompt": ASKED, "answers": [{"answer": TOLD, "rank": 1}]}, "response: answers.1.answer"),
    (
        {"translation": {"en": ASKED, "de": TOLD}},
        "instruction: translation.en, response: translation.de",
    ),
    ({"history": ["Where?", "Here.", ASKED], "candidates": ["No.", TOLD]}, "candidates.-1"),
]


@pytest.mark.parametrize(("row", "line"), PATHS)
def test_what_is_asked_about_an_object_can_be_answered(
    tmp_path: Path, row: dict[str, Any], line: str
) -> None:
    marked = [{**row, "number": f"n{number}"} for number in range(3)]
    rows = [json.loads(json.dumps(one).replace("1931", f"193{n}")) for n, one in enumerate(marked)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    source = {"path": "rows.jsonl", "kind": "jsonl"}
    with pytest.raises(RecipeError) as caught:
        list(made_of([SourceRecipe(**source)], folder=tmp_path))
    assert line in str(caught.value)
    pairs = line if ":" in line else f"response: {line}"
    fields = dict(pair.split(": ") for pair in pairs.split(", "))
    items = list(made_of([SourceRecipe(**source, fields=fields)], folder=tmp_path))
    assert all(isinstance(item, Example) for item in items)
    assert texts(items[1])[-2:] == [ASKED, TOLD]


def test_a_path_leads_through_objects_lists_and_texts_of_json() -> None:
    row = {"a": {"b": [{"c": "x", "d": 1}, 2]}, "e": '{"f": ["g", "h"]}'}
    found = opened(row, ["a.b.1.c", "e.f.-1", "a.z", "nothing.at.all"])
    assert found == {
        "a.b.1.c": "x",
        "a.b.1.d": 1,
        "a.b (others)": [2],
        "e.f.-1": "h",
        "e.f (others)": ["g"],
    }


def test_zeros_and_ones_that_may_mark_bad_answers_are_asked_about(tmp_path: Path) -> None:
    rows = [{"question": f"{ASKED} {n}", "answer": f"{TOLD} {n}", "label": n % 2} for n in range(6)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    with pytest.raises(RecipeError, match="label holds 0 and 1; if 0 marks bad answers"):
        list(made_of([SourceRecipe(path="rows.jsonl")], folder=tmp_path))
