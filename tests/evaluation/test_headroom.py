"""What there is to gain follows from scores by stated limits; nothing is claimed of few rows."""

import pytest

from tunesmith.evaluation.grade import Score
from tunesmith.evaluation.headroom import Headroom, headroom
from tunesmith.report.advice.headroom_lines import headroom_lines


def score(value: float | None, spread: float = 5.0) -> Score:
    if value is None:
        return Score(value=None, low=None, high=None, count=0, failed=9)
    return Score(value=value, low=value - spread, high=value + spread, count=99, failed=0)


def look(base: Score, *, win_rate: Score | None = None, is_judge_trusted: bool = True) -> Headroom:
    scores = {"token_f1": {"base": base, "nearest": score(99.0), "big": score(70.0)}}
    if win_rate is not None:
        scores["win_rate"] = {"big": win_rate}
    return headroom(
        scores,
        main="token_f1",
        untuned=("base", "few-shot"),
        rivals=["big"],
        is_judge_trusted=is_judge_trusted,
    )


@pytest.mark.parametrize(
    ("base", "task"),
    [
        (score(4.0), "next to nothing"),
        (score(40.0), "so-so"),
        (score(96.0, 2.0), "good already"),
        (score(12.0), "cannot be told"),
        (score(88.0), "cannot be told"),
        (score(None), "cannot be told"),
    ],
)
def test_a_claim_needs_the_whole_interval(base: Score, task: str) -> None:
    assert look(base).task == task


def test_a_look_up_is_no_model_that_could_be_tuned() -> None:
    found = look(score(40.0))
    assert (found.best, found.gain) == ("base", 60.0)


@pytest.mark.parametrize(
    ("win_rate", "is_trusted", "pairs"),
    [
        (score(30.0), True, "better"),
        (score(70.0), True, "worse"),
        (score(52.0), True, "no difference shown"),
        (score(30.0), False, "judge not to be trusted"),
        (None, True, "no judge"),
    ],
)
def test_pairs_are_better_where_the_bigger_model_loses(
    win_rate: Score | None, is_trusted: bool, pairs: str
) -> None:
    assert look(score(40.0), win_rate=win_rate, is_judge_trusted=is_trusted).pairs == pairs


def test_the_words_name_the_gain_the_interval_and_every_model() -> None:
    scores = {"token_f1": {"base": score(40.0), "big": score(70.0)}}
    text = "\n".join(headroom_lines(look(score(40.0)), scores, ["base", "big"], 99))
    assert "Up to 60.0 points of token F1 to gain: on 99 validation rows base reaches" in text
    assert "40.0 of 100 (35.0 to 45.0)" in text
    assert text.index("base   ") < text.index("big    ")
