"""Answers that exist already: scored, judged and reported by `evaluate --answers`."""

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.endpoint_server import Body, EndpointServer, last_message
from tests.evaluation.judge.stub import seen_text, true_score
from tunesmith.__main__ import run_command

Evaluate = Callable[..., dict[str, Any]]
ROWS = [
    {
        "instruction": f"Name the capital of country {number}.",
        "input": "",
        "output": f"It is city {number}.",
        "model_response": f"It is city {number if number % 2 else 0}.",
    }
    for number in range(1, 9)
]


@pytest.fixture
def evaluate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Evaluate:
    monkeypatch.chdir(tmp_path)

    def call(path: Path, *words: str) -> dict[str, Any]:
        assert run_command(["evaluate", "--answers", str(path), "--json", "-q", *words]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    return call


@pytest.fixture
def refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> str:
        assert run_command(["evaluate", "-q", *words]) != 0
        return capsys.readouterr().err

    return call


def written(path: Path, rows: Sequence[object]) -> Path:
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def test_published_marks_come_out_as_their_exact_means(
    shared_data: Path, evaluate: Evaluate
) -> None:
    path = shared_data / "judge" / "raschka_eval_examples_with_scores_dev.json"
    rows = json.loads(path.read_text(encoding="utf-8"))
    told = evaluate(path, "--set", "evaluation.metrics=[exact_match]")
    for column, (judge, model) in {
        "gpt4_model_1": ("gpt4", "model 1"),
        "gpt4_model_2": ("gpt4", "model 2"),
        "llama3_8b_model_1": ("llama3_8b", "model 1"),
    }.items():
        score = told["metrics"][judge][model]
        assert score["value"] == sum(row[column] for row in rows) / len(rows)
        assert score["low"] < score["value"] < score["high"]
    assert told["columns"]["not_read"] == ["row"]
    assert told["columns"]["answers"] == {
        "model 1": "model 1 response",
        "model 2": "model 2 response",
    }


@pytest.mark.parametrize(
    ("name", "model", "rate"),
    [
        ("llama-2-7b-chat-hf__alpaca_eval_gpt4", "llama-2-7b-chat-hf", 71.36645962732919),
        ("gpt4_1106_preview__alpaca_eval_gpt4", "gpt4_1106_preview", 97.69900497512438),
        (
            "alpaca-7b_verbose__weighted_alpaca_eval_gpt4_turbo",
            "alpaca-7b_verbose",
            2.9331016025062344,
        ),
    ],
)
def test_published_win_rates_come_out_to_the_last_digit_by_command(
    shared_data: Path, evaluate: Evaluate, name: str, model: str, rate: float
) -> None:
    told = evaluate(shared_data / "winrate" / f"{name}__preferences.json")
    assert told["metrics"]["win_rate"][model]["value"] == rate


def test_a_judge_marks_the_answers_of_a_file(tmp_path: Path, evaluate: Evaluate) -> None:
    def reply(body: Body) -> str:
        call = seen_text(last_message(body))
        if "answer" not in call.texts:
            return call.better("tie")
        return call.score(round(true_score(call.texts)))

    with EndpointServer(models=["tiny"], answer=reply) as server:
        told = evaluate(written(tmp_path / "a.json", ROWS), "--url", server.url, "--model", "tiny")
    judged = told["metrics"]["judge"]["model"]
    assert (judged["value"], judged["count"]) == (87.5, 8)  # half right, half 3 of 4 words
    assert told["judge"]["name"].startswith("tiny")
    assert told["usability"]["models"]["model"]["outcome"]


@pytest.mark.parametrize("ending", ["json", "jsonl", "csv"])
def test_every_row_counts_whatever_the_file_is(
    tmp_path: Path, evaluate: Evaluate, ending: str
) -> None:
    rows = [*ROWS, ROWS[0]]  # a row that comes again
    path = tmp_path / f"a.{ending}"
    if ending == "json":
        written(path, rows)
    elif ending == "jsonl":
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(ROWS[0]))
            writer.writeheader()
            writer.writerows(rows)
    told = evaluate(path)
    score = told["metrics"]["exact_match"]["model"]
    assert (score["value"], score["count"]) == (pytest.approx(500 / 9), 9)


def test_models_stand_side_by_side_and_a_missing_answer_has_failed(
    tmp_path: Path, evaluate: Evaluate
) -> None:
    rows = [
        {"question": f"Q {i}?", "answer": f"right {i}", "small": f"wrong {i}x", "big": f"right {i}"}
        for i in range(12)
    ]
    rows[0].pop("small")
    path = written(tmp_path / "a.json", rows)
    told = evaluate(path, "--field", "answer=small", "--field", "answer=big")
    exact = told["metrics"]["exact_match"]
    assert (exact["small"]["value"], exact["big"]["value"]) == (0.0, 100.0)
    assert (exact["small"]["failed"], exact["big"]["failed"]) == (1, 0)
    one = told["comparisons"][0]
    assert (one["first"], one["second"], one["verdict"]) == ("small", "big", "better")
    page = Path(told["report"]).read_text(encoding="utf-8")
    assert "exact match, big against small" in page
    assert "Tuned − base" not in page
    assert "Tuned scores higher" not in page


def test_a_second_file_leaves_nothing_of_the_first(tmp_path: Path, evaluate: Evaluate) -> None:
    first = [{**row, "gpt4_model": 50} for row in ROWS]
    assert "gpt4" in evaluate(written(tmp_path / "a.json", first))["metrics"]
    renamed = [
        {"question": row["instruction"], "reference": row["output"], "tuned": "?"} for row in ROWS
    ]
    told = evaluate(written(tmp_path / "a.json", renamed))
    assert [*told["metrics"]["chrf"]] == ["tuned"]
    folder = tmp_path / "runs" / "a"
    assert [one.stem for one in (folder / "completions").glob("*.jsonl")] == ["tuned"]
    assert not (folder / "grades" / "gpt4.jsonl").exists()


@pytest.mark.parametrize(
    ("row", "words", "told"),
    [
        ({"question": "Q?", "output": "a", "answer": "b"}, (), "may each be the reference"),
        ({"question": "Q?", "answer": "a", "gpt": "b"}, (), "--field answer='gpt'"),
        ({"question": "Q?", "gpt": "b"}, (), "which column holds the right answer"),
        ({"x": "a", "y": "b"}, (), "which column holds the question"),
        (ROWS[0], ("--field", "answer=none"), "no column 'none'"),
        (ROWS[0], ("--field", "response=output"), "no field 'response'"),
        (ROWS[0], ("--field", "answer"), "write OURS=THEIRS"),
        (ROWS[0], ("--set", "training.epochs=1"), "has no effect beside --answers"),
        ({**ROWS[0], "score": 101}, (), "no mark from 0 to 100"),
        ({"preference": 3, "generator_2": "m"}, (), "'preference' holds 3"),
        ({**ROWS[0], "output": ""}, (), "no row can be scored"),
    ],
)
def test_what_is_unclear_or_wrong_is_asked_in_one_line(
    tmp_path: Path, refused: Callable[..., str], row: object, words: Sequence[str], told: str
) -> None:
    error = refused("--answers", str(written(tmp_path / "a.json", [row] * 3)), *words)
    assert told in error
    assert "Traceback" not in error


def test_options_that_do_not_go_together_are_refused(refused: Callable[..., str]) -> None:
    assert "nothing was named to evaluate" in refused()
    assert "--field" in refused("recipe.yaml", "--field", "answer=x")
    assert "RECIPE" in refused("recipe.yaml", "--answers", "a.json")
    assert "no such file" in refused("--answers", "a.json")


def test_the_folder_of_a_training_is_left_alone(
    tmp_path: Path, refused: Callable[..., str]
) -> None:
    recipe = tmp_path / "runs" / "a" / "recipe.yaml"
    recipe.parent.mkdir(parents=True)
    recipe.write_text("sources: []\n", encoding="utf-8")
    assert "holds a training" in refused("--answers", str(written(tmp_path / "a.json", ROWS)))


def test_a_table_of_which_no_row_can_be_read_says_why(
    tmp_path: Path, refused: Callable[..., str]
) -> None:
    path = tmp_path / "a.csv"
    rows = "Q1?,A1,A1,B\nQ2?,A2,A2,A2\nQ3?,A3,,A3\n"
    path.write_text(f"question,reference,gpt4 answer,phi3 answer,tags\n{rows}", encoding="utf-8")
    assert "no row can be read (wrong number of columns" in refused("--answers", str(path))
