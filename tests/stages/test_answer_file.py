"""Answers to a file are kept as they come, and are never written over the questions."""

import json
import os
import tempfile
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

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
