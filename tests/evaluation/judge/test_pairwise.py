"""Preferences in both orders, flips, and win rates to the last digit."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.evaluation.judge.stub import Seen, StubAsker
from tunesmith.evaluation.grade import Grade
from tunesmith.evaluation.judge.judged_question import JudgedQuestion
from tunesmith.evaluation.judge.length_control import length_controlled
from tunesmith.evaluation.judge.pairwise import (
    FLIPPED,
    AnswerPair,
    Preference,
    prefer,
    preference_judge,
)
from tunesmith.evaluation.judge.preferences import preference_facts
from tunesmith.evaluation.score import compare_columns, read_columns, score_column
from tunesmith.files import write_json_lines


def pair(number: int, answer: str, opponent: str, failure: str | None = None) -> AnswerPair:
    return AnswerPair(
        asked=JudgedQuestion(example_id=f"{number:04x}", question=f"Q {number}?", reference="r"),
        model="tuned",
        opponent="base",
        answer=answer,
        opponent_answer=opponent,
        failure=failure,
    )


def preferred(reply: Callable[[Seen], str], *pairs: AnswerPair) -> list[Preference]:
    return list(prefer(preference_judge(StubAsker(reply)), pairs))


def better_is(word: str) -> Callable[[Seen], str]:
    """A judge that prefers the answer with a word in it."""
    return lambda call: call.better("A" if word in call.texts["A"] else "B")


def test_an_answer_preferred_in_both_orders_has_won_or_lost() -> None:
    won, lost = preferred(better_is("good"), pair(1, "good", "bad"), pair(2, "bad", "good"))
    assert (won.score, won.is_flipped, len(won.calls)) == (100.0, False, 2)
    assert (lost.score, lost.is_flipped) == (0.0, False)


@pytest.mark.parametrize("always", ["A", "B"])
def test_a_choice_that_follows_the_place_is_a_tie_and_counted(always: str) -> None:
    [one] = preferred(lambda call: call.better(always), pair(1, "x", "y"))
    assert (one.score, one.is_flipped) == (50.0, True)
    assert one.to_grade().reason == FLIPPED
    facts = preference_facts([one])
    assert (facts["ties"], facts["flips"], facts["flip_rate"]["value"]) == (1, 1, 100.0)
    places = [facts["prefers_first"]["value"], facts["prefers_second"]["value"]]
    assert places == ([100.0, 0.0] if always == "A" else [0.0, 100.0])


def test_a_win_beside_a_tie_is_a_tie_without_a_flip() -> None:
    [one] = preferred(
        lambda call: call.better("A" if call.texts["A"] == "x" else "tie"), pair(1, "x", "y")
    )
    assert (one.score, one.is_flipped) == (50.0, False)


def test_equal_answers_are_a_tie_and_missing_ones_a_failure_without_a_call() -> None:
    caller = StubAsker(lambda call: call.better("A"))
    pairs = [pair(1, "same ", "same"), pair(2, "", "y", failure="base: refused")]
    same, missing = prefer(preference_judge(caller), pairs)
    assert (same.score, missing.score) == (50.0, None)
    assert missing.to_grade().reason == "base: refused"
    assert caller.asked == []


def test_one_unreadable_order_fails_the_row() -> None:
    [one] = preferred(
        lambda call: call.better("A") if call.texts["A"] == "x" else "Hm.", pair(1, "x", "y")
    )
    assert one.score is None
    assert one.to_grade().reason == "no verdict in the reply"
    assert Preference.from_json(json.loads(json.dumps(one.to_json()))) == one


def test_lengths_and_counts_are_told() -> None:
    facts = preference_facts(
        preferred(
            better_is("good"),
            pair(1, "good good", "bad"),
            pair(2, "good", "bad bad bad"),
            pair(3, "x", "x"),
        )
    )
    assert (facts["wins"], facts["ties"], facts["losses"], facts["same_text"]) == (2, 1, 0, 1)
    assert facts["mean_lengths"] == pytest.approx([14 / 3, 5.0])
    assert facts["longer_preferred"]["value"] == 50.0


def test_no_preferences_are_no_facts() -> None:
    facts = preference_facts([])
    assert facts["flip_rate"]["value"] is None
    assert facts["mean_lengths"] is None


@pytest.mark.parametrize(
    ("name", "rate", "count"),
    [
        ("llama-2-7b-chat-hf__alpaca_eval_gpt4", 71.36645962732919, 805),
        ("gpt4_1106_preview__alpaca_eval_gpt4", 97.69900497512438, 804),
        ("alpaca-7b_verbose__weighted_alpaca_eval_gpt4_turbo", 2.9331016025062344, 802),
    ],
)
def test_published_win_rates_come_out_to_the_last_digit(
    shared_data: Path, tmp_path: Path, name: str, rate: float, count: int
) -> None:
    path = shared_data / "winrate" / f"{name}__preferences.json"
    rows = json.loads(path.read_text(encoding="utf-8"))
    grades = [
        Grade(
            example_id=str(row["i"]),
            model="tuned",
            metric="win_rate",
            score=None if (told := row["preference"]) is None else 100.0 * ((told or 1.5) - 1),
        )
        for row in rows
    ]
    write_json_lines(tmp_path / "win_rate.jsonl", (grade.to_json() for grade in grades))
    score = score_column(read_columns(tmp_path / "win_rate.jsonl")["tuned"], metric="win_rate")
    assert score.value == rate
    assert (score.count, score.failed) == (count, len(rows) - count)
    assert score.low is not None
    assert score.low < rate < (score.high or 0.0)


def _drawn(num_rows: int, *, level: float, effect: float) -> tuple[np.ndarray, np.ndarray]:
    """Preferences with a known rate at equal length and a known pull of length."""
    rng = np.random.default_rng(num_rows)
    differences = rng.normal(150.0, 300.0, num_rows)
    pulled = level + effect * np.tanh(differences / differences.std())
    return 100.0 * (rng.random(num_rows) < 1 / (1 + np.exp(-pulled))), differences


@pytest.mark.parametrize(("level", "effect"), [(0.4, 1.5), (-0.8, 2.0), (0.0, 0.0)])
def test_a_known_pull_of_length_is_taken_out(level: float, effect: float) -> None:
    scores, differences = _drawn(4_000, level=level, effect=effect)
    rate = length_controlled(scores, differences)
    expected = 100 / (1 + np.exp(-level))
    assert rate.value == pytest.approx(expected, abs=2.5)
    assert rate.low is not None
    assert rate.low < expected < (rate.high or 0.0)
    if effect:
        assert scores.mean() > expected + 4  # what the plain rate would have claimed


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    held = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        differences = rng.normal(50.0, 100.0, 60)
        share = 1 / (1 + np.exp(-(0.5 + np.tanh(differences / 100.0))))
        rate = length_controlled(100.0 * (rng.random(60) < share), differences)
        assert rate.low is not None
        held += rate.low <= 100 / (1 + np.exp(-0.5)) <= (rate.high or 0.0)
    assert held >= 54


def test_wins_alone_and_equal_lengths_have_an_answer_too() -> None:
    wins = length_controlled(np.full(20, 100.0), np.arange(-10.0, 10.0))
    assert wins.value == pytest.approx(100.0, abs=0.01)
    assert 70 < (wins.low or 0.0) < 95
    equal = length_controlled(np.array([100.0, 0.0]), np.array([5.0, 5.0]))
    assert equal.value is None


def test_a_model_against_itself_rarely_wins(tmp_path: Path) -> None:
    """Two samplings of one model: whichever side a judge prefers, the labels are chance."""
    rng = np.random.default_rng(17)
    claims = 0
    for _ in range(200):
        scores = rng.choice([0.0, 50.0, 100.0], size=40, p=[0.3, 0.4, 0.3])
        grades = [
            Grade(example_id=f"{row:04x}", model=model, metric="win_rate", score=score)
            for model, column in (("base", np.full(40, 50.0)), ("tuned", scores))
            for row, score in enumerate(column.tolist())
        ]
        write_json_lines(tmp_path / "w.jsonl", (grade.to_json() for grade in grades))
        columns = read_columns(tmp_path / "w.jsonl")
        compared = compare_columns(columns, metric="win_rate", first="base", second="tuned")
        claims += compared.verdict != "no difference shown"
    assert claims <= 20
