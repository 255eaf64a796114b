"""Pairs, and a judge's grades where there are some -> which answers are weak, and why.

The simple rules find what needs no judge: refusals, answers that break off, say nothing, repeat
themselves, or are a few words where an explanation was asked for.
"""

import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError
from tunesmith.examples.answers import answer_fault
from tunesmith.examples.example import Example, last_user_text
from tunesmith.examples.splitting.words import words_of
from tunesmith.files import read_json_lines
from tunesmith.recipe.teacher_recipe import TeacherRecipe
from tunesmith.sources.lexicon import lexicon
from tunesmith.teacher.filters import refusal_in, repeated_sentence

_MIN_WORDS, _LONG = 8, 200
_ENDS = re.compile(r"[.!?。！？…:：;；)）\]】}\"”'’`|>*_~\d]\s*$")
_LAID_OUT = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)、]|\||```|    )", re.MULTILINE)


def weakness(example: Example) -> str | None:
    """Why an answer is weak, to be read behind "a response that is weak:"; None if it is not."""
    if example.is_text or example.messages[-1].role != "assistant":
        return None
    answer = example.reference.strip()
    fault = answer_fault(example)
    asked = last_user_text(example.messages)
    is_short = _speaks_of("short_forms").search(asked) is not None
    is_for_text = not is_short and _speaks_of("asks_for_text").search(asked) is not None
    num_words = len(words_of(answer))
    is_open = len(answer) > _LONG and not _ENDS.search(answer) and not _LAID_OUT.search(answer)
    found = {
        "it refuses": refusal_in(answer) is not None,
        fault[1] if fault else "": fault is not None,
        "it repeats itself": repeated_sentence(answer) is not None,
        "it breaks off": is_open,
        f"it has {num_words} words where a text is asked for": (
            is_for_text and num_words < _MIN_WORDS
        ),
    }
    return next((reason for reason, is_so in found.items() if is_so), None)


class Weakness:
    """Finds weak answers by a judge's grades where a file of them is named, else by rules."""

    def __init__(self, recipe: TeacherRecipe, *, folder: Path) -> None:
        self._below = recipe.grade_below
        self._grades = None if recipe.grades is None else _read_grades(folder / recipe.grades)

    def reason(self, example: Example) -> str | None:
        """Why an answer is weak; None where it is not."""
        if self._grades is None:
            return weakness(example)
        grade = self._grades.get(example.id)
        if grade is None or grade >= self._below:
            return None
        return f"a judge gave it {grade:g} of 100"


def _read_grades(path: Path) -> Mapping[str, float]:
    """Grades by the id of the example; where a row was graded more than once, their mean.

    Raises:
        MissingError: There is no such file.
        DataError: No line of it grades an example.
    """
    found: dict[str, list[float]] = {}
    for record in read_json_lines(path):
        name, score = _grade(record)
        if name is not None and score is not None:
            found.setdefault(name, []).append(score)
    if not found:
        raise DataError(
            "holds no grades",
            where=str(path),
            cure="A grade is a line such as "
            '{"example_id": "...", "score": 40}; tunesmith evaluate writes them into grades/.',
        )
    return {name: sum(scores) / len(scores) for name, scores in found.items()}


def _grade(record: Mapping[str, Any]) -> tuple[str | None, float | None]:
    name, score = record.get("example_id", record.get("id")), record.get("score")
    if not isinstance(name, str) or isinstance(score, bool) or not isinstance(score, int | float):
        return None, None
    return name, float(score)


@functools.cache
def _speaks_of(name: str) -> re.Pattern[str]:
    spaced, unspaced = (lexicon(__package__).either(name, is_spaced=one) for one in (True, False))
    return re.compile(rf"\b(?:{spaced})\b|{unspaced}", re.IGNORECASE)
