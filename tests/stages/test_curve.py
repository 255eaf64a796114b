"""The same tuning on parts of the rows: nested, cached, resumed, and what it comes to."""

from pathlib import Path
from typing import Any

import pytest

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tunesmith.errors import DataError
from tunesmith.files import read_json
from tunesmith.rounds.look_log import LookLog
from tunesmith.stages.curve import curve
from tunesmith.stages.curving.part_of_rows import rows_of_part
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.looking.note_look import looks_path
from tunesmith.stages.preparing.prepared_files import open_store
from tunesmith.stages.results.curved import RowsCurve

SECTIONS: dict[str, Any] = {
    "examples": {"split": {"validation": 0.1, "test": 0.2}},
    "training": {
        "steps": 3,
        "learning_rate": 1e-2,
        "examples_per_step": 4,
        "validate_every": 3,
        "checkpoint_every": 3,
    },
    "generation": {"max_new_tokens": 4},
    "evaluation": {"metrics": ["token_f1", "token_accuracy"], "baselines": "auto"},
}


@pytest.fixture(scope="module")
def measured(
    tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path
) -> tuple[Run, Talk, RowsCurve]:
    root = tmp_path_factory.mktemp("curve")
    data = write_rows(root / "rows.jsonl", colour_rows(64))
    talk = Talk()
    recipe = make_recipe(tiny_folder, data, **SECTIONS)
    run = opened(recipe, run_folder(root / "run"), recipe_folder=root, progress=talk)
    return run, talk, curve(run, seeds=1)


@pytest.mark.slow
def test_each_size_has_its_points_and_the_sentence_stands_in_the_report(measured: Any) -> None:
    run, _, result = measured
    whole = len(open_store(run.folder, "train"))
    assert result.sizes == (whole // 8, whole // 4, whole // 2, whole)
    assert (result.main, result.seeds, result.steps) == ("token_f1", 1, 3)
    assert set(result.metrics) == {"token_f1", "loss"}
    assert [point[0] for point in result.metrics["loss"]["points"]] == list(result.sizes)
    told = result.metrics["loss"]["doubling"]
    assert told["low"] <= told["value"] <= told["high"]
    assert result.summary[0] == result.sentence
    look = LookLog.read(looks_path(run.folder)).looks[-1]
    assert (look.command, look.choice, {*look.scores}) == ("curve", None, {"token_f1", "loss"})
    assert result.sentence in (run.folder.path / "report.md").read_text(encoding="utf-8")
    assert 'id="rows-curve"' in run.folder.page.read_text(encoding="utf-8")
    record = read_json(run.folder.path / "curve.json")
    assert {key: record[key] for key in ("sizes", "sentence", "metrics")} == {
        key: result.to_dict()[key] for key in ("sizes", "sentence", "metrics")
    }


@pytest.mark.slow
def test_what_is_done_is_not_done_again_and_more_seeds_only_add_theirs(measured: Any) -> None:
    run, talk, first = measured
    talk.tasks.clear()
    assert curve(run, seeds=1) == first
    assert not any(task.startswith(("training", "answering")) for task in talk.tasks)
    more = curve(run, seeds=2)
    assert sum(task.startswith("answering (tuned on") for task in talk.tasks) == 4
    assert (more.seeds, more.sizes) == (2, first.sizes)


@pytest.mark.slow
def test_a_part_keeps_its_scores_and_no_model(measured: Any) -> None:
    run, _, result = measured
    folder = run.folder.path / "curve" / f"rows-{result.sizes[0]}-seed-0"
    assert {path.name for path in folder.iterdir()} == {"scores.json", "log.jsonl", "manifest.json"}


@pytest.mark.slow
def test_rows_of_a_part_lie_within_those_of_a_larger_one_and_seeds_differ(measured: Any) -> None:
    run, _, _ = measured
    store = open_store(run.folder, "train")
    parts = [rows_of_part(store, count, seed=0) for count in (5, 11, len(store))]
    assert [len(part) for part in parts] == [5, 11, len(store)]
    assert set(parts[0]) < set(parts[1]) < set(parts[2])
    assert parts[1] == sorted(parts[1])
    assert set(rows_of_part(store, 11, seed=1)) != set(parts[1])


def test_too_few_rows_are_refused_by_number(tmp_path: Path, tiny_folder: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", colour_rows(20))
    recipe = make_recipe(tiny_folder, data, **SECTIONS)
    run = opened(recipe, run_folder(tmp_path / "run"), recipe_folder=tmp_path, progress=Talk())
    with pytest.raises(DataError, match="training rows are too few to be parted; it takes 32"):
        curve(run)
