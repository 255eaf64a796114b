"""Rivals and baselines answer the same test set and stand in every table."""

import shutil
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.endpoint_server import EndpointServer, last_message
from tests.stages.judged import BiasedJudge
from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tunesmith.endpoints.caller import CallTerms
from tunesmith.endpoints.retries import RetryPolicy
from tunesmith.errors import DataError, RecipeError, RemoteError
from tunesmith.examples.example import Message
from tunesmith.files import read_json, read_json_lines
from tunesmith.generation.responder import OpenQuestion
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.recipe.recipe import Recipe
from tunesmith.stages.answer import answer as answer_test_set
from tunesmith.stages.before_training import check_before_reading
from tunesmith.stages.evaluate import check_judge, evaluate
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.execution.stage import forget
from tunesmith.stages.run import run_loop
from tunesmith.stages.test_set.rivals import rival_names, rival_request

MODELS = ["base", "tuned", "nearest", "few-shot", "org/big", "small"]


def answer(body: dict[str, Any]) -> str:
    """A judge where a judge is asked, else a rival that knows the colours."""
    if "<data-" in last_message(body):
        return BiasedJudge()(body)
    asked = last_message(body).split()[1].rstrip("?")
    if not asked.isdigit():
        return "ready"  # what is asked first
    number = int(asked)
    return str(colour_rows(number + 1)[number]["response"])


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Any:
    """A run with a judge, a rival behind a server, one in a folder, and both baselines."""
    root = tmp_path_factory.mktemp("rivals")
    data = write_rows(root / "rows.jsonl", colour_rows(40))
    small = root / "small"
    small.symlink_to(tiny_folder)
    with EndpointServer(answer, models=["stub", "org/big"]) as server:
        evaluation = {
            "metrics": ["exact_match", "token_f1"],
            "judge": {"url": server.url, "model": "stub"},
            "pairwise": "base",
            "baselines": ["nearest", "few-shot"],
            "shots": 2,
            "rivals": [{"url": server.url, "model": "org/big"}, {"path": "small"}],
        }
        recipe = make_recipe(
            tiny_folder,
            data,
            examples={"split": {"validation": 0.2, "test": 0.2}},
            training={"steps": 2},
            generation={"max_new_tokens": 6, "batch": 4},
            evaluation=evaluation,
        )
        folder = run_folder(root / "run")
        result = run_loop(opened(recipe, folder, recipe_folder=root, progress=Talk()))
        yield recipe, folder, result, server


def test_everybody_answers_every_test_row(done: Any) -> None:
    _, folder, _, _ = done
    ids = [row["id"] for row in read_json_lines(folder.examples("test"))]
    for model in MODELS:
        rows = list(read_json_lines(folder.completions(model)))
        assert [row["example_id"] for row in rows] == ids
        assert {row["model"] for row in rows} == {model}
    assert folder.completions("org/big").name == "org-big.jsonl"


def test_everybody_is_scored_and_compared_with_tuned(done: Any) -> None:
    _, folder, _, _ = done
    scores = read_json(folder.scores)
    for metric in ("exact_match", "token_f1", "judge", "win_rate"):
        assert list(scores["metrics"][metric]) == MODELS
    pairs = {(c["metric"], c["first"]) for c in scores["comparisons"]}
    assert {("judge", model) for model in MODELS if model != "tuned"} <= pairs
    assert scores["metrics"]["exact_match"]["org/big"]["value"] == 100.0
    assert scores["metrics"]["judge"]["org/big"]["value"] == 100.0
    assert scores["metrics"]["win_rate"]["base"]["value"] == 50.0
    assert set(scores["judge"]["preferences"]) == set(MODELS) - {"base"}


def test_the_report_shows_the_judge_beside_its_scores(done: Any) -> None:
    _, folder, result, _ = done
    verdict = result.scores.judge.verdict
    html = (folder.path / "report.html").read_text(encoding="utf-8")
    markdown = (folder.path / "report.md").read_text(encoding="utf-8")
    for text in (html, markdown):
        assert "The judge" in text
        assert verdict in text
        assert "win rate at equal length" in text
    assert f"score ({verdict})" in markdown
    summary = "\n".join(result.summary)
    assert f"Judge stub: {verdict}" in summary
    assert "org/big" in summary


def test_nearest_gives_answers_of_training_rows_only(done: Any) -> None:
    _, folder, _, _ = done
    trained = {row["response"] for row in read_json_lines(folder.examples("train"))}
    given = {row["text"] for row in read_json_lines(folder.completions("nearest"))}
    assert given <= trained


def test_running_again_asks_nobody(done: Any) -> None:
    recipe, folder, result, server = done
    asked, talk = len(server.seen.bodies), Talk()
    again = run_loop(opened(recipe, folder, recipe_folder=folder.path.parent, progress=talk))
    assert again == result
    assert len(server.seen.bodies) == asked
    assert talk.tasks == ["writing the report"]


def test_a_rival_that_is_gone_keeps_the_answers_it_gave(
    done: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, folder, _, server = done
    copy = RunFolder(tmp_path / "run")
    shutil.copytree(folder.path, copy.path)
    before = list(read_json_lines(copy.completions("org/big")))
    forget(copy, "answer org/big")
    calls = sqlite3.connect(copy.calls)
    with calls:
        lost = "SELECT call_id FROM replies WHERE purpose LIKE 'rival%' LIMIT 2"
        calls.execute(f"DELETE FROM replies WHERE call_id IN ({lost})")
    calls.close()
    gone = recipe.evaluation.rivals[0].model_copy(update={"kept_only": True, "key_env": "NO_KEY"})
    alone = {"rivals": [gone], "baselines": [], "judge": None, "pairwise": None}
    evaluation = recipe.evaluation.model_copy(update=alone)
    later = recipe.model_copy(update={"evaluation": evaluation})
    asked = len(server.seen.bodies)
    monkeypatch.delenv("NO_KEY", raising=False)
    run = opened(later, copy, recipe_folder=folder.path.parent, progress=Talk())
    check_before_reading(run)
    answer_test_set(run)
    now = list(read_json_lines(copy.completions("org/big")))
    assert len(server.seen.bodies) == asked
    lost_rows = [row for row in now if row["finish_reason"] == "not in the cache"]
    assert len(lost_rows) == 2
    assert [row for row in now if row in before] == [row for row in now if row not in lost_rows]


def test_who_leaves_the_recipe_leaves_the_run(done: Any, tmp_path: Path) -> None:
    recipe, folder, _, _ = done
    copy = RunFolder(tmp_path / "run")
    shutil.copytree(folder.path, copy.path)
    alone = recipe.evaluation.model_copy(
        update={"rivals": [], "baselines": ["nearest"], "judge": None, "pairwise": None}
    )
    less = recipe.model_copy(update={"evaluation": alone})
    scores = evaluate(opened(less, copy, recipe_folder=folder.path.parent, progress=Talk()))
    assert list(scores.metrics) == ["exact_match", "token_f1"]
    assert list(scores["token_f1"]) == ["base", "tuned", "nearest"]
    assert "judge" not in scores
    assert not list((copy.path / "judgements").iterdir())
    files = {path.name for path in (copy.path / "completions").glob("*.jsonl")}
    assert files == {"base.jsonl", "tuned.jsonl", "nearest.jsonl"}


def test_a_judge_is_tried_before_anything_is_trained(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", colour_rows(40))
    split = {"split": {"validation": 0.1, "test": 0.3}}
    with EndpointServer(answer, models=["stub"]) as server:
        judge = {"judge": {"url": server.url, "model": "stub"}}
        recipe = make_recipe(tiny_folder, data, examples=split, evaluation=judge)
        folder = run_folder(tmp_path / "run")
        told = check_judge(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
        assert told.verdict in ("usable", "noisy, use with care")
        assert not folder.model.exists()
        nothing = make_recipe(tiny_folder, data, evaluation=judge)
        with pytest.raises(DataError, match="no test rows"):
            check_judge(
                opened(nothing, run_folder(tmp_path / "b"), recipe_folder=tmp_path, progress=Talk())
            )
    with pytest.raises(RecipeError, match="names no judge"):
        check_judge(
            opened(make_recipe(tiny_folder, data), folder, recipe_folder=tmp_path, progress=Talk())
        )
    retry_policy = RetryPolicy(first_wait_seconds=0.001)
    monkeypatch.setattr(
        "tunesmith.stages.responders.endpoint.CallTerms",
        partial(CallTerms, retry_policy=retry_policy),
    )
    talk = Talk()
    with pytest.raises(RemoteError):
        run_loop(opened(recipe, run_folder(tmp_path / "c"), recipe_folder=tmp_path, progress=talk))
    assert talk.tasks == ["looking for stub"]  # hours before it would have been missed


def recipe_with(*rivals: dict[str, Any], **template: Any) -> Recipe:
    return recipe_from_mapping(
        {
            "sources": [{"path": "a.jsonl"}],
            "template": template,
            "generation": {"max_new_tokens": 7},
            "evaluation": {"rivals": list(rivals)},
        }
    )


URL = "http://localhost:1/v1"


OURS = ["base", "tuned", "nearest", "few-shot", "reference", "q8_0", "bf16", "mlx-f32"]


@pytest.mark.parametrize("name", OURS)
def test_a_rival_cannot_take_a_name_of_the_run(name: str) -> None:
    with pytest.raises(RecipeError, match="name that the run has already"):
        rival_names(recipe_with({"url": URL, "model": name}))


@pytest.mark.parametrize("name", ["q8_0-of-mine", "mlx-f32x", "llama-q4_0"])
def test_a_rival_may_be_called_like_an_export_of_another(name: str) -> None:
    assert list(rival_names(recipe_with({"url": URL, "model": name}))) == [name]


def test_two_rivals_need_two_names_on_disk_too() -> None:
    with pytest.raises(RecipeError, match=r"rivals\.1"):
        rival_names(recipe_with({"url": URL, "model": "a/b"}, {"url": URL, "model": "a-b"}))


def test_a_budget_on_a_rival_that_makes_no_calls_is_a_mistake() -> None:
    with pytest.raises(RecipeError, match=r"rivals\.0\.max_calls"):
        rival_names(recipe_with({"path": "x", "max_calls": 3}))


def test_a_rival_is_asked_under_the_conditions_of_base_and_tuned() -> None:
    messages = [
        Message(role="user", content="Sum up.", input="A long text."),
        Message(role="assistant", content="Short."),
        Message(role="user", content="Shorter."),
    ]
    recipe = recipe_with(name="alpaca", system="Be brief.")
    request = rival_request(OpenQuestion(example_id="1", messages=messages), recipe)
    assert [(m.role, m.content) for m in request.messages] == [
        ("system", "Be brief."),
        ("user", "Sum up.\n\nA long text."),
        ("assistant", "Short."),
        ("user", "Shorter."),
    ]
    assert (request.max_tokens, request.temperature) == (7, 0.0)
    own = [Message(role="system", content="Own."), *messages]
    request = rival_request(OpenQuestion(example_id="1", messages=own), recipe)
    assert request.messages[0].content == "Own."
