"""Near-duplicates: none is missed that counts, none is made up."""

import random
from pathlib import Path

import numpy as np
import pytest

from tests.examples.splitting.collecting import assigned, collected, pair, reasons
from tunesmith.examples.example import Example, Message
from tunesmith.examples.splitting.duplicates import find_duplicates
from tunesmith.examples.splitting.fingerprints import MAX_BATCH, fingerprints
from tunesmith.examples.splitting.near_duplicates import MAX_EXHAUSTIVE, near_duplicates
from tunesmith.examples.splitting.words import words_of
from tunesmith.recipe.recipe import ExamplesRecipe

WORDS = [a + b + c for a in "bdfgklmn" for b in "aeiou" for c in ("rin", "sto", "val", "", "mek")]
CAPITALS = {
    "France": "Paris", "Spain": "Madrid", "Italy": "Rome", "Norway": "Oslo", "Peru": "Lima",
    "Kenya": "Nairobi", "Japan": "Tokyo", "Cuba": "Havana", "Egypt": "Cairo", "Chad": "N'Djamena",
}  # fmt: skip
QUESTIONS = (
    ("What is the capital of {}?", "The capital of {} is {}."),
    ("Which city is the capital of {}?", "{}: {}."),
    ("Name the capital city of {}, please.", "It is {1}."),
    ("Where does the government of {} sit?", "The government of {} sits in {}, its capital."),
)


def text(rng: random.Random, length: int) -> list[str]:
    return rng.choices(WORDS, k=length)


def changed(rng: random.Random, words: list[str]) -> list[str]:
    """One word in ten replaced."""
    result = list(words)
    for place in rng.sample(range(len(words)), round(len(words) / 10)):
        result[place] = f"other{rng.randrange(10**6)}"
    return result


def exact_jaccard(one: str, other: str) -> float:
    a, b = ({*zip(w, w[1:], w[2:], strict=False)} for w in (words_of(one), words_of(other)))
    return len(a & b) / len(a | b)


def similar_pairs(
    folder: Path, examples: list[Example], threshold: float
) -> dict[tuple[int, int], float]:
    with collected(folder, examples) as collection:
        pairs = near_duplicates(
            collection, np.ones(len(examples), dtype=np.bool_), threshold=threshold
        )
        rows = zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)
        return dict(zip(rows, pairs.similarity.tolist(), strict=True))


def test_the_similarity_is_exactly_that_of_the_word_triples(tmp_path: Path) -> None:
    rng = random.Random(1)
    texts = [" ".join(text(rng, 30)) for _ in range(40)]
    texts += [" ".join(changed(rng, one.split())) for one in texts]
    found = similar_pairs(tmp_path, [pair(one, "yes") for one in texts], 0.5)
    assert len(found) >= 30
    for (one, other), similarity in found.items():
        expected = exact_jaccard(texts[one] + " yes", texts[other] + " yes")
        assert similarity == pytest.approx(expected, abs=1e-12)
    close = {
        (one, other)
        for one in range(80)
        for other in range(one + 1, 80)
        if exact_jaccard(texts[one] + " yes", texts[other] + " yes") >= 0.5
    }
    assert len(close - set(found)) <= 1


@pytest.mark.parametrize("length", [20, 30, 60, 150])
def test_texts_with_one_word_in_ten_changed_are_joined(tmp_path: Path, length: int) -> None:
    rng = random.Random(length)
    originals = [text(rng, length) for _ in range(300)]
    examples = []
    for number, words in enumerate([*originals, *(changed(rng, one) for one in originals)]):
        cut = length // 3
        examples.append(
            pair(" ".join(words[:cut]) + "?", " ".join(words[cut:]), source=f"x:{number}")
        )
    assignment = assigned(tmp_path, examples)
    joined = sum(assignment.first[row] == assignment.first[300 + row] for row in range(300))
    possible = sum(
        exact_jaccard(" ".join(originals[row]), _both(examples[300 + row])) >= 0.5
        for row in range(300)
    )
    assert joined >= 0.95 * possible
    assert length == 20 or joined >= 0.95 * 300
    sizes = np.unique(assignment.first, return_counts=True)[1]
    assert sizes.max() <= 2


def _both(example: Example) -> str:
    return " ".join(turn.content for turn in example.messages)


def test_questions_after_different_facts_are_not_joined(tmp_path: Path) -> None:
    examples = [
        pair(question.format(land), answer.format(land, city), source=f"x:{land}")
        for question, answer in QUESTIONS
        for land, city in CAPITALS.items()
    ]
    assignment = assigned(tmp_path, examples)
    assert not assignment.left_out
    assert len(set(assignment.first.tolist())) == len(examples)


def test_below_twenty_words_only_case_and_punctuation_may_differ(tmp_path: Path) -> None:
    examples = [
        pair("How do I reset my password?", "Click on Forgot."),
        pair("how do I reset my password", "click on 'Forgot'!"),
        pair("How do I reset my pass?", "Click on Forgot."),
        pair("How do I set my password?", "Click on Forgot."),
    ]
    assignment = assigned(tmp_path, examples)
    assert reasons(assignment) == {1: "near duplicate"}
    assert assignment.left_out[1].others == (0,)


def test_the_first_of_nearly_equal_ones_stays_and_is_named(tmp_path: Path) -> None:
    rng = random.Random(3)
    words = text(rng, 80)
    later = [*words[:-1], "end"]
    examples = [pair(" ".join(words)), pair(" ".join(text(rng, 80))), pair(" ".join(later))]
    examples.append(pair("something else"))
    assignment = assigned(tmp_path, examples)
    assert assignment.left_out[2].others == (0,)
    assert "% of the word triples" in assignment.left_out[2].words


def test_each_threshold_can_be_switched_off(tmp_path: Path) -> None:
    rng = random.Random(4)
    words = text(rng, 80)
    nearly = pair(" ".join([*words[:-1], "end"]), "b")
    examples = [pair(" ".join(words)), nearly, *(pair(str(number)) for number in range(9))]
    grouped = assigned(
        tmp_path, examples, recipe=ExamplesRecipe(drop_near_duplicates=None, max_bad=1)
    )
    assert not grouped.left_out
    assert grouped.first[1] == 0
    neither = ExamplesRecipe(drop_near_duplicates=None, group_near_duplicates=None, max_bad=0)
    assert assigned(tmp_path, examples, recipe=neither).first[1] == 1
    only_drop = ExamplesRecipe(group_near_duplicates=None)
    assert reasons(assigned(tmp_path, examples, recipe=only_drop)) == {1: "near duplicate"}


def test_another_system_message_makes_another_example(tmp_path: Path) -> None:
    turns = pair("Who are you?", "A helper.").messages
    pirate = Message(role="system", content="You are a pirate.")
    examples = [
        Example(messages=turns, source="x:1"),
        Example(messages=(pirate, *turns), source="x:2"),
        *(pair(str(number)) for number in range(9)),
    ]
    assignment = assigned(tmp_path, examples)
    assert not assignment.left_out
    assert assignment.first[1] == 0, "it asks the same question and must lie in the same split"


def test_a_long_system_message_that_all_share_joins_nobody(tmp_path: Path) -> None:
    rng = random.Random(5)
    system = Message(role="system", content=" ".join(text(rng, 200)))
    examples = [
        Example(messages=(system, *pair(" ".join(text(rng, 25))).messages), source=f"x:{number}")
        for number in range(20)
    ]
    assert len(set(assigned(tmp_path, examples).first.tolist())) == 20


def test_a_copy_is_found_in_a_crowd_from_one_form(tmp_path: Path) -> None:
    rng = random.Random(6)
    form = " ".join(text(rng, 30))
    number = MAX_EXHAUSTIVE + 1000
    examples = [pair(f"{form} {' '.join(text(rng, 30))}", source=f"x:{n}") for n in range(number)]
    copies = [
        pair(f"{examples[row].messages[0].content} once more", source=f"y:{row}")
        for row in range(0, number, 30)
    ]
    with collected(tmp_path, examples, copies) as collection:
        is_kept = np.ones(collection.num_rows, dtype=np.bool_)
        found = near_duplicates(collection, is_kept, threshold=0.5)
    assert not found.is_exhaustive
    pairs = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    hits = [(row, number + place) in pairs for place, row in enumerate(range(0, number, 30))]
    assert all(hits)


def test_chunks_make_no_difference(tmp_path: Path) -> None:
    rng = random.Random(7)
    examples = [pair(" ".join(text(rng, rng.randint(1, 50)))) for _ in range(MAX_BATCH + 50)]
    ids = [example.id for example in examples]
    whole = fingerprints(examples, ids)
    parts = [fingerprints(examples[a:b], ids[a:b]) for a, b in ((0, 3), (3, 500), (500, 1074))]
    for name in ("ids", "prompts", "wholes", "is_long", "counts", "shingles", "sketches"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert (getattr(whole, name) == joined).all(), name
    assert (whole.bands == np.concatenate([part.bands for part in parts], axis=1)).all()


def test_fingerprints_of_known_texts_never_change() -> None:
    examples = [pair("What is up?", "The sky."), pair(" ".join(map(str, range(25))))]
    found = fingerprints(examples, [example.id for example in examples])
    assert [f"{one:016x}" for one in found.ids] == [example.id for example in examples]
    assert found.counts.tolist() == [24]
    assert [f"{one:016x}" for one in found.prompts] == ["80375f0b965205b6", "4b1731d25f0792ab"]
    assert found.shingles[:2].tolist() == [309525438526100, 1055286207413539]
    assert found.bands[:2, 0].tolist() == [1112397556, 1611448149]


def test_without_words_the_texts_themselves_count(tmp_path: Path) -> None:
    examples = [pair("???", "!"), pair("?", "!"), pair("???", "why"), pair("x", "...")]
    assignment = assigned(tmp_path, examples)
    assert not assignment.left_out
    assert assignment.first.tolist() == [0, 1, 0, 3]


def test_find_duplicates_of_nothing(tmp_path: Path) -> None:
    with collected(tmp_path, []) as collection:
        found = find_duplicates(collection, ExamplesRecipe(), np.zeros(0, dtype=np.int64))
    assert not found.left_out
