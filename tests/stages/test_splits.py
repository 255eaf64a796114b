"""Splits through the stages: remembered beside the recipe, and looked at again before scoring."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tunesmith.errors import RefusedError
from tunesmith.examples.read_count import ReadCount
from tunesmith.files import read_json, read_json_lines, write_json_lines
from tunesmith.recipe.load_recipe import load_recipe
from tunesmith.recipe.recipe import Recipe
from tunesmith.sources.row import Dropped
from tunesmith.stages.answer import answer
from tunesmith.stages.demo import RECIPE
from tunesmith.stages.evaluate import evaluate
from tunesmith.stages.execution.progress import SilentProgress
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.prepare import prepare
from tunesmith.stages.preparing.split_files import write_examples
from tunesmith.stages.run import run_loop
from tunesmith.stages.test_set.overlap_check import check_overlap

SPLIT = {"examples": {"split": {"validation": 0.2, "test": 0.3}}}
WORDS = [f"word{number}" for number in range(2000)]


def sides_of(folder: RunFolder) -> dict[str, str]:
    return {
        row["id"]: split
        for split in ("train", "validation", "test")
        for row in read_json_lines(folder.examples(split))
    }


def prepared(recipe: Recipe, root: Path, name: str = "run") -> RunFolder:
    folder = RunFolder(root / "runs" / name, recipe_folder=root)
    prepare(opened(recipe, folder, recipe_folder=root, progress=Talk()))
    return folder


def test_more_rows_move_no_old_one_in_any_run_of_the_folder(
    tmp_path: Path, tiny_folder: Path
) -> None:
    rows = colour_rows(60)
    recipe = make_recipe(tiny_folder, write_rows(tmp_path / "rows.jsonl", rows), **SPLIT)
    first = sides_of(prepared(recipe, tmp_path))
    assert (tmp_path / "splits.jsonl").is_file()
    old_ids = set(first)
    more = [{"instruction": f"Number {n}?", "response": str(n)} for n in range(100)]
    again = [{**row, "response": f"{row['response']}, I think"} for row in rows]
    write_rows(tmp_path / "rows.jsonl", [*more, *again, *rows])
    for name in ("run", "other"):
        after = sides_of(prepared(recipe, tmp_path, name))
        assert len(after) == 220
        assert {one: after[one] for one in old_ids} == first


def test_preparing_again_does_no_work_though_the_memory_grew(
    tmp_path: Path, tiny_folder: Path
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", colour_rows(40))
    recipe = make_recipe(tiny_folder, data, **SPLIT)
    folder = prepared(recipe, tmp_path)
    key = folder.read_manifest()["prepare"]["key"]
    other = write_rows(tmp_path / "other.jsonl", [{"instruction": "x", "response": "y"}] * 1)
    prepared(
        make_recipe(
            tiny_folder, data, sources=[{"path": str(data)}, {"path": str(other)}], **SPLIT
        ),
        tmp_path,
        "other",
    )
    talk = Talk()
    prepare(opened(recipe, folder, recipe_folder=tmp_path, progress=talk))
    assert not talk.tasks
    assert folder.read_manifest()["prepare"]["key"] == key


def test_the_summary_says_what_was_asked_and_what_came_of_it(
    tmp_path: Path, tiny_folder: Path
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", colour_rows(60))
    folder = prepared(make_recipe(tiny_folder, data, **SPLIT), tmp_path)
    splits = read_json(folder.summary)["splits"]
    assert {name: split["asked"] for name, split in splits.items()} == {
        "train": 0.5, "validation": 0.2, "test": 0.3
    }  # fmt: skip
    for split in splits.values():
        assert split["share"] == pytest.approx(split["rows"] / 60, abs=1e-4)
        assert split["groups"] == split["rows"]


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> tuple[Recipe, RunFolder]:
    root = tmp_path_factory.mktemp("scored")
    rng = random.Random(0)
    long = [
        {"instruction": " ".join(rng.choices(WORDS, k=25)), "response": str(n)} for n in range(40)
    ]
    recipe = make_recipe(
        tiny_folder,
        write_rows(root / "rows.jsonl", long),
        **SPLIT,
        training={"steps": 1},
        generation={"max_new_tokens": 2, "batch": 8},
    )
    folder = run_folder(root / "run")
    run_loop(opened(recipe, folder, recipe_folder=root, progress=Talk()))
    return recipe, folder


@pytest.mark.parametrize("kind", ["equal", "shouted", "asked again", "one word in ten", "thread"])
def test_a_test_set_that_overlaps_is_refused_with_the_rows_named(
    scored: tuple[Recipe, RunFolder], kind: str
) -> None:
    recipe, folder = scored
    path = folder.examples("test")
    kept = path.read_bytes()
    trained = list(read_json_lines(folder.examples("train")))
    row = {**trained[3], "source": "mine.jsonl:7"}
    if kind == "thread":
        write_train(folder, [*trained[:3], {**trained[3], "group": "thread"}, *trained[4:]])
        row = {**row, "id": "0" * 16, "instruction": "Other", "response": "z", "group": "thread"}
    write_json_lines(path, [*map(json.loads, kept.splitlines()), changed(row, kind)])
    try:
        for command in (answer, evaluate):
            with pytest.raises(RefusedError) as refusal:
                command(opened(recipe, folder, recipe_folder=folder.path.parent, progress=Talk()))
            assert "1 test row stands in train too" in str(refusal.value)
            assert "test mine.jsonl:7" in str(refusal.value)
            assert f"train {trained[3]['source']}:" in str(refusal.value)
    finally:
        path.write_bytes(kept)
        write_train(folder, trained)
    check_overlap(opened(recipe, folder, recipe_folder=folder.path.parent, progress=Talk()))


def write_train(folder: RunFolder, rows: list[dict[str, Any]]) -> None:
    write_json_lines(folder.examples("train"), rows)


def changed(row: dict[str, Any], kind: str) -> dict[str, Any]:
    words = row["instruction"].split()
    if kind == "shouted":
        return {**row, "instruction": row["instruction"].upper() + "!!"}
    if kind == "asked again":
        return {**row, "response": "something else"}
    if kind == "one word in ten":
        return {**row, "instruction": " ".join([*words[:10], "other", *words[11:-1], "end"])}
    return row


def test_what_was_looked_at_once_is_not_looked_at_again(
    scored: tuple[Recipe, RunFolder],
) -> None:
    recipe, folder = scored
    talk = Talk()
    check_overlap(opened(recipe, folder, recipe_folder=folder.path.parent, progress=talk))
    assert not talk.tasks


def test_the_demo_loses_only_what_stands_in_its_test_set(tmp_path: Path) -> None:
    dropped: list[Dropped] = []
    recipe, folder = load_recipe(RECIPE), run_folder(tmp_path / "run")
    assignment = write_examples(
        opened(recipe, folder, recipe_folder=RECIPE.parent, progress=SilentProgress()),
        recipe,
        count=ReadCount(),
        drop=dropped.append,
    )
    assert {item.reason for item in dropped} <= {"bridges splits"}
    assert all(item.source.startswith("material/train.jsonl") for item in dropped)
    assert len(dropped) <= 5
    tests = [row["source"] for row in read_json_lines(folder.examples("test"))]
    lines = (RECIPE.parent / "material" / "test.jsonl").read_text(encoding="utf-8").splitlines()
    assert tests == [f"material/test.jsonl:{number}" for number in range(1, len(lines) + 1)]
    assert assignment.num_rows()["test"] == len(lines)
