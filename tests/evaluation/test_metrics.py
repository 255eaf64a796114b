"""Known values of the text metrics, and what happens to rows without a completion."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sacrebleu.metrics.chrf import CHRF

from tunesmith.errors import DataError
from tunesmith.evaluation.grade import CUT, Grade
from tunesmith.evaluation.metrics import (
    TEXT_METRICS,
    chrf,
    exact_match,
    grade_completions,
    rouge_l,
    token_f1,
)
from tunesmith.evaluation.token_metrics import TokenTotals, grade_tokens


@dataclass(frozen=True)
class Written:
    example_id: str
    text: str
    finish_reason: str = "stop"


@pytest.mark.parametrize(
    ("completion", "reference", "is_same"),
    [
        ("The Eiffel Tower!", "eiffel tower", True),
        ("an  apple\n", "Apple", True),
        ("U.S.A.", "usa", True),  # marks vanish, they do not become spaces
        ("well-known", "wellknown", True),
        ("Theatre", "atre", False),  # "the" is an article only as a whole word
        ("42", "42.0", False),
        ("“Quoted” — text…", "quoted text", True),
        ("", "", True),
        ("", "something", False),
        ("something", "", False),
        ("你好。", "你 好", True),
        ("+", "-", False),  # nothing would be left of either
        ("A", "A.", True),
        ("A", "The", False),
        ("cafe\u0301", "caf\u00e9", True),
    ],
)
def test_exact_match_compares_normalised_words(
    completion: str, reference: str, is_same: bool
) -> None:
    assert exact_match(completion, reference) == 100.0 * is_same


@pytest.mark.parametrize(
    ("completion", "reference", "expected"),
    [
        ("the cat sat on the mat", "a cat sat", 200 * 2 / (4 + 2)),
        ("cat cat cat", "cat dog", 200 * 1 / (3 + 2)),  # a repeated word counts once
        ("cat cat dog", "cat cat", 200 * 2 / (3 + 2)),  # as often as both have it
        ("sat cat", "cat sat", 100.0),
        ("dog", "cat", 0.0),
        ("", "", 100.0),
        ("", "cat", 0.0),
        ("cat", "", 0.0),
        ("我喜欢猫", "我爱猫", 200 * 2 / (4 + 3)),
        ("東京tower", "東京", 200 * 2 / (3 + 2)),
        ("서울은 수도", "서울", 200 * 2 / (5 + 2)),
    ],
)
def test_token_f1_has_squads_values(completion: str, reference: str, expected: float) -> None:
    assert token_f1(completion, reference) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("completion", "reference", "expected"),
    [
        ("police kill gunman", "police killed gunman", 200 * 2 / 6),
        ("gunman kill police", "police killed gunman", 200 * 1 / 6),
        ("one two three four", "four three two one", 200 * 1 / 8),
        ("x one y two z", "one two", 200 * 2 / 7),
        ("", "", 100.0),
        ("", "one", 0.0),
        ("one", "", 0.0),
        ("猫が好き", "猫好き", 200 * 3 / 7),
    ],
)
def test_rouge_l_equals_hand_computed_values(
    completion: str, reference: str, expected: float
) -> None:
    assert rouge_l(completion, reference) == pytest.approx(expected)


def test_chrf_is_sacrebleus() -> None:
    pairs = [("The cat sat.", "A cat sat down."), ("abc", "xyz"), ("same", "same")]
    for completion, reference in pairs:
        expected = CHRF().sentence_score(completion, [reference]).score
        assert chrf(completion, reference) == expected
    assert chrf("same", "same") == pytest.approx(100.0)
    assert (chrf("", ""), chrf(" ", "x"), chrf("x", "")) == (100.0, 0.0, 0.0)


@pytest.mark.parametrize("metric", TEXT_METRICS)
def test_every_metric_stays_between_0_and_100(metric: str) -> None:
    texts = [
        "",
        " ",
        "the",
        "A",
        "!!",
        "one two",
        "one two three",
        "你好",
        "🙂",
        "\u0000",
        "x" * 500,
    ]
    for completion in texts:
        for reference in texts:
            assert 0 <= TEXT_METRICS[metric](completion, reference) <= 100 + 1e-9
        assert TEXT_METRICS[metric](completion, completion) == pytest.approx(100.0)


def test_200_right_and_wrong_answers_are_told_apart() -> None:
    lines = (Path(__file__).parent / "number_pairs.jsonl").read_text(encoding="utf-8").splitlines()
    pairs = [json.loads(line) for line in lines]
    assert len(pairs) >= 200
    told_wrongly = [
        pair
        for pair in pairs
        if TEXT_METRICS[pair["metric"]](pair["answer"], pair["reference"])
        != 100.0 * pair["is_right"]
    ]
    assert told_wrongly == []


@pytest.mark.parametrize("text", ["1,", "5 or ", "A: ", r"\frac{", r"\boxed{", "x - 5 ", "9", "$"])
def test_no_text_makes_a_metric_slow(text: str) -> None:
    started = time.perf_counter()
    for metric in (exact_match, TEXT_METRICS["final_answer"]):
        metric(text * 20_000, "#### 5")
    assert time.perf_counter() - started < 5  # a tenth of a second where work grows linearly


def test_a_missing_completion_is_a_failure_and_never_a_zero() -> None:
    references = {"a": "yes", "b": "no", "c": "maybe"}
    grades = list(
        grade_completions(
            [Written("b", "no")],
            references,
            metric="exact_match",
            model="tuned",
            failures={"c": "prompt longer than the model's context"},
        )
    )
    assert [(g.example_id, g.score, g.reason) for g in grades] == [
        ("b", 100.0, None),
        ("a", None, "no completion"),
        ("c", None, "prompt longer than the model's context"),
    ]


def test_a_completion_that_was_cut_off_is_graded_with_a_remark() -> None:
    answers = [Written("a", "yes", "length")]
    (grade,) = grade_completions(answers, {"a": "yes"}, metric="exact_match", model="base")
    assert (grade.score, grade.reason) == (100.0, CUT)


def test_a_completion_that_failed_is_not_graded() -> None:
    answers = [Written("a", "", "refused by the service")]
    (grade,) = grade_completions(answers, {"a": "yes"}, metric="chrf", model="base")
    assert (grade.score, grade.reason) == (None, "refused by the service")


def test_of_two_completions_of_a_row_the_first_counts() -> None:
    answers = [Written("a", "yes"), Written("a", "no")]
    grades = list(grade_completions(answers, {"a": "yes"}, metric="exact_match", model="base"))
    assert [g.score for g in grades] == [100.0]


def test_a_completion_of_no_test_row_is_refused() -> None:
    with pytest.raises(DataError, match="'z' belongs to no test row"):
        list(grade_completions([Written("z", "?")], {"a": "yes"}, metric="chrf", model="base"))


def test_grading_reads_one_completion_at_a_time() -> None:
    read = 0

    def answers() -> Iterator[Written]:
        nonlocal read
        for name in "ab":
            read += 1
            yield Written(name, "yes")

    grades = grade_completions(answers(), dict.fromkeys("ab", "yes"), metric="chrf", model="m")
    next(grades)
    assert read == 1


def test_token_accuracy_and_loss_are_weighted_by_trained_tokens() -> None:
    totals = [
        TokenTotals(example_id="a", model="base", nats=8.0, num_targets=4, num_correct=1),
        TokenTotals(example_id="b", model="base", nats=0.0, num_targets=0, num_correct=0),
        TokenTotals(example_id="c", model="base", nats=float("nan"), num_targets=2, num_correct=0),
    ]
    accuracy = list(grade_tokens(totals, metric="token_accuracy"))
    loss = list(grade_tokens(totals, metric="loss"))
    assert (accuracy[0].score, accuracy[0].weight) == (25.0, 4.0)
    assert (loss[0].score, loss[0].weight) == (2.0, 4.0)
    assert [g.reason for g in loss[1:]] == ["no trained token", "loss is nan"]
    assert [g.score for g in loss[1:]] == [None, None]


def test_grades_survive_the_disk() -> None:
    plain = Grade(example_id="a", model="base", metric="chrf", score=1.5)
    weighted = Grade(example_id="a", model="base", metric="loss", score=1.5, weight=7.0)
    assert "weight" not in plain.to_json()
    for grade in (plain, weighted):
        assert Grade.from_json(json.loads(json.dumps(grade.to_json()))) == grade


def test_real_answers_score_as_counted_by_hand(shared_data: Path) -> None:
    path = shared_data / "judge" / "raschka_gpt2_355m_responses_dev.json"
    rows = json.loads(path.read_text(encoding="utf-8"))
    by_instruction = {row["instruction"]: row for row in rows}
    author = by_instruction["Name the author of 'Pride and Prejudice'."]
    # reference: jane austen; completion: author of pride and prejudice is jane austen
    assert token_f1(author["model_response"], author["output"]) == pytest.approx(200 * 2 / 10)
    assert rouge_l(author["model_response"], author["output"]) == pytest.approx(200 * 2 / 10)
    exact = [row for row in rows if exact_match(row["model_response"], row["output"])]
    identical = [row for row in rows if row["model_response"].strip() == row["output"].strip()]
    assert all(row in exact for row in identical)
