"""One reader, one rule: import, prepare, preview and teach keep the same rows of a source."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.stages.rig import Talk, opened
from tunesmith import import_sources
from tunesmith.errors import TunesmithError
from tunesmith.examples.example import Example
from tunesmith.examples.read_count import ReadCount
from tunesmith.examples.read_examples import read_examples
from tunesmith.examples.splitting.groups import BRIDGES_SPLITS
from tunesmith.files import read_json_lines
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.recipe.teacher_recipe import TeacherRecipe
from tunesmith.stages import teach
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.import_sources import dropped_path
from tunesmith.stages.preparing.split_files import write_examples
from tunesmith.stages.teach import Lesson

ROOT = Path(__file__).parents[2]
SPLITS = ("train", "validation", "test")
# Prepare stops at 1 % of unreadable rows, import never.
EXAMPLES: dict[str, Any] = {"max_bad": 1.0, "split": {"validation": 0, "test": 0}}

Row = tuple[str, str]  # id and place
Kept = tuple[set[Row], list[Any], dict[str, int]]  # rows, what was dropped, what was hidden

LONG = " ".join(f"word{number}" for number in range(60))
NEAR = f"{LONG} more"
PAIRS: list[dict[str, Any]] = [
    {"question": "Who answers?", "answer": "Ada does, ada@example.org."},
    {"question": "Who answers?", "answer": "Ada does, bob@example.org."},  # equal once hidden
    {"question": "Why?", "answer": "ok"},
    {"question": "When do you open?", "answer": "At nine."},
    {"question": "when do you open", "answer": "At nine!"},  # but for case and punctuation
    {"question": "Tell me all.", "answer": LONG},
    {"question": "Tell me all.", "answer": NEAR},
    {"system": "Be brief.", "question": "Tell me all.", "answer": NEAR},  # another voice
    {"question": "Whom do I call?", "answer": "Call +49 30 901820 or write to us."},
]
CHAT = """\
12/03/2026, 10:01 - Ann: How do I reset the router?
12/03/2026, 10:02 - Help Desk: Hold the small button for ten seconds.
12/03/2026, 10:05 - Ann: Thanks, that worked.
"""


def write_rows(path: Path, rows: Sequence[Any]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def imported(folder: Path, sources: Sequence[dict[str, Any]]) -> Kept:
    out = folder / "imported.jsonl"
    result = import_sources(sources, out, examples=EXAMPLES)
    rows = {(row["id"], row["source"]) for row in read_json_lines(out)}
    assert len(rows) == result.kept
    return rows, list(read_json_lines(dropped_path(out))), result.redacted


def prepared(folder: Path, sources: Sequence[dict[str, Any]]) -> Kept:
    """What preparing keeps, with the rows that it leaves out later, since they bridge splits."""
    run = RunFolder(folder / "runs" / "one", recipe_folder=folder)
    recipe = recipe_from_mapping({"sources": list(sources), "examples": EXAMPLES})
    count, dropped = ReadCount(), []
    begun = opened(recipe, run, recipe_folder=Path(), progress=Talk())
    write_examples(begun, recipe, count=count, drop=dropped.append)
    rows = {
        (row["id"], row["source"])
        for split in SPLITS
        for row in read_json_lines(run.examples(split))
    }
    said = [asdict(one) for one in dropped if one.reason != BRIDGES_SPLITS]
    assert len(said) == len(dropped), "no split is named, so none can be bridged"
    return rows, said, dict(count.redacted.most_common())


def previewed(sources: Sequence[dict[str, Any]]) -> Kept:
    recipe = recipe_from_mapping({"sources": list(sources), "examples": EXAMPLES})
    rows, dropped, redacted = set(), [], ReadCount().redacted
    for read in read_examples(recipe.sources, recipe.examples, folder=Path()):
        if isinstance(read.item, Example):
            rows.add((read.item.id, read.item.source))
            redacted += read.redacted
        else:
            dropped.append(asdict(read.item))
    return rows, dropped, dict(redacted.most_common())


def or_error(
    read: Callable[[Path, Sequence[dict[str, Any]]], Kept],
    folder: Path,
    sources: Sequence[dict[str, Any]],
) -> Kept | str:
    try:
        return read(folder, sources)
    except TunesmithError as error:
        return error.message


def in_order(dropped: Sequence[dict[str, str]]) -> list[str]:
    return sorted(json.dumps(one) for one in dropped)


def agree(folder: Path, *sources: dict[str, Any]) -> Kept:
    """What all three say of some sources; an error is the same for all who write."""
    first, second = (or_error(read, folder, sources) for read in (imported, prepared))
    if isinstance(first, str) or isinstance(second, str):
        assert first == second
        return set(), [], {}
    third = previewed(sources)
    assert first[0] == second[0] == third[0]
    assert first[1] == second[1]
    assert in_order(first[1]) == in_order(third[1])
    assert first[2] == second[2]
    assert dict(sorted(first[2].items())) == dict(sorted(third[2].items()))
    return first


def test_pairs_of_every_fate(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.jsonl", PAIRS)
    with (tmp_path / "a.jsonl").open("a") as stream:
        stream.write("{bad\n")
    rows, dropped, redacted = agree(tmp_path, {"path": str(tmp_path / "a.jsonl")})
    assert sorted(int(place.rpartition(":")[2]) for _, place in rows) == [1, 4, 6, 8, 9]
    assert sorted(one["reason"] for one in dropped) == [
        "bad JSON",
        "exact duplicate",
        "near duplicate",
        "near duplicate",
        "trivial answer",
    ]
    assert redacted == {"email": 1, "phone": 1}


def test_thousands_of_rows_of_which_many_repeat(tmp_path: Path) -> None:
    """More than one batch, and more than are compared each with each."""
    rows = []
    for number in range(1500):
        words = " ".join(f"w{number * 37 % 911 + place * place % 613}" for place in range(40))
        rows.append({"question": f"What is {number}?", "answer": words})
        if number % 5 == 0:
            rows.append({"question": f"what is {number // 2 * 2}", "answer": f"{words}, too"})
    write_rows(tmp_path / "a.jsonl", rows)
    _, dropped, _ = agree(tmp_path, {"path": str(tmp_path / "a.jsonl")})
    assert sum(one["reason"] == "near duplicate" for one in dropped) > 100


def test_sources_with_weights_tasks_and_of_several_kinds(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.jsonl", PAIRS)
    write_rows(tmp_path / "b.jsonl", [*PAIRS[4:], {"question": "New?", "answer": "It is new."}])
    (tmp_path / "c.csv").write_text("question,answer\r\nIs it open?,It opens at nine.\r\n")
    a, b = ({"path": str(tmp_path / name), "weight": 1.0} for name in ("a.jsonl", "b.jsonl"))
    agree(tmp_path, a, {**b, "weight": 2.0}, {"path": str(tmp_path / "c.csv")})


@pytest.mark.parametrize("path", ["starter/material/test.jsonl", "teacher/seeds/zh.jsonl"])
def test_the_material_that_comes_with_tunesmith(tmp_path: Path, path: str) -> None:
    agree(tmp_path, {"path": str(ROOT / "tunesmith" / path)})


@pytest.mark.parametrize("name", ["chat.txt", "pages"])
def test_threads_and_pages(tmp_path: Path, name: str) -> None:
    (tmp_path / "chat.txt").write_text(CHAT, encoding="utf-8")
    (tmp_path / "pages").mkdir()
    for page in ("README.md", "docs/data.md", "docs/recipe.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        (tmp_path / "pages" / Path(page).name).write_text(text, encoding="utf-8")
    rows, _, _ = agree(tmp_path, {"path": str(tmp_path / name)})
    assert rows


def test_a_test_row_stays_whatever_its_place(tmp_path: Path) -> None:
    """Where a source names splits, import decides for the test set, as preparing does."""
    write_rows(tmp_path / "a.jsonl", PAIRS)
    write_rows(tmp_path / "b.jsonl", PAIRS[3:4])
    sources = [
        {"path": str(tmp_path / "a.jsonl")},
        {"path": str(tmp_path / "b.jsonl"), "use_as": "test"},
    ]
    first, second = imported(tmp_path, sources), prepared(tmp_path, sources)
    assert first == second
    places = {Path(place).name for _, place in first[0]}
    assert "b.jsonl:1" in places
    assert "a.jsonl:4" not in places


def test_a_teacher_avoids_what_preparing_keeps_with_nothing_hidden_in_it(tmp_path: Path) -> None:
    """Its pairs are compared as it wrote them, and nothing is hidden in them yet."""
    write_rows(tmp_path / "a.jsonl", PAIRS)
    source = SourceRecipe(path=str(tmp_path / "a.jsonl"))
    lesson = Lesson(recipe=TeacherRecipe.model_construct(), out=tmp_path / "x", avoid=[source])
    places = [int(one.source.rpartition(":")[2]) for one in teach._examples(lesson)]
    assert places == [1, 2, 4, 6, 8, 9]  # 2 is the same as 1 only where addresses are hidden


@pytest.mark.slow
def test_every_real_file(tmp_path: Path, shared_data: Path) -> None:
    """Every file of ../shared/data, and every folder that is a source as a whole."""
    files = sorted(path for path in shared_data.rglob("*") if path.is_file())
    num_kept = 0
    for number, path in enumerate([*files, shared_data / "slack_export"]):
        folder = tmp_path / str(number)
        folder.mkdir()
        num_kept += len(agree(folder, {"path": str(path)})[0])
    assert num_kept > 10_000
