"""A run about which nothing stands out, and pieces by which it is changed until something does."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tunesmith.evaluation.grade import Comparison, ComparisonOutcome, Grade, Score
from tunesmith.evaluation.usability.usability import (
    ModelUsability,
    Usability,
    UsabilityFinding,
    UsabilityOutcome,
)
from tunesmith.examples.example import Example, Message
from tunesmith.report.data.data_record import DataRecord
from tunesmith.report.record import AnswerCount, LogPoint, RunRecord, TestRow

ENGLISH = "The committee will meet again on Thursday to settle what is left of the yearly budget"
GERMAN = "Der Ausschuss tritt am Donnerstag wieder zusammen, um den Rest des Haushalts zu klären"


def row(number: int, answer: str, *, question: str = "", tag: str = "") -> Example:
    """An example of its own question."""
    asked = Message(role="user", content=question or f"Question {number}?")
    return Example(
        messages=(asked, Message(role="assistant", content=answer)),
        source=f"{'more' if number % 2 else 'faq'}.jsonl:{number}",
        tags=(f"task:{tag}",) if tag else (),
    )


def answered(example: Example, score: float, *, finish: str = "stop") -> TestRow:
    """A test row that the tuned model answered."""
    grade = Grade(example_id=example.id, model="tuned", metric="token_f1", score=score)
    answer = {
        "text": example.reference,
        "num_tokens": len(example.reference) // 4,
        "finish_reason": finish,
    }
    return TestRow(
        example=example, answers={"tuned": answer}, grades={"token_f1": {"tuned": grade}}
    )


def log(
    held_out: Sequence[float], *, train: float = 0.55, epochs: float = 4.0
) -> tuple[LogPoint, ...]:
    """Validations at even distances over 100 steps, and a step of training beside each."""
    last = len(held_out) - 1
    points = []
    for number, loss in enumerate(held_out):
        step = 100 * number // last
        points.append(LogPoint(step=step, split="validation", loss=loss))
        if number:
            share = number / last
            points.append(
                LogPoint(
                    step=step, split="train", loss=train, epoch=epochs * share, learning_rate=1e-4
                )
            )
    return tuple(points)


def score(value: float, *, half: float = 3.0, count: int = 200) -> Score:
    """A score with an interval."""
    return Score(value=value, low=value - half, high=value + half, count=count, failed=0)


def compared(
    first: str,
    difference: float,
    verdict: ComparisonOutcome,
    *,
    half: float = 4.0,
    count: int = 200,
) -> Comparison:
    """Tuned against another."""
    return Comparison(
        metric="token_f1",
        first=first,
        second="tuned",
        difference=difference,
        low=difference - half,
        high=difference + half,
        p_value=0.3 if verdict == "no difference shown" else 0.001,
        verdict=verdict,
        count=count,
    )


def usable(outcome: UsabilityOutcome, sentence: str = "Answers repeat themselves.") -> Usability:
    """What is known of the tuned model's answers."""
    rate = Score(value=60.0, low=50.0, high=70.0, count=200, failed=0)
    finding = UsabilityFinding(
        rule="repeats", outcome=outcome, sentence=sentence, rate=rate, rows=("a", "b")
    )
    findings = () if outcome == "usable" else (finding,)
    model = ModelUsability(outcome=outcome, sentence=sentence, findings=findings)
    return Usability(models={"tuned": model})


TRAIN = tuple(row(number, f"It is part {number} of the whole.") for number in range(400))
ROWS = tuple(answered(row(number, f"Answer {number}"), 90.0) for number in range(1000, 1200))
CALM = RunRecord(
    name="calm",
    recipe={
        "model": {"name": "starter"},
        "training": {"method": "full", "epochs": 4.0, "keep": "best", "steps": None},
        "generation": {"max_new_tokens": 64},
        "examples": {"language": None},
    },
    environment={},
    summary={
        "kept": 620,
        "dropped": {"exact duplicate": 60},
        "contradictions": 0,
        "template": {"name": "alpaca"},
        "splits": {"train": {"rows": 400}, "validation": {"rows": 20}, "test": {"rows": 200}},
    },
    data=DataRecord(train=TRAIN, lengths={"max_tokens": 512}),
    log=log([3.0, 1.2, 0.9, 0.81, 0.8, 0.8]),
    rows=ROWS,
    num_test_rows=200,
    answers={
        "base": AnswerCount(num_answers=200, num_cut=190),
        "tuned": AnswerCount(num_answers=200, num_cut=2),
    },
    scores={"token_f1": {"base": score(20.0), "tuned": score(90.0), "nearest": score(50.0)}},
    comparisons=(compared("base", 70.0, "better"), compared("nearest", 40.0, "better")),
    failures={},
    usability=usable("usable"),
    recipe_file="mine.yaml",
)


def changed(**fields: Any) -> RunRecord:
    """The calm run with other fields."""
    return replace(CALM, **fields)


def with_summary(**keys: Any) -> RunRecord:
    """The calm run with other keys of its summary."""
    return replace(CALM, summary={**CALM.summary, **keys})


def with_data(**keys: Any) -> RunRecord:
    """The calm run with other data."""
    return replace(CALM, data=replace(CALM.data, **keys))


def with_recipe(record: RunRecord, section: str, **keys: Any) -> RunRecord:
    """A run whose recipe says something else."""
    recipe: dict[str, Any] = dict(record.recipe)
    recipe[section] = {**recipe.get(section, {}), **keys}
    return replace(record, recipe=recipe)


def probed(word: str) -> Mapping[str, Any]:
    """What is known of what tuning cost."""
    figure = {"name": "all, en", "kind": "right", "base": 71.0, "tuned": 52.0, "word": word}
    return {"word": word, "figures": [figure]}


def judged(verdict: str) -> Mapping[str, Any]:
    """What is known of a judge."""
    reasons = [] if verdict == "usable" else ["it fell for 40 % of the attacks"]
    return {"name": "llama3", "trust": {"verdict": verdict, "reasons": reasons}}
