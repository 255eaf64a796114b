"""`tunesmith split`: a fresh test set comes from new rows alone, and nothing old is trained on."""

import random
from pathlib import Path
from typing import Any

import pytest

from tests.stages.rig import Talk, make_recipe, opened, write_rows
from tunesmith.errors import DataError, MissingError
from tunesmith.files import read_json, read_json_lines, write_json_lines
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.rounds.look_log import HeldOut, Look, append_look
from tunesmith.stages.editing.edit_desk import EditDesk
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.looking.known_splits import known_splits
from tunesmith.stages.looking.note_look import looks_path
from tunesmith.stages.prepare import prepare

SPLIT = {"examples": {"split": {"validation": 0.2, "test": 0.3}}}
WORDS = [f"word{number}" for number in range(3000)]
Rows = list[dict[str, str]]


def rows(seed: int, count: int) -> Rows:
    rng = random.Random(seed)
    return [
        {"instruction": " ".join(rng.choices(WORDS, k=8)), "response": " ".join(rng.choices(WORDS))}
        for _ in range(count)
    ]


def run_of(root: Path, tiny: Path, made: Rows, **more: Any) -> Run:
    recipe = make_recipe(tiny, write_rows(root / "rows.jsonl", made), **{**SPLIT, **more})
    folder = RunFolder(root / "runs" / "run", recipe_folder=root)
    return opened(recipe, folder, recipe_folder=root, progress=Talk())


def ids(folder: RunFolder) -> dict[str, set[str]]:
    return {
        split: {row["id"] for row in read_json_lines(folder.examples(split))}
        for split in ("train", "validation", "test")
    }


def look_at(folder: RunFolder, *choices: str) -> None:
    test = HeldOut.read(folder.examples("test"))
    for choice in choices:
        append_look(looks_path(folder), Look(
            time="2026-01-01", who="ann", command="report", run="r", test=test,
            scores={"chrf": ["tuned"]}, choice=choice,
        ))  # fmt: skip


def test_a_fresh_test_set_holds_only_what_no_run_has_used(
    tmp_path: Path, tiny_folder: Path
) -> None:
    old = rows(0, 60)
    prepare(run := run_of(tmp_path, tiny_folder, old))
    before = ids(run.folder)
    look_at(run.folder, "a", "b", "a")
    alike = [{**row, "response": f"{row['response']} it is"} for row in old[:30]]
    run = run_of(tmp_path, tiny_folder, [*alike, *old, *rows(1, 80)])
    lines = (tmp_path / "splits.jsonl").read_bytes()
    found = known_splits(run, fresh_test=True)
    assert (tmp_path / "splits.jsonl").read_bytes().startswith(lines)
    assert found.fresh is not None
    assert found.fresh["new"] == 80
    assert found.fresh["rows"] == found.fresh["retired"] == len(before["test"])
    assert found.splits["retired test"] == len(before["test"])
    prepare(run)
    after = ids(run.folder)
    assert not before["test"] & set().union(*after.values())  # retired, and nowhere in silence
    assert not after["test"] & set().union(*before.values())
    assert before["train"] <= after["train"]
    assert before["validation"] <= after["validation"]
    dropped = read_json(run.folder.summary)["dropped"]
    assert dropped["retired test row"] >= len(before["test"])
    reasons = [row for row in read_json_lines(run.folder.dropped) if "retired" in row["reason"]]
    assert "use_as in a source of its own uses it" in reasons[0]["detail"]
    now = known_splits(run)
    assert [one["is_this_runs"] for one in now.test_sets] == [False]
    assert "looked at 3 times, 2 states of scores, by ann" in now.summary[-1]
    look_at(run.folder, "c")
    assert [one["looks"] for one in known_splits(run).test_sets] == [3, 1]


def test_a_row_that_was_edited_is_not_new(tmp_path: Path, tiny_folder: Path) -> None:
    old, more = rows(0, 60), rows(1, 80)
    prepare(run := run_of(tmp_path, tiny_folder, old))
    (tmp_path / "recipe.yaml").touch()
    for row in [*read_json_lines(run.folder.examples("train"))][:5]:
        desk = EditDesk(run.folder, tmp_path / "recipe.yaml", author="Ana")
        desk.write_texts(row["id"], {"question": f"Something else altogether, {row['id']}?"})
    found = known_splits(run_of(tmp_path, tiny_folder, [*old, *more]), fresh_test=True)
    assert found.fresh is not None
    assert found.fresh["new"] == 80


def test_a_person_may_use_retired_rows_by_name(tmp_path: Path, tiny_folder: Path) -> None:
    old = rows(0, 60)
    prepare(run := run_of(tmp_path, tiny_folder, old))
    retired = [*read_json_lines(run.folder.examples("test"))]
    run = run_of(tmp_path, tiny_folder, [*old, *rows(1, 80)])
    known_splits(run, fresh_test=True)
    write_json_lines(tmp_path / "retired.jsonl", retired)
    named = SourceRecipe(path=str(tmp_path / "retired.jsonl"), use_as="train")
    recipe = run.recipe.model_copy(update={"sources": [*run.recipe.sources, named]})
    prepare(run := opened(recipe, run.folder, recipe_folder=tmp_path, progress=Talk()))
    assert {row["id"] for row in retired} <= ids(run.folder)["train"]


@pytest.mark.parametrize("num_new", [0, 9, 35])
def test_too_little_new_material_is_refused_with_a_number(
    tmp_path: Path, tiny_folder: Path, num_new: int
) -> None:
    old = rows(0, 100)
    prepare(run_of(tmp_path, tiny_folder, old))
    before = (tmp_path / "splits.jsonl").read_bytes()
    run = run_of(tmp_path, tiny_folder, [*old, *rows(1, num_new)])
    with pytest.raises(DataError, match=f"^[^ ]*: {num_new} rows of the sources are new; .* 40 "):
        known_splits(run, fresh_test=True)
    assert (tmp_path / "splits.jsonl").read_bytes() == before


def test_rows_that_another_seed_has_used_are_not_new(tmp_path: Path, tiny_folder: Path) -> None:
    old, more = rows(0, 60), rows(1, 80)
    prepare(run_of(tmp_path, tiny_folder, old))
    examples = {**SPLIT["examples"], "seed": 9}
    prepare(run_of(tmp_path, tiny_folder, [*old, *more], examples=examples))
    with pytest.raises(DataError, match="0 rows of the sources are new"):
        known_splits(run_of(tmp_path, tiny_folder, [*old, *more]), fresh_test=True)


def test_without_an_old_test_set_there_is_none_to_replace(
    tmp_path: Path, tiny_folder: Path
) -> None:
    run = run_of(tmp_path, tiny_folder, rows(0, 60))
    with pytest.raises(DataError, match="no test set is remembered"):
        known_splits(run, fresh_test=True)
    shown = known_splits(run)
    assert shown.summary[-1] == "Nobody has looked at scores of a test set."
    assert not (tmp_path / "splits.jsonl").exists()
    run.folder.path.mkdir(parents=True)
    (run.folder.path / "mine.txt").touch()
    with pytest.raises(MissingError, match="no such run"):
        known_splits(run)
