"""A recipe with teachers among its sources -> the same over the files that they wrote.

Each teacher writes into the run's folder; replies lie in the run's cache, so that preparing again
asks nothing twice. The recipe's own test rows are shown to no teacher, and nothing like them is
kept.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tunesmith.files import hash_file
from tunesmith.recipe.recipe import Recipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.recipe.teacher_recipe import TeacherRecipe
from tunesmith.sources.pages.page_folder import folder_files
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.stage import StageResult
from tunesmith.stages.teach import Lesson, teach

# What decides who answers, of an endpoint; the rest only decides how, and how much.
_IDENTITY = ("url", "model", "path")


def with_taught_files(run: Run) -> Recipe:
    """The recipe with a file of the run in the place of each teacher."""
    sources = list(run.recipe.sources)
    for index, source, _ in _teachers(run.recipe):
        path = os.path.relpath(run.folder.taught(index), run.recipe_folder)
        keys = source.model_dump(include={"use_as", "weight"})
        if source.weight is not None:
            keys["seed"] = source.seed
        sources[index] = SourceRecipe(path=path, kind="jsonl", **keys)
    return run.recipe.model_copy(update={"sources": sources})


def teach_sources(run: Run) -> list[StageResult]:
    """Let every teacher of a run's recipe write its file.

    Returns:
        What each wrote, as `teach` says it.

    Raises:
        TunesmithError: As `teach` does.
    """
    recipe, folder = run.recipe, run.folder
    avoid = [one for one in recipe.sources if one.use_as == "test" and one.teacher is None]
    results = []
    for index, source, teacher in _teachers(recipe):
        lesson = Lesson(
            recipe=teacher,
            out=folder.taught(index),
            subject=source.subject,
            avoid=avoid,
            folder=run.recipe_folder,
            cache_path=folder.calls,
        )
        result = teach(lesson, progress=run.progress)
        for notice in result.notices:
            run.progress.note(notice)
        results.append(result.to_dict())
    return results


def taught_paths(run: Run) -> list[Path]:
    """The files that the teachers of a run's recipe write."""
    return [run.folder.taught(index) for index, _, _ in _teachers(run.recipe)]


def teacher_inputs(teacher: TeacherRecipe, recipe_folder: Path) -> dict[str, Any]:
    """What the pairs of a teacher depend on: who is asked, how, and the material."""
    inputs = teacher.model_dump(exclude={"endpoint"})
    inputs["endpoint"] = teacher.endpoint.model_dump(include=set(_IDENTITY))
    named = [teacher.seeds, teacher.pairs, teacher.grades, *teacher.documents]
    inputs["material"] = [_content(recipe_folder / path) for path in named if path is not None]
    return inputs


def _teachers(recipe: Recipe) -> Iterator[tuple[int, SourceRecipe, TeacherRecipe]]:
    for index, source in enumerate(recipe.sources):
        if source.teacher is not None:
            yield index, source, source.teacher


def _content(path: Path) -> list[list[str]]:
    """Names and hashes of a file, or of the files in a folder."""
    files = folder_files(path) if path.is_dir() else [path]
    return [[str(file.name), hash_file(file)] for file in files if file.is_file()]
