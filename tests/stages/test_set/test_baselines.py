"""Which baselines answer by default: the look-up always, few-shot where it fits at little cost."""

from pathlib import Path

import pytest

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tunesmith.recipe.recipe import Recipe
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.prepare import prepare
from tunesmith.stages.test_set.baselines import chosen_baselines
from tunesmith.stages.test_set.rivals import judged_models, other_models


def prepared(folder: Path, tiny_folder: Path, rows: list[dict[str, str]], **changes: object) -> Run:
    sections = {
        "examples": {"split": {"validation": 0.0, "test": 0.2}},
        "evaluation": {"baselines": "auto"},
        "generation": {"max_new_tokens": 6},
        **changes,
    }
    data = write_rows(folder / "rows.jsonl", rows)
    recipe: Recipe = make_recipe(tiny_folder, data, **sections)  # type: ignore[arg-type]
    run = opened(recipe, run_folder(folder / "run"), recipe_folder=folder, progress=Talk())
    prepare(run)
    return run


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"training": {"epochs": 20}}, ("nearest", "few-shot")),
        ({"training": {"epochs": 1}, "generation": {"max_new_tokens": 60}}, ("nearest",)),
        ({"generation": {"max_new_tokens": 500}, "training": {"epochs": 5000}}, ("nearest",)),
        ({"evaluation": {"baselines": []}}, ()),
        ({"evaluation": {"baselines": ["few-shot"]}}, ("few-shot",)),
    ],
)
def test_baselines_follow_from_recipe_and_data(
    changes: dict[str, object], names: tuple[str, ...], tmp_path: Path, tiny_folder: Path
) -> None:
    run = prepared(tmp_path, tiny_folder, colour_rows(40), **changes)
    assert chosen_baselines(run) == names
    assert other_models(run) == list(names)


def test_plain_texts_have_nothing_to_look_up(tmp_path: Path, tiny_folder: Path) -> None:
    rows = [{"text": f"Once upon a time there were {n} bears in wood {n * 7}."} for n in range(40)]
    run = prepared(tmp_path, tiny_folder, rows, template={"name": "plain"})
    assert chosen_baselines(run) == ()


def test_a_judge_reads_only_baselines_that_the_recipe_names(
    tmp_path: Path, tiny_folder: Path
) -> None:
    run = prepared(tmp_path, tiny_folder, colour_rows(40), training={"epochs": 20})
    assert judged_models(run) == ["base", "tuned"]
