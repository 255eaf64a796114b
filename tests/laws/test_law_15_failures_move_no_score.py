"""Law 15: a judge's failure lowers `count`, raises `failed`, and never moves the score.

And in a pairwise comparison both orders are asked, for every pair.
"""

import random
from pathlib import Path

import pytest

from tests.evaluation.judge.stub import Seen, StubAsker
from tunesmith.endpoints.chat_request import ChatFailure
from tunesmith.evaluation.judge.absolute import UnscoredAnswer, grade_by_judge, score_judge
from tunesmith.evaluation.judge.judged_question import JudgedQuestion
from tunesmith.evaluation.judge.pairwise import AnswerPair, prefer, preference_judge
from tunesmith.evaluation.score import read_columns, score_column
from tunesmith.files import write_json_lines

REPLIES = ["", "no", "101", '{"score": 50.5}', "Score: 10. Score: 90.", "{", "80-90"]


def asked(number: int) -> JudgedQuestion:
    return JudgedQuestion(
        example_id=f"{number:04x}", question=f"Question {number}?", reference="yes"
    )


def value_of(call: Seen) -> int:
    return int(call.texts["question"].split()[1][:-1]) * 7 % 101


@pytest.mark.parametrize("seed", range(5))
def test_the_score_is_the_mean_of_what_was_read_whatever_failed(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    failing = {number: rng.choice([*REPLIES, None]) for number in rng.sample(range(60), k=20)}

    def reply(call: Seen) -> str | ChatFailure:
        number = int(call.texts["question"].split()[1][:-1])
        if number not in failing:
            return call.score(value_of(call))
        said = failing[number]
        return ChatFailure(call_id="x", reason="no choices") if said is None else said

    answers = [
        UnscoredAnswer(asked=asked(number), model="tuned", answer="x") for number in range(60)
    ]
    grades = list(grade_by_judge(score_judge(StubAsker(reply)), answers))
    path = tmp_path / "judge.jsonl"
    write_json_lines(path, (grade.to_json() for grade in grades))
    score = score_column(read_columns(path)["tuned"], metric="judge")
    read = [n * 7 % 101 for n in range(60) if n not in failing]
    assert score.value == pytest.approx(sum(read) / len(read), abs=1e-12)
    assert (score.count, score.failed) == (40, 20)
    assert all(grade.reason for grade in grades if grade.score is None)
    assert score.low_if_failed == pytest.approx(sum(read) / 60)
    assert score.high_if_failed == pytest.approx((sum(read) + 2000) / 60)


def test_both_orders_of_every_pair_are_asked() -> None:
    orders: list[tuple[str, str]] = []

    def reply(call: Seen) -> str:
        orders.append((call.texts["A"], call.texts["B"]))
        return call.better("A")

    pairs = [
        AnswerPair(asked=asked(n), model="m", opponent="o", answer=f"m{n}", opponent_answer=f"o{n}")
        for n in range(20)
    ]
    preferences = list(prefer(preference_judge(StubAsker(reply)), pairs))
    assert set(orders) == {o for n in range(20) for o in ((f"m{n}", f"o{n}"), (f"o{n}", f"m{n}"))}
    assert [one.to_grade().score for one in preferences] == [50.0] * 20
    assert all(one.is_flipped for one in preferences)
