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

_TEXT = (
    "time people way water words part sound work place year back thing name sentence man line "
    "boy farm end men land home hand picture air animal house page letter point mother answer "
    "study world school father tree city earth eye light thought head story left run close "
    "night real life few north open seem together next white children begin walk example ease "
    "paper group always music those both mark often book until mile river car feet care second "
    "enough plain girl usual young ready above ever red list though feel talk bird soon body "
    "dog family direct pose leave song measure door product black short numeral class wind"
)
WORDS = _TEXT.split()
_HEAD, _TAIL = "### Question:\n", "\n\n### Answer:"


_FILES = {"lamini": "qa/lamini_docs_dev.jsonl", "alpaca": "instruct/raschka_instruction_dev.json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """Rows to learn from, and the template they are rendered with."""

    rows: list[Row]
    template: str


def data_set(name: str, *, shared: Path, num_rows: int | None = None) -> DataSet:
    """A data set by name: lamini, alpaca, or prefix-N with N tokens of system prompt.

    With `num_rows`, generated ones of the same lengths.
    """
    has_file = is_real(name, shared, num_rows)
    if name == "lamini":
        rows = _lamini(shared) if has_file else question_rows(num_rows or 1100)
        return DataSet(rows=list(rows), template="question-answer")
    if name == "alpaca":
        rows = _alpaca(shared) if has_file else short_tasks(num_rows or 1100)
        return DataSet(rows=list(rows), template="alpaca")
    prefix = int(name.removeprefix("prefix-"))
    talks = prefixed_talks(num_rows or 800, prefix_words=prefix)
    return DataSet(rows=list(talks), template="question-answer")


def is_real(name: str, shared: Path, num_rows: int | None = None) -> bool:
    """Whether a data set comes from a file; otherwise it is generated."""
    return num_rows is None and name in _FILES and (shared / _FILES[name]).is_file()


def _lamini(shared: Path) -> Iterator[Row]:
    for line in (shared / _FILES["lamini"]).read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        question = record["question"].removeprefix(_HEAD).removesuffix(_TAIL)
        if record["answer"].strip():
            yield {"instruction": question, "response": record["answer"]}


def _alpaca(shared: Path) -> Iterator[Row]:
    records: list[Any] = json.loads((shared / _FILES["alpaca"]).read_text(encoding="utf-8"))
    for record in records:
        yield {
            "instruction": record["instruction"],
            "input": record["input"],
            "response": record["output"],
        }


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
