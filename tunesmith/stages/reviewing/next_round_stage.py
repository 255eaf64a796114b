"""A reviewed run -> the data tasks that follow, and the next recipe beside the first."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tunesmith.errors import DataError, RecipeError
from tunesmith.line_log import author_name
from tunesmith.rounds.data_task import DataTask
from tunesmith.stages.execution.claim import recorded_recipe
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.results.next_round import NextRound
from tunesmith.stages.reviewing.review_desk import ReviewDesk
from tunesmith.stages.reviewing.round_plan import RoundPlan, plan_round
from tunesmith.stages.reviewing.round_recipe import RoundFiles, next_name, write_round


@dataclass(frozen=True, slots=True, kw_only=True)
class NextOptions:
    """How the next round is made.

    Attributes:
        recipe: Of the run; what the run says, if not given.
        out: Where the next recipe goes; beside the first under the next name, if not given.
        author: Whose reviews count; TUNESMITH_AUTHOR or the login's name, if not given; the
            busiest reviewer, where that one has said nothing.
        goes_on: Whether it tunes the tuned model further.
        is_dry: Whether the tasks are shown and nothing is written.
    """

    recipe: Path | None = None
    out: Path | None = None
    author: str | None = None
    goes_on: bool = False
    is_dry: bool = False


def plan_next_round(folder: RunFolder, options: NextOptions) -> NextRound:
    """Plan the next round by the reviews of a run's answers, and write it.

    Raises:
        DataError: Nothing has been reviewed.
        RecipeError: The run does not say its recipe, or what would be written stands already.
    """
    desk = _desk(folder, options.author)
    recipe = options.recipe or recorded_recipe(folder.path)
    if recipe is None:
        cure = "Name it: tunesmith next recipe.yaml --run FOLDER"
        raise RecipeError("the run's recipe is not where it was", where=str(folder.path), cure=cure)
    files = RoundFiles(recipe=options.out or recipe.with_name(next_name(recipe)))
    plan = plan_round(desk, corrections=files.corrections.name)
    changes = list[str]()
    is_written = not options.is_dry and bool(plan.corrected or plan.left_out)
    if is_written:
        place = Path(os.path.relpath(folder.path, files.recipe.parent))
        changes = write_round(recipe, place, plan, files, goes_on=options.goes_on)
    return NextRound(
        run=str(folder.path),
        recipe=str(files.recipe) if is_written else None,
        tasks=[one.to_json() for one in plan.tasks],
        changes=changes,
        corrected=len(plan.corrected),
        left_out=len(plan.left_out),
        refused=plan.refused,
        summary=tuple(_lines(plan, files if is_written else None, changes)),
    )


def _desk(folder: RunFolder, author: str | None) -> ReviewDesk:
    desk = ReviewDesk(folder, author=author or author_name())
    if not desk.reviewed() and author is None:
        busy = (one for one in desk.book.authors() if desk.reviewed(one))
        desk.author = next(busy, desk.author)
    if not desk.reviewed():
        cure = f"Say what is wrong with its answers first: tunesmith review {folder.path}"
        raise DataError("nobody has reviewed this run's answers", where=str(folder.path), cure=cure)
    return desk


def _lines(plan: RoundPlan, files: RoundFiles | None, changes: Sequence[str]) -> Iterator[str]:
    for number, task in enumerate(plan.tasks, start=1):
        yield f"{number:2}. {_marked(task)}"
        if task.command:
            yield f"    {task.command}"
    yield from (f"refused, as it would leak: {one}" for one in plan.refused)
    if files is None:
        yield "Nothing changes in the data yet."
        return
    yield f"{files.recipe} changes:"
    yield from (f"  {one}" for one in changes)
    yield f"Then: tunesmith run {files.recipe}"


def _marked(task: DataTask) -> str:
    gain = f" [up to {task.gain:.0f} points]" if task.gain >= 0.5 else ""
    return f"{task.sentence}{gain}{' (in the recipe)' if task.is_in_recipe else ''}"
