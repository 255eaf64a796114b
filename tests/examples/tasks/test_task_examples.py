"""Labelled tables through the library: labels, wordings, and what each row that is lost says."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.examples.reading import read_all
from tunesmith.errors import DataError, RecipeError
from tunesmith.examples.example import Example
from tunesmith.examples.from_material import to_examples
from tunesmith.examples.open_sources import open_sources
from tunesmith.examples.tasks.labels import MAX_LABELS, MAX_OFFERED
from tunesmith.examples.tasks.library import library
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.not_read import NotReadCount
from tunesmith.sources.row import Dropped

Rows = list[dict[str, Any]]


def read(folder: Path, rows: Rows, **source: Any) -> tuple[list[Example], list[Dropped]]:
    (folder / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe = recipe_from_mapping({"sources": [{"path": "t.jsonl", **source}]})
    items = list(read_all(recipe.sources, folder=folder))
    kept = [item for item in items if isinstance(item, Example)]
    return kept, [item for item in items if isinstance(item, Dropped)]


def reviews(count: int, labels: list[Any]) -> Rows:
    return [{"text": f"review {n}", "label": labels[n % len(labels)]} for n in range(count)]


def prompt_of(example: Example) -> str:
    return f"{example.messages[0].content}\n{example.messages[0].input}"


def test_labels_are_gathered_and_all_are_offered(tmp_path: Path) -> None:
    kept, dropped = read(tmp_path, reviews(60, ["bad", "good", "fair"]), task="sentiment")
    assert (len(kept), dropped) == (60, [])
    for number, example in enumerate(kept):
        assert example.reference == ["bad", "good", "fair"][number % 3]
        assert example.source == f"t.jsonl:{number + 1}"
        assert f"review {number}" in prompt_of(example)
        assert all(label in prompt_of(example) for label in ("bad", "fair", "good"))
        assert example.tags == ("task:classification", "template:sentiment", "language:en")


def test_every_wording_is_drawn_about_equally_often(tmp_path: Path) -> None:
    kept, _ = read(tmp_path, reviews(2000, ["bad", "good"]), task="sentiment")
    counts = Counter(example.messages[0].content for example in kept)
    wordings = len(library()["sentiment"].wordings)
    assert len(counts) == wordings
    expected = 2000 / wordings
    assert all(abs(count - expected) < 4 * expected**0.5 for count in counts.values())


def test_a_new_row_changes_no_other_rows_wording(tmp_path: Path) -> None:
    rows = reviews(50, ["bad", "good"])
    before, _ = read(tmp_path, rows, task="sentiment")
    after, _ = read(tmp_path, [{"text": "new", "label": "bad"}, *rows], task="sentiment")
    assert [one.messages for one in before] == [one.messages for one in after[1:]]
    other, _ = read(tmp_path, rows, task="sentiment", seed=1)
    assert [one.messages for one in before] != [one.messages for one in other]


def test_numbers_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"labels in column 'label' are numbers \(0, 1\)") as e:
        read(tmp_path, reviews(4, [0, 1]), task="sentiment")
    assert e.value.cure == "Say what they mean: labels: {0: NAME, 1: NAME}."


@pytest.mark.parametrize("labels", [{"0": "negative", "1": "positive"}, ["negative", "positive"]])
def test_named_numbers(tmp_path: Path, labels: Any) -> None:
    kept, dropped = read(tmp_path, reviews(6, [0, 1, -1]), task="sentiment", labels=labels)
    assert [one.reference for one in kept] == ["negative", "positive"] * 2
    assert [one.reason for one in dropped] == ["no label"] * 2
    assert all("negative" in prompt_of(one) and "positive" in prompt_of(one) for one in kept)


def test_stars_are_their_own_names_in_order(tmp_path: Path) -> None:
    kept, _ = read(tmp_path, reviews(40, [10, 1, 5]), task="stars")
    assert {one.reference for one in kept} == {"1", "5", "10"}
    assert any("1, 5, 10" in prompt_of(one) for one in kept)


def test_marks_that_look_like_numbers_are_names(tmp_path: Path) -> None:
    kept, _ = read(tmp_path, reviews(4, ["²", "³"]), task="topic")
    assert {one.reference for one in kept} == {"²", "³"}


def test_many_labels_are_asked_for_openly(tmp_path: Path) -> None:
    names = [f"label-{n}" for n in range(MAX_OFFERED + 1)]
    kept, _ = read(tmp_path, reviews(200, names), task="intent")
    said = {example.messages[0].content for example in kept}
    assert said == {one.instruction for one in library()["intent"].open}


def test_a_column_of_texts_is_no_label(tmp_path: Path) -> None:
    rows = [{"text": "a", "label": f"text {n}"} for n in range(MAX_LABELS + 1)]
    with pytest.raises(DataError, match="more than 1,000 different values"):
        read(tmp_path, rows, task="topic")


def test_several_labels_of_a_row(tmp_path: Path) -> None:
    rows = [{"body": "x", "tags": ["b", "a"]}, {"body": "y", "tags": "a, c"}]
    columns = {"text": "body", "labels": "tags"}
    kept, _ = read(tmp_path, rows, task="multi-label", columns=columns)
    assert [one.reference for one in kept] == ["b, a", "a, c"]


def test_braces_of_a_row_stay_what_they_are(tmp_path: Path) -> None:
    rows = [{"text": "{label} {labels} {{x}}", "label": one} for one in ("a", "b")]
    kept, _ = read(tmp_path, rows, task="classification")
    assert all("{label} {labels} {{x}}" in prompt_of(one) for one in kept)


def test_questions_with_choices_take_letters_texts_and_positions(tmp_path: Path) -> None:
    rows = [
        {"question": f"q{n}?", "choices": ["red", "green", "blue"], "answer": answer}
        for n, answer in enumerate(["C", "blue", 2])
    ]
    for task, expected in (("multiple-choice", "blue"), ("multiple-choice-letter", "C")):
        kept, dropped = read(tmp_path, rows, task=task)
        assert [one.reference for one in kept] == [expected] * 3, dropped


def test_a_wrong_column_is_named_with_the_likely_one(tmp_path: Path) -> None:
    kept, dropped = read(tmp_path, [{"review": "a", "sentiment": "b"}], task="sentiment",
                         labels=["b"])  # fmt: skip
    assert kept == []
    assert dropped[0].reason == "missing field"
    assert dropped[0].detail == (
        "no column text, label; found review, sentiment. "
        "Map it: columns: {text: review, label: sentiment}."
    )


def test_rows_that_do_not_fit_say_why(tmp_path: Path) -> None:
    rows = [
        {"text": None, "label": "a"},
        {"text": " ", "label": "a"},
        {"text": {"x": 1}, "label": "a"},
        {"text": "t", "label": "z"},
        {"text": "t", "label": ""},
        {"text": "t", "label": "a"},
    ]
    kept, dropped = read(tmp_path, rows, task="classification", labels={"a": "A", "b": "B"})
    assert [one.reference for one in kept] == ["A"]
    assert [one.reason for one in dropped] == [
        "null field", "empty field", "not a text", "unknown label", "no label",
    ]  # fmt: skip
    assert [one.source for one in dropped] == [f"t.jsonl:{n}" for n in range(1, 6)]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"task": "sentiment", "columns": {"txt": "a"}}, "no column 'txt'.*Did you mean text"),
        ({"task": "summary", "labels": ["a"]}, "no effect on the task summary"),
        ({"task": "sentimant"}, "sentiment"),
        ({"task": "summary", "prompts": "p.yaml"}, "either task or prompts"),
        ({"task": "summary", "fields": {"input": "a"}}, "write columns"),
        ({"columns": {"text": "a"}}, "write fields"),
    ],
)
def test_mistakes_in_the_recipe(tmp_path: Path, source: dict[str, Any], words: str) -> None:
    with pytest.raises(RecipeError) as caught:
        read(tmp_path, [{"text": "a", "summary": "b"}], **source)
    assert re.search(words, str(caught.value)), str(caught.value)


def test_columns_that_a_task_does_not_read_are_named_or_asked_about(tmp_path: Path) -> None:
    rows = [
        {
            "text": f"Bed {n} is fine.",
            "label": "ab"[n % 2] * 2,
            "id": n,
            "note": f"Dug it {n} times.",
        }
        for n in range(6)
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = SourceRecipe(path="a.jsonl", task="classification")
    with pytest.raises(RecipeError, match="note holds texts that no example would be made of"):
        open_sources([source], folder=tmp_path)
    source = SourceRecipe(path="a.jsonl", task="classification", ignore=["note"])
    (one,) = open_sources([source], folder=tmp_path)
    count = NotReadCount()
    assert len(list(to_examples(one.material, source, folder=tmp_path, not_read=count))) == 6
    assert count.number == {("a.jsonl", "column 'id'"): 6, ("a.jsonl", "column 'note'"): 6}
