"""A small run folder, written by the same code that writes a real one."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tunesmith.evaluation.metrics import TEXT_METRICS, grade_completions
from tunesmith.evaluation.references import ReferenceFile
from tunesmith.evaluation.score import score_files
from tunesmith.evaluation.token_metrics import TOKEN_METRICS, TokenTotals, grade_tokens
from tunesmith.examples.example import Example, Message
from tunesmith.files import write_json, write_json_lines, write_text
from tunesmith.report.pictures.curves import Axis, all_curves
from tunesmith.report.record import RunRecord

MakeRun = Callable[..., Path]
USUAL = [metric for metric in TEXT_METRICS if metric != "final_answer"]
CAPITALS = {
    "France": "Paris",
    "Japan": "Tokyo",
    "Kenya": "Nairobi",
    "Peru": "Lima",
    "Norway": "Oslo",
    "Egypt": "Cairo",
    "Chile": "Santiago",
    "Nepal": "Kathmandu",
    "Ghana": "Accra",
    "Cuba": "Havana",
}


@dataclass(frozen=True)
class Answer:
    example_id: str
    text: str
    finish_reason: str = "stop"


_DRAWN: dict[str, dict[Axis, str]] = {}


@pytest.fixture(autouse=True)
def _curves_drawn_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most runs here have one log: its curves are drawn once, which takes longest of a report."""

    def drawn(record: RunRecord) -> dict[Axis, str]:
        log = repr([record.points(split) for split in ("train", "validation")])
        if log not in _DRAWN:
            _DRAWN[log] = all_curves(record)
        return _DRAWN[log]

    if "drawn_anew" not in request.fixturenames:
        monkeypatch.setattr("tunesmith.stages.report.all_curves", drawn)


@pytest.fixture
def drawn_anew() -> None:
    """For a test about what drawing does."""


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Write a finished run; `text` goes into every field that a user can fill."""

    def make(text: str = "", *, rivals: tuple[str, ...] = ()) -> Path:
        folder = tmp_path / "capitals"
        examples = [_example(country, city, text) for country, city in CAPITALS.items()]
        write_json_lines(folder / "data" / "test.jsonl", (e.to_json() for e in examples))
        answers = {"base": _base(examples, text), "tuned": _tuned(examples, text)}
        answers |= {rival: _tuned(examples, text)[:8] for rival in rivals}
        _write_answers(folder, answers)
        _write_grades(folder, answers, examples)
        write_json_lines(folder / "log.jsonl", _log())
        _write_data(folder, text)
        write_text(folder / "recipe.yaml", "model:\n  name: starter\ntraining: {method: full}\n")
        write_json(folder / "environment.json", {"device": "cpu", "num_threads": 2, "note": text})
        return folder

    return make


def _example(country: str, city: str, text: str) -> Example:
    question = Message(role="user", content=f"Capital of {country}?{text}", input=text)
    answer = Message(role="assistant", content=f"The capital is {city}.{text}")
    return Example(
        messages=(question, answer),
        source=f"capitals.jsonl:{len(country)}{text}",
        tags=(text,) if text else (),
    )


def _base(examples: list[Example], text: str) -> list[Answer]:
    return [Answer(e.id, f"capital of? capital of?{text}", "length") for e in examples]


def _tuned(examples: list[Example], text: str) -> list[Answer]:
    """Nine answers of ten: the last one is missing."""
    answers = [Answer(e.id, e.reference) for e in examples[:7]]
    return answers + [Answer(e.id, f"The capital is London.{text}") for e in examples[7:9]]


def _write_answers(folder: Path, answers: dict[str, list[Answer]]) -> None:
    for number, (model, written) in enumerate(answers.items()):
        write_json_lines(
            folder / "completions" / f"{number}.jsonl",
            (
                {
                    "example_id": answer.example_id,
                    "model": model,
                    "text": answer.text,
                    "num_tokens": 8,
                    "finish_reason": answer.finish_reason,
                }
                for answer in written
            ),
        )


def _write_grades(folder: Path, answers: dict[str, list[Answer]], examples: list[Example]) -> None:
    references = ReferenceFile(folder / "data" / "test.jsonl")
    paths = {m: folder / "grades" / f"{m}.jsonl" for m in (*USUAL, *TOKEN_METRICS)}
    for metric in USUAL:
        lines = [
            grade.to_json()
            for model, written in answers.items()
            for grade in grade_completions(written, references, metric=metric, model=model)
        ]
        write_json_lines(paths[metric], lines)
    totals = [
        TokenTotals(
            example_id=example.id,
            model=model,
            nats=(5 + place) * nats,
            num_targets=5 + place,
            num_correct=(5 + place) // share,
        )
        for model, nats, share in (("base", 3.5, 4), ("tuned", 1.25, 2))
        for place, example in enumerate(examples)
    ]
    for metric in TOKEN_METRICS:
        write_json_lines(paths[metric], (g.to_json() for g in grade_tokens(totals, metric=metric)))
    write_json(folder / "scores.json", score_files(paths))


def _log() -> list[dict[str, object]]:
    lines: list[dict[str, object]] = []
    for step in range(1, 61):
        place = {"step": step, "epoch": step / 30, "tokens_seen": step * 400, "seconds": step * 0.5}
        loss = 1.5 + 2 * math.exp(-step / 12)
        rate = 1e-4 * (1 - step / 60)
        lines.append(
            {**place, "split": "train", "loss": loss, "num_targets": 100 + step % 7}
            | {"learning_rate": rate, "grad_norm": 1.0}
        )
        if step % 20 == 0:
            held_out = {"split": "validation", "loss": loss + 0.25, "accuracy": 50.0}
            lines.append({**place, **held_out, "num_targets": 900})
    return lines


def _write_data(folder: Path, text: str) -> None:
    sizes = {"groups": 80, "tokens": 4000, "trained_tokens": 1000}
    write_json(
        folder / "data" / "summary.json",
        {
            "kept": 100,
            "dropped": {f"exact duplicate{text}": 3, "bad JSON": 1},
            "splits": {"train": {"rows": 85, **sizes}, "test": {"rows": 10, **sizes}},
            "by_source": {
                f"capitals.jsonl{text}": {"kept": 60, "dropped": 3},
                "more.csv": {"kept": 41, "dropped": 0},
            },
            "read_as": [
                {"name": f"capitals.jsonl{text}", "kind": f"jsonl{text}", "reason": "its lines"},
                {"name": "more.csv", "kind": "csv", "reason": "a table"},
            ],
            "redacted": {"email": 2, "phone": 1},
            "contradictions": 1,
            "notices": [f"2 rows were read twice{text}"],
        },
    )
    _write_details(folder, text)
    write_json_lines(
        folder / "data" / "dropped.jsonl",
        (
            {
                "source": f"capitals.jsonl{text}:{line}",
                "reason": f"exact duplicate{text}",
                "detail": f"same as line 1{text}",
                "text": f"Capital of France?{text}",
            }
            for line in (4, 5, 6)
        ),
    )


def _write_details(folder: Path, text: str) -> None:
    """The lengths, a contradiction and the training set."""
    lengths = {"train": [0, 10, 40, 30, 4, 1], "test": [0, 2, 6, 2]}
    splits = {
        split: {"rows": rows, "median": 22, "longest": 8 * len(rows) - 3}
        for split, rows in lengths.items()
    }
    write_json(
        folder / "data" / "token_lengths.json",
        {"schema": 1, "width": 8, "max_tokens": 512, "splits": splits},
    )
    sides = [
        {"id": str(place), "source": f"capitals.jsonl:{place}{text}", "answer": f"{city}{text}"}
        for place, city in ((7, "Sydney"), (9, "Canberra"))
    ]
    write_json_lines(
        folder / "data" / "contradictions.jsonl",
        [
            {"question": f"Capital of Australia?{text}", "similarity": 1.0}
            | {"first": sides[0], "second": sides[1]}
        ],
    )
    rows = [
        _example(f"{country} {number}", city, text)
        for number in range(9)
        for country, city in CAPITALS.items()
    ]
    write_json_lines(folder / "data" / "train.jsonl", (row.to_json() for row in rows))
