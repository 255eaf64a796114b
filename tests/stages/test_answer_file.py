"""Answers to a file are kept as they come, and are never written over the questions."""

import csv
import json
import os
import tempfile
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.stages.rig import Talk, write_rows
from tunesmith.errors import RecipeError
from tunesmith.files import read_json_lines
from tunesmith.generation import responder as answering
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages import answer as stage
from tunesmith.stages.answer import answer_file
from tunesmith.stages.test_set import completions

ROWS = [{"instruction": "Colour" + "!" * (9 - place)} for place in range(9)]


def _answer(model: Path, questions: Path, output: Path, **settings: Any) -> dict[str, Any]:
    recipe = GenerationRecipe(**{"max_new_tokens": 5, "batch": 3, **settings})
    return answer_file(str(model), questions, output, generation=recipe, progress=Talk())


def _kill_after(num_answers: int | None, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let generation end behind so many answers, or never; notes how many each call asks for."""
    real, asked = answering.generate_as_they_end, []

    def generate(*given: Any, **named: Any) -> Any:
        asked.append(len(given[1]))
        yield from islice(real(*given, **named), num_answers)
        if num_answers is not None:
            raise KeyboardInterrupt

    monkeypatch.setattr(answering, "generate_as_they_end", generate)
    return asked


def test_a_killed_answering_goes_on_where_it_was(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = write_rows(tmp_path / "new.jsonl", ROWS)
    whole, out = tmp_path / "whole.jsonl", tmp_path / "new folder" / "out.jsonl"
    expected = _answer(tiny_folder, questions, whole)
    with monkeypatch.context() as patch:
        _kill_after(6, patch)
        with pytest.raises(KeyboardInterrupt):
            _answer(tiny_folder, questions, out)
    assert not out.exists()
    (partial,) = out.parent.iterdir()
    partial.write_bytes(partial.read_bytes() + b'{"half a li')
    asked = _kill_after(None, monkeypatch)
    again = _answer(tiny_folder, questions, out)
    assert asked == [3]
    assert out.read_bytes() == whole.read_bytes()
    assert list(out.parent.iterdir()) == [out]
    assert replace(again, output="") == replace(expected, output="")


@pytest.mark.parametrize("change", ["settings", "questions", "model"])
def test_what_was_answered_otherwise_is_not_taken_over(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    questions, out = write_rows(tmp_path / "new.jsonl", ROWS), tmp_path / "out.jsonl"
    model = tmp_path / "model"
    model.mkdir()
    for file in tiny_folder.iterdir():
        (model / file.name).write_bytes(file.read_bytes())
    with monkeypatch.context() as patch:
        _kill_after(6, patch)
        with pytest.raises(KeyboardInterrupt):
            _answer(model, questions, out)
    settings = {}
    if change == "settings":
        settings = {"max_new_tokens": 6}
    elif change == "questions":
        write_rows(questions, [{"instruction": row["instruction"] + "?"} for row in ROWS])
    else:
        config = json.loads((model / "config.json").read_text())
        (model / "config.json").write_text(json.dumps({**config, "rms_norm_eps": 1e-3}))
    asked = _kill_after(None, monkeypatch)
    _answer(model, questions, out, **settings)
    assert sum(asked) == len(ROWS)


def test_the_order_is_that_of_the_file(tmp_path: Path, tiny_folder: Path) -> None:
    questions, out = write_rows(tmp_path / "new.jsonl", ROWS), tmp_path / "out.jsonl"
    _answer(tiny_folder, questions, out)
    numbers = [row["example_id"].rpartition(":")[2] for row in read_json_lines(out)]
    assert numbers == [str(place + 1) for place in range(len(ROWS))]


@pytest.mark.parametrize("kind", ["input", "symlink", "hard link", "folder", "in a file", "device"])
def test_an_output_that_cannot_be_is_refused_before_any_work(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    questions = write_rows(tmp_path / "new.jsonl", ROWS)
    before = questions.read_bytes()
    out = tmp_path / "out.jsonl"
    if kind == "input":
        out = tmp_path / "nowhere" / ".." / "new.jsonl"
        (tmp_path / "nowhere").mkdir()
    elif kind == "symlink":
        out.symlink_to(questions)
    elif kind == "hard link":
        os.link(questions, out)
    elif kind == "folder":
        out.mkdir()
    elif kind == "in a file":
        out = questions / "out.jsonl"
    else:
        out = Path(os.devnull)
    monkeypatch.setattr(stage, "_read_questions", lambda _: pytest.fail("the work has begun"))
    with pytest.raises(RecipeError, match=r"^--output .*\. Name a new file") as caught:
        _answer(tiny_folder, questions, out)
    assert str(out) in str(caught.value)
    assert questions.read_bytes() == before


def test_a_folder_that_may_not_be_written_to_is_refused(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    questions = write_rows(tmp_path / "new.jsonl", ROWS)
    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(RecipeError, match=r"cannot be written \(Permission denied\)"):
        _answer(tiny_folder, questions, tmp_path / "out.jsonl")


def test_cutting_off_half_a_line_never_rewrites_the_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = {"model": "m", "text": "x", "num_tokens": 1, "finish_reason": "stop"}
    partial = write_rows(tmp_path / "a.partial", [{"example_id": n, **record} for n in "ab"])
    whole = partial.read_bytes()
    partial.write_bytes(whole + b'{"half a li')
    monkeypatch.setattr(Path, "write_bytes", lambda *_: pytest.fail("all answers are at risk"))
    assert list(completions._finished(partial)) == ["a", "b"]
    assert partial.read_bytes() == whole


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".TSV", ".parquet", ".answers"])
def test_the_name_says_what_is_written_and_the_question_stands_beside(
    tmp_path: Path, tiny_folder: Path, ending: str
) -> None:
    rows = [{"instruction": 'Why "so",\tor;\nso? 为什么', "input": "Like this."}, *ROWS[:2]]
    questions, out = write_rows(tmp_path / "new.jsonl", rows), tmp_path / f"out{ending}"
    for _ in range(2):  # the second replaces its own
        result = _answer(tiny_folder, questions, out)
        found = _read(out)
        assert [row["question"] for row in found][1:] == [row["instruction"] for row in ROWS[:2]]
        assert found[0]["question"] == f"{rows[0]['instruction']}\n\nLike this."
        assert [row["text"] for row in found] == [row["text"] for row in result.rows]
        assert {str(row["num_tokens"]) for row in found} <= set("012345")
    out.write_text("somebody's\n")
    with pytest.raises(RecipeError, match="holds something else"):
        _answer(tiny_folder, questions, out)


def _read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return rows
    if path.suffix.lower() not in (".csv", ".tsv"):
        return list(read_json_lines(path))
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t" if path.suffix == ".TSV" else ","))


def test_without_a_file_the_answers_are_returned_and_nothing_is_written(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = write_rows(tmp_path / "new.jsonl", ROWS[:3])
    monkeypatch.chdir(tmp_path)
    generation = GenerationRecipe(max_new_tokens=5)
    result = answer_file(str(tiny_folder), questions, None, generation=generation, progress=Talk())
    assert [row["question"] for row in result.rows] == [row["instruction"] for row in ROWS[:3]]
    assert "rows" not in result.to_dict()
    assert list(tmp_path.iterdir()) == [questions]


def test_how_a_text_was_read_is_said(tmp_path: Path, tiny_folder: Path) -> None:
    questions, talk = tmp_path / "new.txt", Talk()
    questions.write_text("What is it?\nA test.\n\nWhy so?\nTo see.\n")
    generation = GenerationRecipe(max_new_tokens=2)
    answer_file(str(tiny_folder), questions, None, generation=generation, progress=talk)
    (note,) = [one for one in talk.notes if "is read as" in one]
    assert "new.txt is read as faq (" in note
    assert "2 questions. To ask each line, name it .csv" in note
