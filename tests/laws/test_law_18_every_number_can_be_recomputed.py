"""Law 18: every number in the report can be recomputed from the JSON Lines beside it.

Recomputed here with plain Python from grades/, completions/ and log.jsonl, not with the
code under test; intervals and p-values by running the resampling anew on the lines read.
"""

import json
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tunesmith.evaluation.interval import (
    RowScores,
    difference_interval,
    mean_interval,
    swap_p_value,
)
from tunesmith.evaluation.metrics import TEXT_METRICS, grade_completions
from tunesmith.evaluation.score import score_files
from tunesmith.evaluation.token_metrics import TOKEN_METRICS, TokenTotals, grade_tokens
from tunesmith.examples.example import Example, Message
from tunesmith.files import write_json, write_json_lines
from tunesmith.stages.report import write_report

TITLES = {
    "exact match": "exact_match",
    "token F1": "token_f1",
    "ROUGE-L": "rouge_l",
    "chrF": "chrf",
    "next-token accuracy": "token_accuracy",
    "loss": "loss",
}
WORDS = ["red", "green", "blue", "black", "white", "grey", "pink"]
Line = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    example_id: str
    text: str
    finish_reason: str


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with failures, cut answers, uneven rows and a model that is partly right."""
    folder = tmp_path_factory.mktemp("law18") / "colours"
    rng = random.Random(18)
    examples = [
        Example(
            messages=(
                Message(role="user", content=f"Colours {number}?"),
                Message(
                    role="assistant", content=" ".join(rng.choices(WORDS, k=rng.randint(1, 5)))
                ),
            ),
            source=f"colours.jsonl:{number}",
        )
        for number in range(37)
    ]
    write_json_lines(folder / "data" / "test.jsonl", (e.to_json() for e in examples))
    _write_answers(folder, examples, rng)
    _write_log(folder, rng)
    write_report(folder)
    return folder


def _write_answers(folder: Path, examples: list[Example], rng: random.Random) -> None:
    references = {e.id: e.reference for e in examples}
    answers = {
        model: [
            Answer(
                e.id,
                e.reference if rng.random() < right else " ".join(rng.choices(WORDS, k=3)),
                rng.choice(["stop", "stop", "length", "refused"]),
            )
            for e in examples[: len(examples) - missing]
        ]
        for model, right, missing in (("base", 0.1, 0), ("tuned", 0.7, 3))
    }
    for model, written in answers.items():
        lines = (
            {"example_id": a.example_id, "model": model, "text": a.text, "num_tokens": 3}
            | {"finish_reason": a.finish_reason}
            for a in written
        )
        write_json_lines(folder / "completions" / f"{model}.jsonl", lines)
    grades = {
        metric: [
            grade
            for model, written in answers.items()
            for grade in grade_completions(written, references, metric=metric, model=model)
        ]
        for metric in TEXT_METRICS
    }
    totals = [
        TokenTotals(
            example_id=e.id,
            model=model,
            nats=n * rng.random() * 3,
            num_targets=n,
            num_correct=n // 2,
        )
        for model in ("base", "tuned")
        for e in examples
        for n in (rng.randint(0, 9),)
    ]
    grades |= {metric: list(grade_tokens(totals, metric=metric)) for metric in TOKEN_METRICS}
    paths = {metric: folder / "grades" / f"{metric}.jsonl" for metric in grades}
    for metric, path in paths.items():
        write_json_lines(path, (grade.to_json() for grade in grades[metric]))
    write_json(folder / "scores.json", score_files(paths))


def _write_log(folder: Path, rng: random.Random) -> None:
    lines = []
    for step in range(1, 31):
        place = {"step": step, "epoch": step / 15, "tokens_seen": step * 321, "seconds": step * 3.3}
        lines.append({**place, "split": "train", "loss": 3 * rng.random(), "num_targets": 50})
        if step % 10 == 0:
            lines.append({**place, "split": "validation", "loss": 2 + rng.random()})
    write_json_lines(folder / "log.jsonl", lines)


def read(path: Path) -> list[Line]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class Tables(HTMLParser):
    """The cells of every score table, as lists of texts."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[list[str]]] = []
        self.is_in_cell = False

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append([])
            self.is_in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.is_in_cell = False

    def handle_data(self, data: str) -> None:
        if self.is_in_cell:
            self.rows[-1][-1].append(data)


def markdown_rows(folder: Path) -> dict[str, list[str]]:
    lines = (folder / "report.md").read_text(encoding="utf-8").splitlines()
    cells = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if "|" in line
    ]
    return {row[0]: row[1:] for row in cells if row[0] in TITLES}


def html_rows(folder: Path) -> dict[str, list[str]]:
    tables = Tables()
    tables.feed((folder / "report.html").read_text(encoding="utf-8"))
    return {
        row[0][0]: [" ".join(cell) for cell in row[1:]]
        for row in tables.rows
        if row and row[0] and row[0][0] in TITLES
    }


def numbers(text: str) -> list[float]:
    return [float(n.replace("−", "-")) for n in re.findall(r"[−+]?\d+(?:\.\d+)?", text)]


def column(grades: list[Line], ids: list[str]) -> RowScores:
    by_id = {g["example_id"]: g for g in grades}
    return RowScores(
        scores=np.array([by_id[i]["score"] for i in ids]),
        weights=np.array([by_id[i].get("weight", 1.0) for i in ids]),
    )


def expected_score(grades: list[Line]) -> list[float]:
    good = [g for g in grades if g["score"] is not None]
    weights = [g.get("weight", 1.0) for g in good]
    mean = sum(g["score"] * w for g, w in zip(good, weights, strict=True)) / sum(weights)
    bounds = None if good[0]["metric"] == "loss" else (0.0, 100.0)
    interval = mean_interval(column(good, [g["example_id"] for g in good]), bounds=bounds)
    assert interval is not None
    return [mean, *interval, len(good), len(grades) - len(good)]


def expected_difference(base: list[Line], tuned: list[Line]) -> tuple[list[float], float]:
    graded = [{g["example_id"] for g in side if g["score"] is not None} for side in (base, tuned)]
    ids = [g["example_id"] for g in base if g["example_id"] in graded[0] & graded[1]]
    first, second = column(base, ids), column(tuned, ids)
    bounds = None if base[0]["metric"] == "loss" else (0.0, 100.0)
    low, high = difference_interval(first, second, bounds=bounds)
    means = [float(np.average(rows.scores, weights=rows.weights)) for rows in (first, second)]
    return [means[1] - means[0], low, high, len(ids)], swap_p_value(first, second)


@pytest.mark.parametrize("rows_of", [markdown_rows, html_rows])
@pytest.mark.parametrize("title", TITLES)
def test_scores_intervals_counts_and_failures_follow_from_the_grades(
    run_folder: Path, title: str, rows_of: Any
) -> None:
    grades = read(run_folder / "grades" / f"{TITLES[title]}.jsonl")
    base, tuned = ([g for g in grades if g["model"] == m] for m in ("base", "tuned"))
    cells = rows_of(run_folder)[title]
    tolerance = 0.00051 if title == "loss" else 0.051
    for cell, graded in zip(cells, (base, tuned), strict=False):
        assert numbers(cell) == pytest.approx(expected_score(graded), abs=tolerance)
    difference, p_value = expected_difference(base, tuned)
    assert numbers(cells[2])[:4] == pytest.approx(difference, abs=tolerance)
    if "p < 0.001" in cells[3]:
        assert p_value < 0.001
    else:
        assert numbers(cells[3])[-1] == pytest.approx(p_value, abs=0.00051)
    is_shown = p_value < 0.05 and not difference[1] <= 0 <= difference[2]
    is_better = (difference[0] > 0) != (title == "loss")
    expected = ("better" if is_better else "worse") if is_shown else "no difference shown"
    assert cells[3].startswith(expected)


def test_length_time_and_validation_loss_follow_from_the_log(run_folder: Path) -> None:
    text = (run_folder / "report.md").read_text(encoding="utf-8")
    log = read(run_folder / "log.jsonl")
    validation = [line for line in log if line["split"] == "validation"]
    best = min(validation, key=lambda line: line["loss"])
    assert f"{log[-1]['step']} steps, 2 epochs, {log[-1]['tokens_seen']:,} tokens seen" in text
    assert "1 min 39 s of training" in text
    assert f"{best['loss']:.3f} nats per token at step {best['step']} (lowest)" in text


def test_failures_and_cut_answers_follow_from_grades_and_completions(run_folder: Path) -> None:
    text = (run_folder / "report.md").read_text(encoding="utf-8")
    for model in ("base", "tuned"):
        grades = read(run_folder / "grades" / "chrf.jsonl")
        reasons = [g["reason"] for g in grades if g["model"] == model and g["score"] is None]
        for reason in set(reasons):
            assert f"{model}: {reasons.count(reason)} failed under exact match" in text
            assert f"({reason})" in text
        answers = read(run_folder / "completions" / f"{model}.jsonl")
        num_cut = sum(a["finish_reason"] == "length" for a in answers)
        assert f"{model}: {num_cut} of {len(answers)} answers were cut off" in text


def test_the_scores_of_every_row_on_the_page_are_the_grades(run_folder: Path) -> None:
    html = (run_folder / "report.html").read_text(encoding="utf-8")
    carried = re.search(r'<script type="application/json" id="rows">(.*?)</script>', html)
    assert carried is not None
    rows = {row["id"]: row for row in json.loads(carried.group(1))["rows"]}
    for metric in TITLES.values():
        for grade in read(run_folder / "grades" / f"{metric}.jsonl"):
            shown = rows[grade["example_id"]]["grades"][metric][grade["model"]]
            assert shown == {"score": grade["score"], "reason": grade["reason"]}
