"""Lessons from beginning to end, with the played teacher; and a manual to teach from."""

from collections import Counter
from pathlib import Path
from typing import Any

from tests.teacher.played import Answer, PlayedAsker, answer
from tunesmith.examples.example import Example
from tunesmith.recipe.teacher_recipe import TeacherRecipe
from tunesmith.sources.row import Dropped
from tunesmith.teacher.avoided import AvoidedExamples
from tunesmith.teacher.lesson import plan_lesson, teach_lesson
from tunesmith.teacher.teacher import Taught

MANUAL = """# Ledgerly

## Backups

Ledgerly writes a backup to the second disk every night at two o'clock.
Each backup is kept for thirty days and deleted after that without a question.

## Users

A user is added on the page Settings by an owner of the company.
Every new user gets a letter with a link that is valid for seven days.
"""


def recipe_of(**keys: Any) -> TeacherRecipe:
    return TeacherRecipe.model_validate({"endpoint": {"path": "played"}, **keys})


def lesson(
    recipe: TeacherRecipe,
    *,
    answer: Answer = answer,
    folder: Path = Path(),
    avoided: AvoidedExamples | None = None,
    finish_reason: str = "stop",
) -> tuple[list[Taught], PlayedAsker]:
    caller = PlayedAsker(answer, finish_reason=finish_reason)
    planned = plan_lesson(recipe, subject=None, folder=folder)
    return list(teach_lesson(planned, caller, avoided or AvoidedExamples([]))), caller


def examples(items: list[Taught]) -> list[Example]:
    return [item for item in items if isinstance(item, Example)]


def reasons(items: list[Taught]) -> Counter[str]:
    return Counter(item.reason for item in items if isinstance(item, Dropped))
