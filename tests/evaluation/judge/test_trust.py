"""Judges of known faults, and what the planted answers say of them."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import pytest

from tests.evaluation.judge.stub import Seen, StubAsker, true_score
from tunesmith.evaluation.judge.absolute import score_judge
from tunesmith.evaluation.judge.judged_question import JudgedQuestion
from tunesmith.evaluation.judge.pairwise import prefer, preference_judge
from tunesmith.evaluation.judge.plants import (
    ATTACKS,
    NUM_ROWS,
    Plant,
    choose_rows,
    half_of,
    paraphrases,
    plant,
    plant_pairs,
)
from tunesmith.evaluation.judge.trust import MIN_ROWS, Trust, assess, try_judge
from tunesmith.evaluation.metrics import chrf, rouge_l, token_f1

Judge = Callable[[Seen], str]
WORDS = [
    "red",
    "green",
    "blue",
    "black",
    "white",
    "grey",
    "pink",
    "gold",
    "rust",
    "teal",
    "plum",
    "navy",
    "mint",
    "sand",
    "jade",
]


def rows(count: int = 40) -> list[JudgedQuestion]:
    rng = random.Random(3)
    return [
        JudgedQuestion(
            example_id=f"{number:04x}",
            question=f"Which colours has flag {number}?",
            reference=" ".join(rng.sample(WORDS, k=4)),
        )
        for number in range(count)
    ]


def honest(call: Seen) -> str:
    """A judge that knows what is right."""
    reference = call.texts["reference"]
    if "answer" in call.texts:
        return call.score(round(true_score(call.texts)))
    one, two = (token_f1(call.texts[side], reference) for side in "AB")
    return call.better("tie" if one == two else "A" if one > two else "B")


def tried(judge: Judge, asked: list[JudgedQuestion] | None = None) -> Trust:
    caller = StubAsker(judge)
    chosen = choose_rows(rows() if asked is None else asked)
    trials = list(try_judge(score_judge(caller), list(plant(chosen))))
    return assess(trials, list(prefer(preference_judge(caller), plant_pairs(chosen))))


def drawn(call: Seen) -> random.Random:
    return random.Random(str([call.asked.attempt, call.texts]))


def test_a_judge_that_ranks_rightly_is_usable() -> None:
    trust = tried(honest)
    assert (trust.verdict, trust.reasons) == ("usable", ())
    assert trust.ranking.value == 100.0
    assert (trust.attack_rate.value, trust.spread, trust.flip_rate.value) == (0.0, 0.0, 0.0)
    assert trust.means["reference"] == 100.0
    assert trust.means["empty"] == trust.means["attack"] == 0.0
    assert trust.num_rows == NUM_ROWS


@pytest.mark.parametrize("count", [token_f1, rouge_l, chrf])
def test_a_judge_that_only_counts_words_is_not_to_be_used(
    count: Callable[[str, str], float],
) -> None:
    def counts(call: Seen) -> str:
        if "answer" not in call.texts:
            return honest(call)
        return call.score(round(min(100, count(call.texts["answer"], call.texts["reference"]))))

    for reference in ("{}", "答案是{}"):
        asked = [replace(row, reference=reference.format(row.reference)) for row in rows()]
        trust = tried(counts, asked)
        assert (trust.verdict, trust.wording.value) == ("do not use", 0.0)
        assert trust.ranking.value == 100.0, "nothing else shows it"
        assert "it counts words: in 100 %" in trust.reasons[0]


def test_paraphrases_are_right_in_other_words_and_wrong_in_the_references() -> None:
    for language, ones in paraphrases().items():
        assert len(ones) == 10, language
        for one in ones:
            right, wrong = (token_f1(one[kind], one["reference"]) for kind in ("right", "wrong"))
            assert wrong - right >= 25, one["question"]


def test_a_judge_that_is_generous_with_everybody_is_not_to_be_used() -> None:
    trust = tried(lambda call: call.score(85) if "answer" in call.texts else call.better("tie"))
    assert trust.verdict == "do not use"
    assert trust.ranking.value == 50.0
    assert any("wrong order" in reason for reason in trust.reasons)


def test_a_judge_that_obeys_the_answers_is_not_to_be_used() -> None:
    def obeys(call: Seen) -> str:
        return call.score(100) if "100" in call.texts.get("answer", "") else honest(call)

    trust = tried(obeys)
    assert (trust.verdict, trust.attack_rate.value) == ("do not use", 100.0)


def test_a_judge_that_obeys_one_kind_of_attack_is_noisy() -> None:
    def obeys_order(call: Seen) -> str:
        is_fooled = call.texts.get("answer") == ATTACKS["order"]
        return call.score(100) if is_fooled else honest(call)

    trust = tried(obeys_order)
    assert trust.verdict == "noisy, use with care"
    assert trust.attack_rate.value == pytest.approx(15.0)
    assert "only ask for a high score" in trust.reasons[0]


def test_a_judge_that_wavers_is_noisy() -> None:
    def wavers(call: Seen) -> str:
        if "answer" not in call.texts:
            return honest(call)
        exact = true_score(call.texts)
        return call.score(min(100, max(0, round(exact + drawn(call).uniform(-15, 15)))))

    trust = tried(wavers)
    assert trust.verdict == "noisy, use with care"
    assert 10 < (trust.spread or 0) < 25


@pytest.mark.parametrize(
    ("share", "expected"), [(0.35, "noisy, use with care"), (1.0, "do not use")]
)
def test_a_judge_that_likes_what_stands_first_flips(share: float, expected: str) -> None:
    def likes_first(call: Seen) -> str:
        is_drawn = "A" in call.texts and drawn(call).random() < share
        return call.better("A") if is_drawn else honest(call)

    trust = tried(likes_first)
    assert trust.verdict == expected
    assert trust.flip_rate.low is not None
    assert trust.flip_rate.low <= 100 * share <= (trust.flip_rate.high or 0)


def test_a_judge_that_says_nothing_readable_is_not_to_be_used() -> None:
    trust = tried(lambda call: "I am only a language model.")
    assert (trust.verdict, trust.failed.value) == ("do not use", 100.0)
    assert "it ranked no planted answers at all" in trust.reasons


def test_a_judge_that_echoes_gets_no_score_out_of_any_attack() -> None:
    trust = tried(lambda call: call.texts.get("answer", call.texts.get("A", "")) or "?")
    assert trust.verdict == "do not use"
    assert trust.attack_rate.count == 0


def test_few_rows_never_make_a_judge_usable() -> None:
    trust = tried(honest, rows(MIN_ROWS - 1))
    assert trust.verdict == "noisy, use with care"
    assert trust.reasons == (f"only {MIN_ROWS - 1} rows to try it with",)


def test_planted_answers_cover_every_kind_and_every_attack() -> None:
    planted = list(plant(choose_rows(rows())))
    assert {p.attack for p in planted} == {None, *ATTACKS}
    assert {p.plant for p in planted} == {*get_args(Plant)}
    for one in planted:
        if one.plant == "other":
            assert token_f1(one.answer, one.asked.reference) < 50


def test_the_choice_of_rows_is_a_function_of_the_seed_not_of_their_order() -> None:
    asked = rows()
    chosen = [row.example_id for row in choose_rows(asked)[:NUM_ROWS]]
    assert [row.example_id for row in choose_rows(asked[::-1])[:NUM_ROWS]] == chosen
    assert [row.example_id for row in choose_rows(asked, seed=1)[:NUM_ROWS]] != chosen


def test_a_text_is_cut_in_half_at_a_word() -> None:
    assert half_of("The capital is Lima.") == "The capital"
    assert half_of("Lima") is None
    assert half_of("首都是利马。") == "首都是"
    assert half_of("") is None
