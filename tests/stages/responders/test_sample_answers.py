"""Answers while training: they are there, change nothing, and take hardly any time."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tunesmith.errors import DataError
from tunesmith.files import hash_file, read_json_lines
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.responders import sample_answers
from tunesmith.stages.train import train


def small_run(folder: Path, tiny: Path, name: str, **training: Any) -> Run:
    data = write_rows(folder / "rows.jsonl", colour_rows(24))
    recipe = make_recipe(
        tiny,
        data,
        examples={"split": {"validation": 0.25, "test": 0.0}},
        training={"steps": 4, "validate_every": 2, "dropout": 0.2, **training},
    )
    return opened(recipe, run_folder(folder / name), folder, Talk())


def losses(run: Run) -> list[Any]:
    return [(one["step"], one["split"], one["loss"]) for one in read_json_lines(run.folder.log)]


def weights(run: Run) -> list[str]:
    return [hash_file(one) for one in sorted(run.folder.model.glob("*.safetensors"))]


def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_answers, "_FROM_SECONDS", 0.0)
    monkeypatch.setattr(sample_answers, "_SHARE", 1e9)


def test_answers_are_written_at_each_validation_and_change_no_bit(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch)
    monkeypatch.setattr(sample_answers, "_MOST_TOKENS", 8)
    with_some = small_run(tmp_path, tiny_folder, "with", samples=2)
    without = small_run(tmp_path, tiny_folder, "without", samples=0)
    train(with_some)
    train(without)
    assert losses(with_some) == losses(without)
    assert weights(with_some) == weights(without) != []
    assert not without.folder.samples.exists()
    told = list(read_json_lines(with_some.folder.samples))
    assert [one["step"] for one in told] == [0, 0, 2, 2, 4, 4]
    assert len({one["example_id"] for one in told}) == 2
    references = {row["instruction"]: row["response"] for row in colour_rows(24)}
    assert all(references[one["question"]] == one["reference"] for one in told)
    assert all(isinstance(one["answer"], str) for one in told)
    with_some.folder.samples.write_text("")
    assert train(small_run(tmp_path, tiny_folder, "with", samples=0)).steps == 4
    assert with_some.folder.samples.read_text() == "", "another number of them trains nothing anew"


def test_asking_that_fails_ends_no_training(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch)
    for error in (RuntimeError("out of memory"), DataError("a fault", where="here")):

        def fail(*_: object, fault: Exception = error, **__: object) -> None:
            raise fault

        monkeypatch.setattr(sample_answers, "answer_all", fail)
        run = small_run(tmp_path, tiny_folder, f"failing-{type(error).__name__}", steps=2)
        assert train(run).steps == 2
        notes = [one for one in run.progress.notes if "no more sample answers" in one]  # type: ignore[attr-defined]
        assert len(notes) == 1


def test_a_twentieth_of_the_time_is_the_most(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, asked = [0.0], []

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return clock[0]

    def slow(*_: object) -> list[object]:
        asked.append(clock[0])
        clock[0] += 4.0
        return []

    monkeypatch.setattr(sample_answers, "time", Clock)
    monkeypatch.setattr(sample_answers.SampleAnswers, "_answers", slow)
    run = small_run(tmp_path, tiny_folder, "slow")
    samples = sample_answers.SampleAnswers(
        run=run,
        responder=None,
        examples=[None],
        _began=0.0,  # type: ignore[arg-type, list-item]
    )
    for second in range(0, 400, 10):
        clock[0] = max(clock[0], float(second))
        samples.after({"split": "train", "step": second})
        samples.after({"split": "validation", "step": second})
    assert asked == [10.0, 160.0, 240.0, 320.0]


def test_what_is_trained_again_after_a_checkpoint_is_asked_again(
    tmp_path: Path, tiny_folder: Path
) -> None:
    run = small_run(tmp_path, tiny_folder, "resumed")
    samples = sample_answers.SampleAnswers(run=run, responder=None, examples=[])  # type: ignore[arg-type]
    samples.begin(2)
    write_rows(run.folder.samples, [{"step": step} for step in (0, 2, 4)])
    samples.begin(2)
    assert [one["step"] for one in read_json_lines(run.folder.samples)] == [0, 2]
    samples.begin(0)
    assert json.dumps(list(read_json_lines(run.folder.samples))) == "[]"
