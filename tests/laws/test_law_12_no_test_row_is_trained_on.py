"""Law 12: no test row, near-duplicate of it or piece of its thread is in train; none moves."""

import random
from itertools import product
from pathlib import Path

import pytest

from tests.stages.rig import Talk, make_recipe, opened, write_rows
from tunesmith.files import read_json_lines
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.prepare import prepare

Row = dict[str, str]
SPLITS = ("train", "validation", "test")
SPLIT = {"examples": {"split": {"validation": 0.2, "test": 0.3}, "max_bad": 1.0}}
ALIKE = 0.5  # what `group_near_duplicates` is by default


def text(rng: random.Random, length: int) -> str:
    return " ".join(f"word{rng.randrange(3000)}" for _ in range(length))


def altered(words: str, rng: random.Random, count: int) -> str:
    """The same with some words replaced, next to each other."""
    parts = words.split()
    start = rng.randrange(len(parts) - count)
    parts[start : start + count] = text(rng, count).split()
    return " ".join(parts)


def rows(seed: int, *, threads: int = 12, families: int = 25) -> list[Row]:
    """Threads of three pieces, families of near-duplicates, and rows that stand alone."""
    rng = random.Random(seed)
    made = [
        {"instruction": text(rng, 30), "response": text(rng, 8), "group": f"thread {seed} {number}"}
        for number in range(threads)
        for _ in range(3)
    ]
    for _ in range(families):
        question, answer = text(rng, 40), text(rng, 12)
        made.append({"instruction": question, "response": answer})
        made.append({"instruction": altered(question, rng, 1), "response": answer})
        made.append({"instruction": altered(question, rng, 9), "response": answer})
        made.append({"instruction": question.upper(), "response": f"{answer}!"})
    made += [{"instruction": text(rng, 30), "response": text(rng, 5)} for _ in range(20)]
    rng.shuffle(made)
    return made


def prepared(tmp_path: Path, model: Path, made: list[Row], run: str) -> dict[str, list[Row]]:
    """The rows of each split; splits.jsonl stays in `tmp_path`."""
    recipe = make_recipe(model, write_rows(tmp_path / "rows.jsonl", made), **SPLIT)
    folder = RunFolder(tmp_path / "runs" / run, recipe_folder=tmp_path)
    prepare(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
    return {split: list(read_json_lines(folder.examples(split))) for split in SPLITS}


def shingles(row: Row) -> frozenset[tuple[str, ...]]:
    words = f"{row['instruction']} {row['response']}".casefold().replace("!", "").split()
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def leaks(found: dict[str, list[Row]]) -> list[tuple[str, str]]:
    """Pairs of a test row and a row of another split that are alike or of one thread."""
    marked = {split: [(row, shingles(row)) for row in found[split]] for split in SPLITS}
    others = marked["train"] + marked["validation"]
    return [
        (one["id"], other["id"])
        for (one, mine), (other, theirs) in product(marked["test"], others)
        if (one.get("group") and one.get("group") == other.get("group"))
        or len(mine & theirs) / len(mine | theirs) >= ALIKE
    ]


def test_no_test_row_nor_anything_like_it_is_in_another_split(
    tmp_path: Path, tiny_folder: Path
) -> None:
    found = prepared(tmp_path, tiny_folder, rows(0), "one")
    assert min(len(found[split]) for split in SPLITS) >= 10
    assert not leaks(found)


def test_the_look_for_leaks_finds_what_is_planted(tmp_path: Path, tiny_folder: Path) -> None:
    found = prepared(tmp_path, tiny_folder, rows(0), "one")
    one = found["test"][0]
    for planted in (one, {**one, "instruction": altered(one["instruction"], random.Random(1), 2)}):
        assert leaks({**found, "train": [*found["train"], planted]})


@pytest.mark.parametrize("seed", [1, 2])
def test_more_rows_move_no_old_one_and_bring_no_leak(
    tmp_path: Path, tiny_folder: Path, seed: int
) -> None:
    old = rows(0, families=10)
    first = prepared(tmp_path, tiny_folder, old, "one")
    side = {row["id"]: split for split in SPLITS for row in first[split]}
    rng = random.Random(seed)
    likes = [{**row, "instruction": altered(row["instruction"], rng, 6)} for row in old[::3]]
    more = prepared(tmp_path, tiny_folder, [*rows(seed, families=5), *likes, *old], "two")
    after = {row["id"]: split for split in SPLITS for row in more[split]}
    assert {one: after.get(one) for one in side} == side
    assert len(after) > len(side)
    assert not leaks(more)
