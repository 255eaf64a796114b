"""A column with words in it is read, asked about with its samples, or named as not read."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.examples.reading import read_all
from tunesmith.errors import RecipeError
from tunesmith.examples.columns.checked_rows import raise_questions
from tunesmith.examples.columns.column_plan import NUM_SAMPLE, ColumnPlan, plan_columns
from tunesmith.examples.example import Example
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.row import Dropped, Row

PAIRS = [
    {"question": f"Where does bed {number} lie?", "answer": f"Behind hedge {number}."}
    for number in range(12)
]
NOTES = [f"The gardener dug it over in the year {1900 + number}." for number in range(12)]


def planned(rows: list[dict[str, Any]], **recipe: Any) -> ColumnPlan:
    source = SourceRecipe(path="beds.jsonl", **recipe)
    return plan_columns([Row(fields=row, source="beds.jsonl:1") for row in rows], source)


def asked(rows: list[dict[str, Any]], **recipe: Any) -> dict[str, tuple[str, ...]]:
    return {one.column: one.lines for one in planned(rows, **recipe).questions}


def beside(name: str, values: list[Any]) -> list[dict[str, Any]]:
    return [{**pair, name: value} for pair, value in zip(PAIRS, values, strict=False)]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("notes", "fields: {input: notes}"),
        ("contxt", "fields: {input: contxt}"),
        ("anmerkung zum beet", "fields: {input: anmerkung zum beet}"),
        ("备注", "fields: {input: 备注}"),
        ("message", "fields: {input: message}"),
        ("5th column", 'fields: {input: "5th column"}'),
        ("sytem_prompt", "fields: {system: sytem_prompt}"),
        ("histroy", "fields: {history: histroy}"),
    ],
)
def test_a_column_of_texts_that_nobody_reads_is_asked_about(name: str, line: str) -> None:
    found = asked(beside(name, list(NOTES)))
    ignored = line.partition(": ")[2].partition(": ")[2].rstrip("}")
    assert found == {name: (line, f"ignore: [{ignored}]")}
    assert asked(beside(name, list(NOTES)), ignore=[name]) == {}
    assert asked(beside(name, list(NOTES)), fields={"input": name}) == {}


@pytest.mark.parametrize(
    "values",
    [
        [f"Bed {number} is dry" for number in range(2)],
        ["One long remark that stands alone."],
        [{"de": note} for note in NOTES],
        [[note, note.upper()] for note in NOTES],
        ["peas", "leeks", "beans", "kale", "sage", "thyme"],
        ["这一块地很干燥" + str(number) for number in range(3)],
        [None, "", *NOTES[:4], None],
        [NOTES[number // 4] for number in range(12)],
    ],
)
def test_texts_are_seen_in_few_rows_lists_and_objects(values: list[Any]) -> None:
    assert list(asked(beside("remark", values))) == ["remark"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("votes", [3, 5, 8]),
        ("seen", ["2026-01-02", "2026-01-03T10:00:00Z", "12:30 PM"]),
        ("page", ["https://example.org/a", "https://example.org/b", "/c/d"]),
        ("quality_of_row", ["good", "bad", "good", "good", "bad", "good"]),
        ("place", ["The north end"] * 6),
        ("category", ["open_qa", "closed_qa", "open_qa"]),
        ("meta", [{"by": "Ada Lime", "at": "noon today"}, {"by": "Bo Fern", "at": "noon"}]),
        ("annotator_name", ["Ada Lime", "Bo Fern", "Cy Moss"]),
        ("prompt_id", ["a3f9", "b7c1", "c0d2"]),
        ("rejected", NOTES),
        ("flags", [{"is_old": True}, {"is_old": False}]),
        ("embedding", [[0.1, 0.2], [0.3, 0.1]]),
    ],
)
def test_what_is_no_text_to_learn_from_is_not_asked_about(name: str, values: list[Any]) -> None:
    rows = beside(name, values)
    assert asked(rows) == {}
    column = next(one for one in planned(rows).columns if one.name == name)
    assert not column.is_read
    assert column.reason


def test_a_column_that_says_what_others_say_is_not_asked_about() -> None:
    rows = [{**pair, "raw": f"<p>{pair['answer']}</p>"} for pair in PAIRS]
    assert asked(rows) == {}
    assert list(asked([{**row, "raw": f"{row['raw']} And {n}."} for n, row in enumerate(rows)]))


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        (
            [{"text": note, "category": "ab"[n % 2]} for n, note in enumerate(NOTES)],
            "task: classification\ncolumns: {text: text, label: category}",
        ),
        (
            [{"text": note, "sentiment": ("good", "bad")[n % 2]} for n, note in enumerate(NOTES)],
            "task: sentiment\ncolumns: {text: text, label: sentiment}",
        ),
        (
            [{"sentence": note, "intent": "xy"[n % 2] * 3} for n, note in enumerate(NOTES)],
            "task: intent\ncolumns: {text: sentence, label: intent}",
        ),
        (
            [{"text": note, "label": n % 2} for n, note in enumerate(NOTES)],
            "task: classification\ncolumns: {text: text, label: label}\nlabels: {0: NAME, 1: NAME}",
        ),
        (
            [{"text": f"{note}花园", "类别": "ab"[n % 2]} for n, note in enumerate(NOTES)],
            "task: classification-zh\ncolumns: {text: text, label: 类别}",
        ),
        (
            [{"text": note, "garden": ("east", "west")[n % 2]} for n, note in enumerate(NOTES)],
            "task: classification\ncolumns: {text: text, label: garden}",
        ),
        (
            [{"question": note, "category": "ab"[n % 2]} for n, note in enumerate(NOTES)],
            "task: classification\ncolumns: {text: question, label: category}",
        ),
        (
            [{"text": note, "summary": f"Dug {n} times."} for n, note in enumerate(NOTES)],
            "task: summary\ncolumns: {text: text, summary: summary}",
        ),
    ],
)
def test_labels_beside_texts_propose_a_task(rows: list[dict[str, Any]], line: str) -> None:
    plan = planned(rows)
    assert plan.questions
    assert line in {line for one in plan.questions for line in one.lines}
    assert plan.task is not None


def test_a_text_beside_ids_alone_is_a_text() -> None:
    rows = [{"id": n, "url": f"https://e.org/{n}", "text": note} for n, note in enumerate(NOTES)]
    assert asked(rows) == {}


def test_a_text_beside_another_text_is_never_a_text_by_itself() -> None:
    rows = [{"text": note, "headline of it": f"News {n}"} for n, note in enumerate(NOTES)]
    (lines,) = asked(rows).values()
    assert "fields: {instruction: headline of it, response: text}" in lines


def test_who_speaks_beside_a_text_makes_a_dialogue() -> None:
    rows = [{"text": note, "role": ("user", "bot")[n % 2]} for n, note in enumerate(NOTES)]
    assert asked(rows)["role"][0] == "kind: dialogues"


@pytest.mark.parametrize(
    ("extra", "column", "lines"),
    [
        ({"output": "Elsewhere."}, "answer", ("response", "response")),
        ({"instruction": "Say where."}, "question", ("instruction", "instruction")),
        ({"text": "Something else."}, "answer", ("response", "text")),
        ({"chosen": "Here.", "rejected": "No."}, "answer", ("response", "response")),
    ],
)
def test_two_columns_for_one_part_are_asked_about_once(
    extra: dict[str, str], column: str, lines: tuple[str, str]
) -> None:
    (other,) = list(extra)[:1]
    (question,) = planned([{**pair, **extra} for pair in PAIRS]).questions
    first, second = sorted([column, other], key=lambda name: question.column != name)
    assert question.samples
    assert {question.column, *question.words.split()} >= {column, other}
    assert question.lines == (
        f"fields: {{{lines[0]}: {first}}}",
        f"fields: {{{lines[1]}: {second}}}",
    )


def test_a_key_of_messages_with_words_is_asked_about() -> None:
    said = {"role": "assistant", "content": "There.", "remark": "He pointed at the old shed."}
    rows = [{"messages": [{"role": "user", "content": "Where?"}, said]}]
    assert asked(rows) == {"remark": ("ignore: [remark]",)}
    assert asked(rows, ignore=["remark"]) == {}


def test_all_questions_of_a_file_stand_in_one_error_with_samples() -> None:
    rows = beside("a b", list(NOTES))
    plan = planned([{**row, "b": row["a b"][::-1]} for row in rows])
    with pytest.raises(RecipeError, match=r"^beds.jsonl: 2 columns of it") as caught:
        raise_questions(plan.questions, "beds.jsonl")
    assert f"    {NOTES[0]}\n    {NOTES[1]}\n" in str(caught.value).replace("\n      ", "\n    ")
    assert "ignore: [a b]" in str(caught.value)


def test_a_plan_says_what_each_column_is_and_why() -> None:
    rows = [{"Kundenfrage": "Wo?", "Antwort": "Dort.", "Nr": 1, "leer": ""}]
    plan = planned(rows)
    assert plan.fields == {"instruction": "Kundenfrage", "response": "Antwort"}
    assert [(one.name, one.meaning, one.is_read) for one in plan.columns] == [
        ("Kundenfrage", "instruction", True),
        ("Antwort", "response", True),
        ("Nr", "metadata", False),
        ("leer", "unread", False),
    ]


def saved(folder: Path, rows: list[dict[str, Any]]) -> list[SourceRecipe]:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "beds.jsonl").write_text(text, encoding="utf-8")
    return [SourceRecipe(path="beds.jsonl")]


@pytest.mark.parametrize("early", ["", "the same remark all over", None])
def test_texts_that_show_late_stop_the_reading_there(tmp_path: Path, early: str | None) -> None:
    rows = [{"question": f"Where is {n}?", "answer": f"At {n}."} for n in range(NUM_SAMPLE + 60)]
    for number, row in enumerate(rows):
        late = f"Remark {number} on it." if number >= NUM_SAMPLE + 20 else early
        if late is not None:
            row["remark"] = late
    seen: list[Example | Dropped] = []
    with pytest.raises(RecipeError, match="remark holds texts that no example would be made of"):
        seen.extend(read_all(saved(tmp_path, rows), folder=tmp_path))
    assert len(seen) >= NUM_SAMPLE


@pytest.mark.parametrize(
    "other", [{"output": "Elsewhere."}, {"chosen": "Here.", "rejected": "No."}, {"text": "No."}]
)
def test_two_readings_that_show_late_are_asked_about_too(
    tmp_path: Path, other: dict[str, str]
) -> None:
    rows = [{"question": f"Where is {n}?", "answer": f"At {n}."} for n in range(NUM_SAMPLE + 60)]
    rows[-5:] = [{**row, **other} for row in rows[-5:]]
    with pytest.raises(RecipeError, match="and differ"):
        list(read_all(saved(tmp_path, rows), folder=tmp_path))


def test_other_columns_are_named_with_their_cells(tmp_path: Path) -> None:
    from tunesmith.stages.import_sources import import_sources

    saved(tmp_path, [{**pair, "category": "ab"[n % 2] * 4} for n, pair in enumerate(PAIRS)])
    result = import_sources([tmp_path / "beds.jsonl"], tmp_path / "out.jsonl")
    assert result.kept == len(PAIRS)
    ((_, names),) = result.to_dict()["not_read"].items()
    assert names == {"column 'category'": {"number": 12, "characters": 48}}
