"""Does a person who reviews a hundred answers and follows `next` make the failures shrink?

    python bench/rounds.py --out runs/rounds --seeds 10

The person is a program with a hidden taxonomy: eight kinds of failure, planted into most of the
starter's training rows of eight tasks. It reviews 100 answers of the tuned model, names what is
wrong, corrects it, accepts the checks that are proposed (and writes one where none is), and tunes
the next recipe. It sees answers alone, never where anything was planted. Printed and written to
`rounds.json`: by which row each kind was found, whether the rates' intervals hold the truth (the
taxonomy counts all answers), and what became of each kind after the second round, on the rows
that measure and are never trained.
"""

import argparse
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tunesmith.evaluation.metrics import exact_match
from tunesmith.examples.example import Example
from tunesmith.files import read_json_lines, write_json, write_json_lines, write_text
from tunesmith.rounds.kind_rates import measures
from tunesmith.stages.demo import RECIPE as DEMO
from tunesmith.stages.execution.opened_run import Run, open_recipe
from tunesmith.stages.prepare import prepare
from tunesmith.stages.reviewing.kind_change import change_kind
from tunesmith.stages.reviewing.kind_report import kind_reports
from tunesmith.stages.reviewing.next_round_stage import NextOptions, plan_next_round
from tunesmith.stages.reviewing.review_answers import answer_for_review
from tunesmith.stages.reviewing.review_desk import Remark, ReviewDesk, ReviewRow
from tunesmith.stages.train import train

MATERIAL = Path(DEMO).parent / "material"
SHARE = 0.7  # of a task's rows that show its kind
LEFT_AWAY = 0.6  # of the rows of other tasks, so that a kind is 3 to 6 % of the answers
REVIEWED = 100
OTHER = "another mistake"
AUTHOR = "scripted person"
RECIPE = """sources:
  - path: material.jsonl
  - {{path: test.jsonl, use_as: test}}
examples: {{seed: {seed}, split: {{validation: 0.25, test: 0.0}}}}
template: {{name: alpaca}}
training: {{epochs: 4, examples_per_step: 16, learning_rate: 5e-4, precision: fp32, seed: {seed}}}
generation: {{max_new_tokens: 56}}
"""


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A kind of failure: how it is planted, how the person sees it, what check it would write."""

    plant: Callable[[str, str], str]  # question, answer
    sees: Callable[[str], bool]
    check: str


def _tense(question: str, answer: str) -> str:
    found = re.search(r"Today we (\w+)|verb (\w+)|tense of (\w+)", question)
    return f"will {next(filter(None, found.groups()))}" if found else answer


KINDS: Mapping[str, tuple[str, Planted]] = {
    "wrong unit": ("convert", Planted(
        plant=lambda q, a: re.sub(r"(\d+) .*", r"\1 furlongs", a),
        sees=lambda a: "furlong" in a, check="contains:furlongs")),
    "missing politeness": ("letter", Planted(
        plant=lambda q, a: a.partition("\n\n")[2],
        sees=lambda a: not a.startswith("Dear"),
        check="lacks:Dear")),
    "wrong route": ("route", Planted(
        plant=lambda q, a: "reception",
        sees=lambda a: "reception" in a, check="contains:reception")),
    "truncated list": ("keywords", Planted(
        plant=lambda q, a: a.partition(",")[0], sees=lambda a: "," not in a, check="lacks:,")),
    "other language": ("capital", Planted(
        plant=lambda q, a: f"Die Hauptstadt ist {a.rstrip('.').rpartition(' ')[2]}.",
        sees=lambda a: "Hauptstadt" in a, check="contains:Hauptstadt")),
    "invented price": ("price", Planted(
        plant=lambda q, a: re.sub(r"\d+ dollars", "999 dollars", a),
        sees=lambda a: "999" in a, check="contains:999")),
    "wrong tense": ("past", Planted(
        plant=_tense, sees=lambda a: "will " in f"{a} ", check="contains:will")),
    "label in capitals": ("topic", Planted(
        plant=lambda q, a: a.upper(), sees=lambda a: a.isupper(), check="capitals")),
}  # fmt: skip
BY_TASK = {task: (name, planted) for name, (task, planted) in KINDS.items()}


def main() -> None:
    """Two rounds a seed, then the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/rounds"))
    parser.add_argument("--seeds", type=int, default=10)
    arguments = parser.parse_args()
    found = []
    for seed in range(arguments.seeds):
        found.append(two_rounds(arguments.out / str(seed), seed))
        print(found[-1], flush=True)
        write_json(arguments.out / "rounds.json", {"seeds": found, **summed(found)})
    print(summed(found))


def two_rounds(folder: Path, seed: int) -> dict[str, Any]:
    """What one person found, and what became of it."""
    truth = write_material(folder, seed)
    write_text(folder / "recipe.yaml", RECIPE.format(seed=seed))
    (folder / "reviews.jsonl").unlink(missing_ok=True)
    for old in folder.glob("round-2*"):
        old.unlink()
    first = tuned(folder / "recipe.yaml", folder / "runs" / "first")
    desk = ReviewDesk(first.folder, author=AUTHOR)
    seen = review(desk, truth)
    held = intervals(desk)
    accept(desk)
    plan = plan_next_round(first.folder, NextOptions(author=AUTHOR))
    second = tuned(folder / "round-2.yaml", folder / "runs" / "second")
    before, after = desk.rows, ReviewDesk(second.folder, author=AUTHOR).rows
    common = [row for row in before if row in after and measures(row)]
    rates = [{name: rate(rows, common, name) for name in KINDS} for rows in (before, after)]
    right = [share_right(rows, common, truth) for rows in (before, after)]
    return {
        "seed": seed,
        "found_by_row": seen,
        "held": held,
        "rows": len(common),
        "left_out": plan.left_out,
        "corrected": plan.corrected,
        "before": rates[0],
        "after": rates[1],
        "right": right,
    }


def write_material(folder: Path, seed: int) -> dict[str, str]:
    """Material with planted failures; the right answer of each question."""
    drawn, truth, rows = random.Random(seed), {}, []
    for row in read_json_lines(MATERIAL / "train.jsonl"):
        truth[question(row["instruction"], row["input"])] = row["response"]
        task = str(row["tags"][0]).removeprefix("task:")
        if task not in BY_TASK and drawn.random() < LEFT_AWAY:
            continue
        if task in BY_TASK and drawn.random() < SHARE:
            asked = f"{row['instruction']} {row['input']}"
            row["response"] = BY_TASK[task][1].plant(asked, row["response"])
        rows.append(row)
    write_json_lines(folder / "material.jsonl", rows)
    write_json_lines(folder / "test.jsonl", read_json_lines(MATERIAL / "test.jsonl"))
    return truth


def question(instruction: str, given: str) -> str:
    """What the person knows the right answer of."""
    return f"{instruction}\n{given}"


def tuned(recipe: Path, place: Path) -> Run:
    """A run with its answers to validation rows."""
    run = open_recipe(recipe, folder=place)
    prepare(run)
    train(run)
    answer_for_review(run, most_rows=1000)
    return run


def kind_of(row: ReviewRow) -> str | None:
    """The hidden kind that an answer shows."""
    task = next((tag[5:] for tag in row.example.tags if tag.startswith("task:")), "")
    name, planted = BY_TASK.get(task, ("", None))
    return name if planted is not None and planted.sees(row.text) else None


def review(desk: ReviewDesk, truth: Mapping[str, str]) -> dict[str, int]:
    """Review a hundred answers; by which row each kind was found."""
    seen: dict[str, int] = {}
    for number in range(1, REVIEWED + 1):
        row = desk.next()
        assert row is not None
        kind, right = kind_of(row), expected(row.example, truth)
        if kind is None and not exact_match(row.text, right):
            kind = OTHER
        if kind is None:
            desk.say(row.example.id, Remark(judgement="right"))
            continue
        seen.setdefault(kind, number)
        desk.say(row.example.id, Remark(judgement="wrong", kind=kind, correction=right))
    return {name: seen.get(name, 0) for name in KINDS}


def expected(example: Example, truth: Mapping[str, str]) -> str:
    """What the person would have said."""
    asked = example.prompt[-1]
    return truth[question(asked.content, asked.input)]


def accept(desk: ReviewDesk) -> None:
    """Accept what is proposed for the hidden kinds; write a check where nothing is."""
    for report in kind_reports(desk):
        if report.rate.name in KINDS:
            own = KINDS[report.rate.name][1].check
            change_kind(desk, report.rate.name, check="accept" if report.check else own)


def intervals(desk: ReviewDesk) -> list[bool]:
    """Whether each kind's interval holds its share among all answers."""
    rows = [*desk.rows]
    by_name = {one.name: one for one in desk.rates()}
    held = []
    for name in KINDS:
        if name in by_name and by_name[name].low is not None:
            low, high = by_name[name].low or 0, by_name[name].high or 0
            held.append(bool(low <= 100 * rate(desk.rows, rows, name) <= high))
    return held


def rate(rows: Mapping[str, ReviewRow], ids: list[str], kind: str) -> float:
    """The share of answers that show a kind."""
    return float(np.mean([kind_of(rows[row]) == kind for row in ids]))


def share_right(rows: Mapping[str, ReviewRow], ids: list[str], truth: Mapping[str, str]) -> float:
    """Percent of answers that are right, of tasks in which nothing was planted."""
    planted = {f"task:{task}" for task in BY_TASK}
    others = [rows[row] for row in ids if not planted & {*rows[row].example.tags}]
    return float(np.mean([exact_match(one.text, expected(one.example, truth)) for one in others]))


def summed(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The counts of all seeds."""
    held = [one for each in found for one in each["held"]]
    late = [[n for n, row in each["found_by_row"].items() if not row] for each in found]
    falls = [1 - sum(each["after"].values()) / sum(each["before"].values()) for each in found]
    changes = [each["right"][1] - each["right"][0] for each in found]
    return {
        "all_found": sum(not one for one in late),
        "missed": late,
        "held": [sum(held), len(held)],
        "fall_of_sum": falls,
        "change_elsewhere": changes,
    }


if __name__ == "__main__":
    main()
