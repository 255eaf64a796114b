"""A teacher's recipe and somebody who answers -> everything that is written, in order.

`plan_lesson` reads the material and knows how many calls it will take; `teach_lesson` makes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tunesmith.endpoints.chat_request import AnyCaller
from tunesmith.examples.example import Example
from tunesmith.recipe.teacher_recipe import TeacherRecipe
from tunesmith.sources.row import Dropped
from tunesmith.teacher.avoided import AvoidedExamples
from tunesmith.teacher.document_jobs import DocumentJob, plan_jobs, read_parts
from tunesmith.teacher.from_documents import from_documents
from tunesmith.teacher.improve import Weak, improve, read_pairs
from tunesmith.teacher.seeds import SeedTask, read_seeds
from tunesmith.teacher.self_instruct import self_instruct
from tunesmith.teacher.teacher import Teacher, Teaching
from tunesmith.teacher.weak import Weakness


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonPlan:
    """The material of a lesson, read; of the three lists one is filled."""

    recipe: TeacherRecipe
    seeds: Sequence[SeedTask] = ()
    jobs: Sequence[DocumentJob] = ()
    pairs: Sequence[Weak] = ()
    unread: Sequence[Dropped] = ()

    @property
    def num_weak(self) -> int:
        """Pairs that are to be rewritten, were there no count."""
        return sum(reason is not None for _, reason in self.pairs)

    def words(self) -> str:
        """What was found, in a sentence."""
        match self.recipe.task:
            case "self-instruct":
                return f"{len(self.seeds):,} seed tasks"
            case "documents":
                parts = len({(job.part.source, job.part.text) for job in self.jobs})
                return f"{parts:,} parts of documents, {len(self.jobs):,} requests for pairs"
            case "improve":
                return f"{self.num_weak:,} of {len(self.pairs):,} pairs have a weak answer"


def plan_lesson(recipe: TeacherRecipe, *, subject: str | None, folder: Path) -> LessonPlan:
    """Read what the lesson is made from; nothing is asked.

    Args:
        recipe: Names it.
        subject: What the documents describe; None: what each of them shows.
        folder: The recipe's; paths are relative to it.

    Raises:
        MissingError: A file does not exist.
        DataError: One is empty, damaged, or holds nothing that serves.
    """
    match recipe.task:
        case "self-instruct":
            seeds = read_seeds(recipe.seeds, recipe.language, folder=folder)
            return LessonPlan(recipe=recipe, seeds=seeds)
        case "documents":
            parts = read_parts(recipe, subject, folder=folder)
            return LessonPlan(recipe=recipe, jobs=plan_jobs(parts, recipe))
        case "improve":
            weakness = Weakness(recipe, folder=folder)
            items = list(read_pairs(recipe, folder=folder))
            pairs = [(one, weakness.reason(one)) for one in items if isinstance(one, Example)]
            unread = [one for one in items if isinstance(one, Dropped)]
            return LessonPlan(recipe=recipe, pairs=pairs, unread=unread)


def teach_lesson(plan: LessonPlan, caller: AnyCaller, avoided: AvoidedExamples) -> Teaching:
    """Ask the teacher; what it writes comes in order.

    Args:
        plan: Of `plan_lesson`.
        caller: Who answers.
        avoided: The test set.
    """
    teacher = Teacher(caller, plan.recipe)
    match plan.recipe.task:
        case "self-instruct":
            return self_instruct(teacher, plan.seeds, avoided)
        case "documents":
            return from_documents(teacher, plan.jobs, avoided)
        case "improve":
            return improve(teacher, plan.pairs, avoided)
