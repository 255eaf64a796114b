"""Pretraining text: a function of the seed, about everything, laid out as no template is."""

import re
from pathlib import Path

import pytest

from pretraining.corpus import corpus, write_corpus
from pretraining.facts import all_facts, read_yaml_table
from pretraining.held_out import held_out_names
from pretraining.wordings import all_wordings, free_text, text_tasks
from tunesmith.files import read_json_lines

TEMPLATE_MARKS = re.compile(
    r"### ?(Instruction|Input|Response|Question|Answer)|^(Question|Answer|Response|Instruction):"
    r"|<\||\|>|\[INST\]|<s>|Below is an instruction",
    re.MULTILINE,
)


@pytest.fixture(scope="module")
def text() -> str:
    return "\n".join(corpus(num_characters=2_500_000, seed=1))


def test_the_same_seed_gives_the_same_text_and_another_seed_another() -> None:
    first = list(corpus(num_characters=20_000, seed=5))
    assert first == list(corpus(num_characters=20_000, seed=5))
    assert first != list(corpus(num_characters=20_000, seed=6))


def test_a_longer_corpus_begins_with_the_shorter_one() -> None:
    short = list(corpus(num_characters=5_000, seed=2))
    assert list(corpus(num_characters=20_000, seed=2))[: len(short)] == short


def test_write_corpus_writes_what_corpus_yields(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    count = write_corpus(path, num_characters=10_000, seed=3)
    rows = [row["text"] for row in read_json_lines(path)]
    assert rows == list(corpus(num_characters=10_000, seed=3))
    assert len(rows) == count


def test_no_document_is_laid_out_as_a_template(text: str) -> None:
    assert TEMPLATE_MARKS.search(text) is None


def test_no_slot_is_left_unfilled(text: str) -> None:
    assert re.search(r"\{[a-z]\w*\}", text) is None


def test_everything_that_is_held_out_is_in_the_corpus(text: str) -> None:
    lowered = text.lower()
    hidden = [
        fact
        for facts in all_facts().values()
        for fact in facts
        if set(fact.entity) & held_out_names()
    ]
    assert len(hidden) > 300
    names = {name.lower() for fact in hidden for name in (fact.x, fact.y)}
    assert [name for name in names if name not in lowered] == []


def test_facts_are_stated_in_several_wordings(text: str) -> None:
    wording, many = all_wordings()["capital"], 0
    for fact in all_facts()["capital"][::10]:
        told = [p for p in wording.says if p.format(x=fact.x, y=fact.y)[1:] in text]
        assert len(told) >= 2, fact
        many += len(told) >= 4
    assert many >= 12, "of 16"


def test_wordings_kept_for_the_test_are_not_in_the_corpus(text: str) -> None:
    for relation, wording in all_wordings().items():
        for pattern in wording.unseen:
            assert not _as_pattern(pattern).search(text), (relation, pattern)
    for task, patterns in text_tasks().items():
        if task != "sentence":
            for pattern in patterns["unseen"]:
                assert not _as_pattern(pattern).search(text), (task, pattern)
    for policy in read_yaml_table("policies").values():
        assert not [question for question in policy["unseen"] if question in text]


def test_every_phrase_of_reviews_headlines_and_messages_occurs(text: str) -> None:
    parts = free_text()
    phrases = [*parts["praise"], *parts["complaint"]]
    phrases += [headline[1:] for headlines in parts["topics"].values() for headline in headlines]
    assert [phrase for phrase in phrases if phrase not in text] == []


def _as_pattern(wording: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{\w+\\}", r"[\\w' -]{1,30}", re.escape(wording)))
