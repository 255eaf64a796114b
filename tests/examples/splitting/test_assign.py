"""Groups stay together, test sets stay apart, and what has a split keeps it."""

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.examples.splitting.collecting import HALVES, assigned, collected, pair, reasons, splits
from tunesmith.errors import DataError
from tunesmith.examples.example import Example
from tunesmith.examples.splitting import near_duplicates
from tunesmith.examples.splitting.assign import SplitAssignment, assign_splits
from tunesmith.examples.splitting.overlap import find_overlaps
from tunesmith.examples.splitting.split import NO_SPLIT, SPLITS
from tunesmith.examples.splitting.split_memory import SplitMemory, memory_lock
from tunesmith.recipe.recipe import ExamplesRecipe, SplitRecipe

RNG = random.Random(0)
WORDS = [f"word{number}" for number in range(3000)]


def long_text(length: int = 40) -> str:
    return " ".join(RNG.choices(WORDS, k=length))


def many(count: int, start: int = 0) -> list[Example]:
    return [
        pair(f"question {number}", source=f"m:{number}") for number in range(start, start + count)
    ]


def remembered(folder: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (folder / "splits.jsonl").read_text().splitlines()]


def test_a_thread_and_a_prompt_stay_together(tmp_path: Path) -> None:
    threads = [
        pair(f"piece {piece} of {thread}", group=f"thread {thread}")
        for piece in range(5)
        for thread in range(60)
    ]
    prompts = [pair(f"Question {number}?", f"answer {n}") for number in range(60) for n in range(3)]
    assignment = assigned(tmp_path, threads + prompts)
    assert not assignment.left_out
    for thread in range(60):
        assert len({int(assignment.splits[thread + 60 * piece]) for piece in range(5)}) == 1
    for number in range(60):
        rows = range(300 + 3 * number, 303 + 3 * number)
        assert len({int(assignment.splits[row]) for row in rows}) == 1
    assert sum(assignment.num_groups().values()) == 120
    assert min(assignment.num_rows().values()) > 20


def test_groups_join_through_anything_they_share(tmp_path: Path) -> None:
    text = long_text()
    chain = [
        pair("one", "a", group="g"),
        pair("two", "b", group="g"),
        pair("TWO!", "c", group="h"),
        pair("three", text, group="h"),
        pair("the number four is it", " ".join([*text.split()[:30], "and", "more"])),
        *many(10),
    ]
    assignment = assigned(tmp_path, chain)
    assert not assignment.left_out
    assert assignment.first[:5].tolist() == [0] * 5
    assert assignment.group_sizes[0] == 5


def test_exact_and_near_duplicates_are_dropped_and_name_the_first(tmp_path: Path) -> None:
    examples = [pair("a", "b"), *many(9), pair("a", "b"), pair("A?", "b.")]
    assignment = assigned(tmp_path, examples)
    assert reasons(assignment) == {10: "exact duplicate", 11: "near duplicate"}
    assert assignment.left_out[10].others == assignment.left_out[11].others == (0,)


def test_splits_are_written_down_and_read_again(tmp_path: Path) -> None:
    examples = many(50)
    first = assigned(tmp_path, examples)
    lines = remembered(tmp_path)
    assert [line["id"] for line in lines] == [example.id for example in examples]
    assert {line["id"]: line["split"] for line in lines} == splits(examples, first)
    before = (tmp_path / "splits.jsonl").read_bytes()
    again = assigned(tmp_path, examples)
    assert again.splits.tolist() == first.splits.tolist()
    assert (tmp_path / "splits.jsonl").read_bytes() == before


def test_what_is_remembered_goes_before_what_would_be_drawn(tmp_path: Path) -> None:
    examples = many(30)
    assigned(tmp_path, examples)
    path = tmp_path / "splits.jsonl"
    swapped = {"train": "test", "test": "train", "validation": "validation"}
    lines = [{**line, "split": swapped[line["split"]]} for line in remembered(tmp_path)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert splits(examples, assigned(tmp_path, examples)) == {
        line["id"]: line["split"] for line in lines
    }


def test_a_row_that_would_join_two_sides_is_dropped(tmp_path: Path) -> None:
    first, second = long_text(), long_text()
    old = [pair("p", first, source="old:1"), pair("q", second, source="old:2"), *many(8)]
    assigned(tmp_path, old)
    path = tmp_path / "splits.jsonl"
    forced = ["train", "test", *["validation"] * 8]
    lines = [{**line, "split": s} for line, s in zip(remembered(tmp_path), forced, strict=True)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    bridge = pair("p", " ".join([*second.split()[:30], *long_text(8).split()]), source="new:1")
    assignment = assigned(tmp_path, [bridge, *old])
    assert reasons(assignment) == {0: "bridges splits"}
    assert sorted(assignment.left_out[0].others) == [1, 2]
    assert assignment.left_out[0].words == "would join train and test:"
    assert [SPLITS[place] for place in assignment.splits[1:3]] == ["train", "test"]


def test_new_rows_follow_the_group_they_join(tmp_path: Path) -> None:
    old = many(40)
    before = splits(old, assigned(tmp_path, old))
    new = [replace(pair(one.messages[0].content, "another"), source="new:1") for one in old]
    after = assigned(tmp_path, [*new, *old])
    assert not after.left_out
    assert splits(old, replace(after, splits=after.splits[40:])) == before
    assert after.splits[:40].tolist() == after.splits[40:].tolist()
    groups = {line["id"]: line["group"] for line in remembered(tmp_path)}
    assert all(groups[one.id] == groups[two.id] for one, two in zip(new, old, strict=True))


def test_a_new_earlier_copy_does_not_push_the_old_one_out(tmp_path: Path) -> None:
    old = many(20)
    before = splits(old, assigned(tmp_path, old))
    shouted = [pair(one.messages[0].content.upper(), source="new:1") for one in old]
    assignment = assigned(tmp_path, [*shouted, *old])
    assert set(reasons(assignment)) == set(range(20))
    assert splits([*shouted, *old], assignment) == before


def test_a_named_test_set_wins_over_train(tmp_path: Path) -> None:
    text = long_text()
    train = [
        pair("same", "same", source="train:1"),
        pair("close?", "close", source="train:2"),
        pair("asked before", "in other words", source="train:3"),
        pair("x", f"{text} and some words more", source="train:4"),
        pair("y", "z", source="train:5", group="thread"),
        *many(10),
    ]
    test = [
        pair("same", "same", source="test:1"),
        pair("Close", "close", source="test:2"),
        pair("asked before", "so", source="test:3"),
        pair("w", text, source="test:4"),
        pair("v", "u", source="test:5", group="thread"),
    ]
    recipe = ExamplesRecipe(split=SplitRecipe(validation=0.2, test=0.0))
    for names in ((None, "test"), ("train", "test")):
        assignment = assigned(tmp_path, train, test, recipe=recipe, use_as=names)
        assert reasons(assignment) == {
            0: "exact duplicate",
            1: "near duplicate",
            2: "bridges splits",
            3: "bridges splits",
            4: "bridges splits",
        }
        assert [loss.others for _, loss in sorted(assignment.left_out.items())] == [
            (15,), (16,), (17,), (18,), (19,)
        ]  # fmt: skip
        assert {SPLITS[place] for place in assignment.splits[15:]} == {"test"}


def test_nobody_joins_a_named_test_set_but_may_join_a_named_training_set(tmp_path: Path) -> None:
    named = [pair("q", "a", source="named:1")]
    other = [pair("q", "b"), *many(10)]
    recipe = ExamplesRecipe(split=SplitRecipe(validation=0.2, test=0.0))
    for place in ("test", "validation"):
        assignment = assigned(tmp_path, named, other, recipe=recipe, use_as=[place])
        assert reasons(assignment) == {1: "bridges splits"}
        assert assignment.left_out[1].words.endswith(f"puts into {place}:")
    assignment = assigned(tmp_path, named, other, recipe=recipe, use_as=["train"])
    assert not assignment.left_out
    assert assignment.splits[:2].tolist() == [0, 0]


def test_what_the_recipe_names_is_not_remembered(tmp_path: Path) -> None:
    assigned(tmp_path, many(5), many(10, 10), use_as=["test"])
    assert len(remembered(tmp_path)) == 10


def test_another_draw_is_remembered_beside_the_first(tmp_path: Path) -> None:
    examples = many(30)
    one = assigned(tmp_path, examples)
    other_seed = ExamplesRecipe(seed=1, split=HALVES.split)
    other = assigned(tmp_path, examples, recipe=other_seed)
    assert one.splits.tolist() != other.splits.tolist()
    assert len(remembered(tmp_path)) == 60
    assert assigned(tmp_path, examples).splits.tolist() == one.splits.tolist()
    assert assigned(tmp_path, examples, recipe=other_seed).splits.tolist() == other.splits.tolist()


def test_a_broken_memory_is_an_error_with_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "splits.jsonl"
    for bad in ('{"id": "xyz", "split": "train", "asked": "A"}', '{"id": "0"}', "[]", "{"):
        asked = SplitMemory(tmp_path / "none", HALVES).asked
        path.write_text(bad.replace("A", asked) + "\n")
        with pytest.raises(DataError, match=r"splits\.jsonl:1"):
            SplitMemory(path, HALVES)


def test_a_memory_without_a_last_line_end_is_mended(tmp_path: Path) -> None:
    assigned(tmp_path, many(10))
    path = tmp_path / "splits.jsonl"
    path.write_text(path.read_text().rstrip("\n"))
    assigned(tmp_path, many(12))
    assert len(remembered(tmp_path)) == 12


def test_a_shipped_memory_is_read_where_nothing_can_be_written(tmp_path: Path) -> None:
    examples = many(30)
    (tmp_path / "shipped").mkdir()
    first = assigned(tmp_path / "shipped", examples)
    own = SplitMemory(tmp_path / "splits.jsonl", HALVES, also=tmp_path / "shipped" / "splits.jsonl")
    assert [SPLITS[own.split_of(one.id)] for one in examples] == [
        SPLITS[place] for place in first.splits
    ]
    assert own.split_of("0" * 16) == NO_SPLIT


def test_one_process_at_a_time_adds(tmp_path: Path) -> None:
    with memory_lock(tmp_path / "new" / "splits.jsonl"):
        assert (tmp_path / "new").is_dir()


def test_too_few_groups_are_refused_and_not_remembered(tmp_path: Path) -> None:
    thread = [pair(str(number), group="one") for number in range(30)]
    with pytest.raises(DataError, match="1 group of examples cannot be shared"):
        assigned(tmp_path, thread)
    assert not (tmp_path / "splits.jsonl").exists()


@pytest.mark.parametrize("is_exhaustive", [True, False])
def test_crowds_leave_no_test_row_in_train(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_exhaustive: bool
) -> None:
    """Forms of which half the words are the same: pairs lie around the threshold."""
    rng, size = random.Random(9), 400
    if not is_exhaustive:
        monkeypatch.setattr(near_duplicates, "MAX_EXHAUSTIVE", 100)
        monkeypatch.setattr(near_duplicates, "_EFFORT", 20 * size)
    form = rng.choices(WORDS, k=21)
    texts = [[*form, *rng.choices(WORDS, k=rng.randint(9, 14)), "a"] for _ in range(size)]
    examples = [pair(" ".join(text[:-1]), source=f"f:{n}") for n, text in enumerate(texts)]
    recipe = ExamplesRecipe(split=SplitRecipe(validation=0.1, test=0.3))
    with collected(tmp_path, examples) as collection:
        assignment = assign_splits(
            collection, recipe, SplitMemory(tmp_path / "splits.jsonl", recipe)
        )
        assert not find_overlaps(collection, assignment.splits, recipe)
    with collected(
        tmp_path, kept(examples, assignment, 2), kept(examples, assignment, 0)
    ) as scored:
        number = int((assignment.splits == 2).sum())
        scored_splits = np.where(np.arange(scored.num_rows) < number, 2, 0).astype(np.int8)
        assert not find_overlaps(scored, scored_splits, recipe)
    trained, tested = (
        [{*zip(w, w[1:], w[2:], strict=False)} for w in (texts[row] for row in rows)]
        for rows in (
            np.flatnonzero(assignment.splits == 0)[:300],
            np.flatnonzero(assignment.splits == 2),
        )
    )
    num_close = sum(len(a & b) / len(a | b) >= 0.5 for a in trained for b in tested)
    assert num_close <= (0 if is_exhaustive else 0.02 * len(tested))


def kept(examples: list[Example], assignment: SplitAssignment, place: int) -> list[Example]:
    return [examples[row] for row in np.flatnonzero(assignment.splits == place)]


def test_the_side_that_a_row_names_is_kept(tmp_path: Path) -> None:
    given = ["train", "test", "validation", None]
    examples = [
        replace(pair(f"q {number}", source=f"s:{number}"), split=given[number % 4])
        for number in range(80)
    ]
    assignment = assigned(tmp_path, examples)
    assert not assignment.left_out
    named = [
        SPLITS[place] for place, split in zip(assignment.splits, given * 20, strict=True) if split
    ]
    assert named == [split for split in given * 20 if split]
    assert {SPLITS[place] for place in assignment.splits[3::4]} == set(SPLITS)
    assert len(remembered(tmp_path)) == 20


def test_two_questions_about_one_long_text_are_two_examples_of_one_group(tmp_path: Path) -> None:
    text = long_text(400)
    asked = [("Who owns the ship?", "Mara."), ("When does it sail?", "On Monday.")]
    about = [_about(text, *one) for one in asked]
    again = _about(f"{text} indeed", *asked[0])
    assignment = assigned(tmp_path, [*about, again, *many(40)])
    assert list(assignment.left_out) == [2]
    assert assignment.first[0] == assignment.first[1]


def _about(text: str, question: str, answer: str) -> Example:
    example = pair(question, answer)
    (user, assistant) = example.messages
    return replace(example, messages=(replace(user, input=text), assistant))
