"""The instruction set: enough pairs, and a test about what no pair mentions."""

import filecmp
import re
from collections import Counter
from pathlib import Path

import pytest

from pretraining.facts import all_facts, read_yaml_table
from pretraining.held_out import held_out_names, mentions_held_out
from pretraining.instructions import (
    MATERIAL,
    Pair,
    pairs_for_test,
    train_pairs,
    write_material,
)
from pretraining.text_instructions import hidden_phrases
from pretraining.wordings import all_wordings, text_tasks


@pytest.fixture(scope="module")
def train() -> tuple[Pair, ...]:
    return train_pairs()


@pytest.fixture(scope="module")
def asked() -> tuple[Pair, ...]:
    return pairs_for_test()


def test_there_are_enough_pairs_of_enough_kinds(
    train: tuple[Pair, ...], asked: tuple[Pair, ...]
) -> None:
    assert len(train) >= 1_320
    assert len({pair.tags[0] for pair in train}) >= 28
    assert {pair.tags[0] for pair in asked} == {pair.tags[0] for pair in train}
    assert min(Counter(pair.tags[0] for pair in train).values()) >= 20
    assert sum(bool(pair.input) for pair in train) >= 300


def test_every_row_is_tagged(train: tuple[Pair, ...], asked: tuple[Pair, ...]) -> None:
    for pair in (*train, *asked):
        assert pair.tags[0].startswith("task:")
        assert pair.tags[1] in {"reads", "writes"}
        assert pair.tags[2].startswith("form:")
    assert all(len({"wording:seen", "wording:unseen"} & set(p.tags)) == 1 for p in asked)


def test_the_first_rows_of_the_test_are_of_different_tasks(asked: tuple[Pair, ...]) -> None:
    first = [pair.tags[0] for pair in asked[:30]]
    assert len(set(first)) == len(first)


def test_no_training_pair_mentions_a_held_out_entity(train: tuple[Pair, ...]) -> None:
    # A second way of looking, by words, beside the pattern that the program filters with.
    symbols = {fact.x for fact in all_facts()["element"]}
    single = {name.lower() for name in held_out_names() - symbols if " " not in name}
    for pair in train:
        words = set(re.findall(r"[\w]+(?:['-]\w+)*", pair.text.lower()))
        assert not words & single, pair
        assert not mentions_held_out(pair.text), pair


def test_no_training_pair_holds_a_hidden_phrase(train: tuple[Pair, ...]) -> None:
    hidden = hidden_phrases()
    for pair in train:
        if pair.tags[0] in {"task:tone", "task:topic", "task:route"}:
            assert not [phrase for phrase in hidden if phrase in pair.input], pair


def test_every_test_row_about_the_world_is_held_out(asked: tuple[Pair, ...]) -> None:
    phrase_tasks = {"task:tone", "task:topic", "task:route"}
    hidden = hidden_phrases()
    for pair in asked:
        if pair.tags[0] in phrase_tasks:
            assert any(phrase in pair.input for phrase in hidden), pair
        elif pair.tags[0] not in {"task:company", "task:convert"}:
            assert mentions_held_out(pair.text), pair


def test_no_test_question_is_in_train(train: tuple[Pair, ...], asked: tuple[Pair, ...]) -> None:
    trained = {(pair.instruction, pair.input) for pair in train}
    assert not trained & {(pair.instruction, pair.input) for pair in asked}


def test_unseen_wordings_are_in_no_training_pair(train: tuple[Pair, ...]) -> None:
    unseen = [p for wording in all_wordings().values() for p in wording.unseen]
    unseen += [p for wordings in text_tasks().values() for p in wordings["unseen"]]
    unseen += [p for policy in read_yaml_table("policies").values() for p in policy["unseen"]]
    patterns = [re.compile(_as_pattern(wording)) for wording in unseen]
    for pair in train:
        assert not [p.pattern for p in patterns if p.search(pair.instruction)], pair


def test_responses_are_right_where_a_table_says_so(asked: tuple[Pair, ...]) -> None:
    capitals = {fact.x: fact.y for fact in all_facts()["capital"]}
    rows = [p for p in asked if p.tags[0] == "task:capital" and "form:short" in p.tags]
    for pair in rows:
        assert [y for x, y in capitals.items() if x in pair.instruction][-1:] == [pair.response]


def test_the_committed_material_is_what_the_program_writes(tmp_path: Path) -> None:
    write_material(tmp_path)
    written = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    committed = sorted(p.relative_to(MATERIAL) for p in MATERIAL.rglob("*") if p.is_file())
    assert written == committed
    _, different, missing = filecmp.cmpfiles(
        tmp_path, MATERIAL, [str(p) for p in written], shallow=False
    )
    assert (different, missing) == ([], [])


def _as_pattern(wording: str) -> str:
    words = re.escape(wording.replace("{q}", "").strip())
    slots = re.sub(r"\\{\w+\\}", r"[\\w' ,-]{1,40}", words)
    return f"{slots}$" if "{q}" in wording else f"^{slots}"
