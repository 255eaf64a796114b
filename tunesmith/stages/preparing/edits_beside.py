"""A run -> the changes that people made to its pairs, from the file beside its recipe."""

from tunesmith.examples.edits.edit_log import EDITS, EditLog
from tunesmith.examples.edits.edited_chunks import EditPlan
from tunesmith.stages.execution.opened_run import Run


def edits_beside(run: Run) -> EditLog:
    """Every change, as the file says them now."""
    return EditLog.read(run.recipe_folder / EDITS)


def recipe_name(run: Run) -> str:
    """What a run's recipe is called in that file; empty where it came from no file."""
    return run.recipe_file.name if run.recipe_file else ""


def edit_plan(run: Run) -> EditPlan:
    """What a preparation of this run has to change."""
    return EditPlan.of(edits_beside(run), recipe_name(run))


def edits_notices(run: Run) -> list[str]:
    """A word on a file that only bears the name."""
    log = edits_beside(run)
    return [f"{EDITS} holds no changes that tunesmith wrote"] if log.is_foreign else []
