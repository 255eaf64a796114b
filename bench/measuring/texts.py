"""Real data sets where they lie beside the checkout, else texts of the same lengths -> rows.

    lamini  questions on a library's manual, `### Question:` and `### Answer:`
    alpaca  the 1,100 short tasks of "Build a Large Language Model (From Scratch)"
    prefix  generated talks of 100 tokens, each below one system prompt of a given length

Generated words are common English ones, of one token each, so that lengths come out as asked.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = dict[str, str]

WORDS = (
    "time people way water words part sound work place year back thing name sentence man line "
    "boy farm end men land home hand picture air animal house page letter point mother answer "
    "study world school father tree city earth eye light thought head story left run close "
    "night real life few north open seem together next white children begin walk example ease "
    "paper group always music those both mark often book until mile river car feet care second "
    "enough plain girl usual young ready above ever red list though feel talk bird soon body "
    "dog family direct pose leave song measure door product black short numeral class wind"
).split()
_HEAD, _TAIL = "### Question:\n", "\n\n### Answer:"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """Rows to learn from, the template they are rendered with, and whether they are real."""

    rows: list[Row]
    template: str
    is_real: bool


def data_set(name: str, *, shared: Path, num_rows: int | None = None) -> DataSet:
    """A data set by name: lamini, alpaca, or prefix-N with N tokens of system prompt."""
    if name == "lamini":
        return _lamini(shared / "qa" / "lamini_docs_dev.jsonl", num_rows)
    if name == "alpaca":
        return _alpaca(shared / "instruct" / "raschka_instruction_dev.json")
    prefix = int(name.removeprefix("prefix-"))
    rows = list(prefixed_talks(num_rows or 800, prefix_words=prefix))
    return DataSet(rows=rows, template="question-answer", is_real=False)


def _lamini(path: Path, num_rows: int | None) -> DataSet:
    if not path.is_file() or (num_rows or 0) > 1000:
        rows = list(question_rows(num_rows or 1100))
        return DataSet(rows=rows, template="question-answer", is_real=False)
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [
        {
            "instruction": record["question"].removeprefix(_HEAD).removesuffix(_TAIL),
            "response": record["answer"],
        }
        for record in records
        if record["answer"].strip()
    ]
    return DataSet(rows=rows[:num_rows], template="question-answer", is_real=True)


def _alpaca(path: Path) -> DataSet:
    if not path.is_file():
        return DataSet(rows=list(short_tasks(1100)), template="alpaca", is_real=False)
    records: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    rows = [
        {
            "instruction": record["instruction"],
            "input": record["input"],
            "response": record["output"],
        }
        for record in records
    ]
    return DataSet(rows=rows, template="alpaca", is_real=True)


def question_rows(count: int, *, seed: int = 0) -> Iterator[Row]:
    """Questions and answers as long as lamini's: 20 words, then 60 on average, a long tail."""
    rng = random.Random(seed)
    for number in range(count):
        length = min(330, max(8, round(rng.lognormvariate(3.93, 0.6))))
        question = f"{_sentence(rng, rng.randint(8, 28))} {number}?"
        yield {"instruction": question, "response": f"{_sentence(rng, length)}."}


def short_tasks(count: int, *, seed: int = 0) -> Iterator[Row]:
    """Tasks as short as the book's: 10 words, half with an input, 14 words of answer."""
    rng = random.Random(seed)
    for number in range(count):
        given = _sentence(rng, rng.randint(3, 14)) if rng.random() < 0.5 else ""
        yield {
            "instruction": f"{_sentence(rng, rng.randint(6, 14))} {number}.",
            "input": given,
            "response": f"{_sentence(rng, rng.randint(4, 24))}.",
        }


def prefixed_talks(count: int, *, prefix_words: int, seed: int = 0) -> Iterator[Row]:
    """One system prompt of some words, and below it a question of 25 and an answer of 60."""
    rng = random.Random(seed)
    system = _sentence(rng, prefix_words)
    for number in range(count):
        question = f"{_sentence(rng, rng.randint(15, 33))} {number}?"
        answer = f"{_sentence(rng, rng.randint(40, 80))}."
        yield {"system": system, "instruction": question, "response": answer}


def _sentence(rng: random.Random, length: int) -> str:
    return " ".join(rng.choices(WORDS, k=length)).capitalize()
