"""From grade files to scores.json; verdicts that chance does not earn."""

import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tunesmith.errors import MissingError
from tunesmith.evaluation.grade import Comparison, Grade, Score, read_grades
from tunesmith.evaluation.metrics import grade_completions
from tunesmith.evaluation.references import ReferenceFile
from tunesmith.evaluation.score import (
    Column,
    compare_columns,
    compare_sides,
    read_columns,
    score_column,
    score_files,
)
from tunesmith.evaluation.verdict import overall_verdict
from tunesmith.examples.example import Example, Message
from tunesmith.files import write_json_lines

Write = Callable[[str, Iterable[Grade]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_grades(metric: str, grades: Iterable[Grade]) -> Path:
        path = tmp_path / "grades" / f"{metric}.jsonl"
        write_json_lines(path, (grade.to_json() for grade in grades))
        return path

    return write_grades


def grades(model: str, scores: Iterable[float | None], metric: str = "token_f1") -> list[Grade]:
    return [
        Grade(
            example_id=f"{index:04x}",
            model=model,
            metric=metric,
            score=score,
            reason="no completion" if score is None else None,
        )
        for index, score in enumerate(scores)
    ]


def column(scores: Iterable[float]) -> Column:
    made = Column()
    for index, score in enumerate(scores):
        made.ids[str(index)] = index
        made.scores.append(score)
        made.weights.append(1.0)
    return made


def test_a_failure_raises_failed_lowers_count_and_leaves_the_value(write: Write) -> None:
    whole = read_columns(write("token_f1", grades("base", [20.0, 40.0, 60.0])))["base"]
    holed = read_columns(write("token_f1", grades("base", [20.0, None, 60.0])))["base"]
    one, two = score_column(whole, metric="token_f1"), score_column(holed, metric="token_f1")
    assert (one.value, one.count, one.failed) == (40.0, 3, 0)
    assert (two.value, two.count, two.failed) == (40.0, 2, 1)


def test_only_failures_have_no_value(write: Write) -> None:
    failed = read_columns(write("chrf", grades("base", [None, None])))["base"]
    expected = Score(value=None, low=None, high=None, count=0, failed=2)
    assert score_column(failed, metric="chrf") == expected


def test_rows_that_failed_for_either_model_are_left_out_and_counted(write: Write) -> None:
    both = grades("base", [0.0, None, 0.0, 0.0]) + grades("tuned", [100.0, 100.0, None, 100.0])
    columns = read_columns(write("token_f1", both))
    comparison = compare_columns(columns, metric="token_f1", first="base", second="tuned")
    assert (comparison.difference, comparison.count, comparison.left_out) == (100.0, 2, 2)
    assert comparison.verdict == "no difference shown"


def test_every_comparison_takes_both_models_from_the_same_rows(write: Write) -> None:
    """An easy row that one model failed on must not help the other."""
    scores: dict[str, list[float | None]] = {
        "base": [10.0, 20.0, 30.0, 90.0, None],
        "tuned": [15.0, 25.0, 35.0, None, 100.0],
        "rival": [None, 20.0, 30.0, 95.0, 95.0],
    }
    path = write("token_f1", [g for model, row in scores.items() for g in grades(model, row)])
    found = {c["first"]: c for c in score_files({"token_f1": path})["comparisons"]}
    assert found["base"]["difference"] == pytest.approx(5.0)
    assert (found["base"]["count"], found["base"]["left_out"]) == (3, 2)
    assert found["rival"]["difference"] == pytest.approx(5.0)
    assert (found["rival"]["count"], found["rival"]["left_out"]) == (3, 2)


def test_several_runs_a_side_are_compared_on_the_rows_that_all_share() -> None:
    def run(**scores: float) -> Column:
        made = Column()
        for example_id, score in scores.items():
            made.ids[example_id] = len(made.ids)
            made.scores.append(score)
            made.weights.append(1.0)
        return made

    sides = {
        "A": [run(a=10, b=20, c=0), run(b=30, a=10, d=0)],
        "B": [run(a=50, b=60, c=100), run(a=30, b=50, c=100, d=100)],
    }
    compared = compare_sides(sides, metric="chrf")
    assert (compared.first, compared.second) == ("A", "B")
    assert compared.difference == pytest.approx((40 + 55) / 2 - (10 + 25) / 2)
    assert (compared.count, compared.left_out) == (2, 2)
    only = compare_sides(sides, metric="chrf", among={"a", "d"})
    assert (only.count, only.left_out, only.difference) == (1, 1, 30.0)
    assert compare_sides(sides, metric="chrf", among={"d"}).p_value is None


def test_scores_json_has_the_documented_shape(write: Write) -> None:
    answers = grades("base", [0.0] * 10) + grades("tuned", [100.0] * 10) + grades("x", [50.0] * 10)
    nats = [
        Grade(example_id=str(i), model=m, metric="loss", score=s + i / 100, weight=2.0)
        for m, s in (("base", 4.0), ("tuned", 2.0))
        for i in range(10)
    ]
    paths = {"token_f1": write("token_f1", answers), "loss": write("loss", nats)}
    record = score_files(paths)
    assert list(record) == ["schema", "normalisation", "metrics", "loss", "comparisons"]
    assert record["schema"] == 1
    assert list(record["metrics"]["token_f1"]["tuned"]) == [
        "value",
        "low",
        "high",
        "count",
        "failed",
    ]
    assert record["loss"]["base"]["value"] == pytest.approx(4.045)
    verdicts = {(c["metric"], c["first"], c["second"]): c["verdict"] for c in record["comparisons"]}
    assert verdicts == {
        ("token_f1", "base", "tuned"): "better",
        ("token_f1", "x", "tuned"): "better",
        ("loss", "base", "tuned"): "better",
    }
    loss = record["comparisons"][-1]
    assert loss["difference"] == pytest.approx(-2.0)
    assert Comparison.from_json(loss).to_json() == loss


def test_worse_is_called_worse(write: Write) -> None:
    columns = read_columns(write("chrf", grades("base", [90.0] * 9) + grades("tuned", [10.0] * 9)))
    compared = compare_columns(columns, metric="chrf", first="base", second="tuned")
    assert compared.verdict == "worse"
    assert overall_verdict([compared]).outcome == "worse"


def test_too_few_rows_show_no_difference_however_large(write: Write) -> None:
    columns = read_columns(write("chrf", grades("base", [0.0] * 5) + grades("tuned", [100.0] * 5)))
    compared = compare_columns(columns, metric="chrf", first="base", second="tuned")
    assert compared.low is not None
    assert compared.low > 0
    assert (compared.verdict, compared.count) == ("no difference shown", 5)


def _trial(rng: np.random.Generator) -> list[Comparison]:
    """One model under three metrics, its two sets of answers swapped row by row."""
    base = rng.beta(2, 3, (2, 40)) * 100
    swap = rng.random(40) < 0.5
    first, second = np.where(swap, base[0], base[1]), np.where(swap, base[1], base[0])
    made = []
    for metric, scores in (
        ("token_f1", (first, second)),
        ("rouge_l", (first * 0.9, second * 0.9)),
        ("exact_match", tuple((s > 50) * 100.0 for s in (first, second))),
    ):
        columns = {"base": column(scores[0]), "tuned": column(scores[1])}
        made.append(compare_columns(columns, metric=metric, first="base", second="tuned"))
    return made


def test_a_model_compared_with_itself_is_rarely_better_or_worse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tunesmith.evaluation.interval.NUM_RESAMPLES", 2000)
    rng = np.random.default_rng(5)
    trials = [_trial(rng) for _ in range(200)]
    for place in range(3):
        assert sum(t[place].verdict != "no difference shown" for t in trials) <= 20
    assert sum(overall_verdict(t).outcome != "no difference shown" for t in trials) <= 20


def compared(metric: str, *, p: float | None, verdict: str, count: int = 40) -> Comparison:
    return Comparison.from_json(
        {
            "metric": metric,
            "first": "base",
            "second": "tuned",
            "difference": None if p is None else 1.0,
            "low": None,
            "high": None,
            "p_value": p,
            "verdict": verdict,
            "count": count,
        }
    )


def test_the_overall_verdict_corrects_for_several_metrics() -> None:
    lucky = compared("chrf", p=0.03, verdict="better")
    nothing = [
        compared(m, p=0.6, verdict="no difference shown") for m in ("exact_match", "token_f1")
    ]
    assert overall_verdict([lucky]).outcome == "better"
    judged = overall_verdict([lucky, *nothing])
    assert judged.outcome == "no difference shown"
    assert "chance" in judged.sentence


def test_the_overall_verdict_can_be_mixed_and_says_on_what() -> None:
    judged = overall_verdict(
        [
            compared("chrf", p=0.001, verdict="better"),
            compared("exact_match", p=0.002, verdict="worse"),
            compared("loss", p=0.0001, verdict="better"),
        ]
    )
    assert judged.outcome == "mixed"
    assert judged.sentence == (
        "On these 40 test rows, tuned is better than base on chrF, worse on exact match. "
        "Loss: better."
    )


def test_loss_alone_never_makes_a_model_better() -> None:
    judged = overall_verdict(
        [
            compared("chrf", p=0.5, verdict="no difference shown"),
            compared("loss", p=0.0001, verdict="better"),
        ]
    )
    assert judged.outcome == "no difference shown"


def test_nothing_graded_is_not_compared() -> None:
    assert overall_verdict([]).outcome == "not compared"
    failed = compared("chrf", p=None, verdict="no difference shown", count=0)
    assert overall_verdict([failed]).outcome == "not compared"


def _examples(num_rows: int) -> Iterator[dict[str, object]]:
    for index in range(num_rows):
        question = Message(role="user", content=f"Question {index}?")
        answer = Message(role="assistant", content=f"Answer {index}. " + "long text " * 100)
        yield Example(messages=(question, answer), source=f"faq.jsonl:{index}").to_json()


def test_references_are_read_from_disk_and_grading_keeps_no_text(tmp_path: Path) -> None:
    path = tmp_path / "test.jsonl"
    write_json_lines(path, _examples(1000))  # 1 MB of references
    tracemalloc.start()
    references = ReferenceFile(path)

    def answers() -> Iterator["Answered"]:
        return (Answered(example_id, references[example_id]) for example_id in references)

    graded = grade_completions(answers(), references, metric="exact_match", model="tuned")
    write_json_lines(tmp_path / "exact_match.jsonl", (g.to_json() for g in graded))
    columns = read_columns(tmp_path / "exact_match.jsonl")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert set(columns["tuned"].scores) == {100.0}
    assert len(references) == 1000
    assert peak < 700_000


class Answered:
    finish_reason = "stop"

    def __init__(self, example_id: str, text: str) -> None:
        self.example_id = example_id
        self.text = text


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no such file"):
        ReferenceFile(tmp_path / "test.jsonl")
    with pytest.raises(MissingError, match="no such file"):
        list(read_grades(tmp_path / "chrf.jsonl"))
