"""Before tuning, untuned models answer the validation rows; no test row is read."""

from pathlib import Path
from typing import Any

import pytest

from tests.endpoint_server import EndpointServer, last_message
from tests.stages.judged import BiasedJudge
from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tunesmith.errors import DataError
from tunesmith.files import read_json_lines
from tunesmith.recipe.recipe import EvaluationRecipe, TemplateRecipe
from tunesmith.stages.run import run_loop
from tunesmith.stages.test_set.before_tuning import evaluate_before


def answer(body: dict[str, Any]) -> str:
    if "<data-" in last_message(body):
        return BiasedJudge()(body)
    return "perhaps grey"


def _recipe(tiny_folder: Path, data: Path, **given: Any) -> Any:
    return make_recipe(
        tiny_folder,
        data,
        examples={"split": {"validation": given.pop("validation", 0.2), "test": 0.2}},
        training={"steps": 1},
        generation={"max_new_tokens": 4},
        evaluation={"metrics": ["exact_match", "token_f1"], **given},
    )


def test_models_answer_validation_rows_once_and_a_later_run_goes_on(
    tmp_path: Path, tiny_folder: Path
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", colour_rows(40))
    with EndpointServer(answer, models=["stub", "org/big"]) as server:
        judge = {"url": server.url, "model": "stub"}
        rivals = [{"url": server.url, "model": "org/big"}]
        recipe = _recipe(tiny_folder, data, judge=judge, rivals=rivals)
        folder = run_folder(tmp_path / "run")
        run = opened(recipe, folder, recipe_folder=tmp_path, progress=Talk())
        found = evaluate_before(run)
        asked = len(server.seen.bodies)
        assert evaluate_before(run).to_dict() == found.to_dict()
        assert len(server.seen.bodies) == asked
    validation = [row["id"] for row in read_json_lines(folder.examples("validation"))]
    answers = list(read_json_lines(folder.path / "before" / "completions" / "org-big.jsonl"))
    assert [one["example_id"] for one in answers] == validation
    assert found.models == ("base", "nearest", "few-shot", "org/big")
    assert found.rows == len(validation)
    assert set(found.scores.metrics) == {"exact_match", "token_f1", "judge", "win_rate"}
    assert found.headroom.bigger == "org/big"
    assert not folder.log.exists()
    assert not folder.completions("base").exists()
    alone = recipe.model_copy(update={"evaluation": EvaluationRecipe(metrics=["exact_match"])})
    run_loop(opened(alone, folder, recipe_folder=tmp_path, progress=Talk()))
    assert folder.completions("base").exists()


def test_too_few_validation_rows_are_refused_with_the_cure(
    tmp_path: Path, tiny_folder: Path
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", colour_rows(20))
    recipe = _recipe(tiny_folder, data, validation=0.1)
    run = opened(recipe, run_folder(tmp_path / "run"), recipe_folder=tmp_path, progress=Talk())
    with pytest.raises(DataError, match=r"it takes 5. Hold more out"):
        evaluate_before(run)


def test_texts_that_ask_nothing_are_told_so(tmp_path: Path, tiny_folder: Path) -> None:
    rows = [{"text": f"Snow number {i} is white and falls on hill {i}."} for i in range(40)]
    data = write_rows(tmp_path / "rows.jsonl", rows)
    recipe = _recipe(tiny_folder, data)
    recipe = recipe.model_copy(update={"template": TemplateRecipe(name="plain")})
    run = opened(recipe, run_folder(tmp_path / "run"), recipe_folder=tmp_path, progress=Talk())
    with pytest.raises(DataError, match=r"plain texts, which ask nothing"):
        evaluate_before(run)
