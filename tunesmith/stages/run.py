"""A recipe -> the whole loop: prepare, train, answer, evaluate, report."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tunesmith.errors import RecipeError
from tunesmith.recipe.recipe import Recipe
from tunesmith.stages.before_training import check_before_reading, check_before_training
from tunesmith.stages.evaluate import evaluate
from tunesmith.stages.execution.opened_run import Run, open_run
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.looking.note_look import looking_by
from tunesmith.stages.prepare import prepare
from tunesmith.stages.report import report
from tunesmith.stages.results.reported import LoopResult
from tunesmith.stages.reviewing.round_facts import measure_round
from tunesmith.stages.train import train


def run(
    target: str | Path | Recipe | Mapping[str, object],
    *,
    folder: str | Path | None = None,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
    force: str | None = None,
) -> Run:
    """Run the whole loop of a recipe: prepare, train, answer, evaluate, report.

    Args:
        target: A recipe: its file, a Recipe, or its keys as a mapping.
        folder: Of the run; `runs/<recipe's name>` for a recipe's file if not given.
        overrides: `training.epochs=1`: other values for keys of the recipe.
        progress: Told of what is done; a bar where somebody watches (a notebook, a session in a
            terminal), nobody elsewhere, if not given.
        force: A reason to resume a checkpoint of another recipe, machine or version.

    Returns:
        The run, whose scores, report, rows and model are there.

    Raises:
        TunesmithError: As each of the stages does.
    """
    opened = open_run(target, folder=folder, overrides=overrides, progress=progress)
    run_loop(opened, force=force)
    return opened


def run_loop(run: Run, *, force: str | None = None) -> LoopResult:
    """Run every stage whose inputs changed; each resumes where it was interrupted.

    Raises:
        RecipeError: This is torchrun.
        TunesmithError: As each of the stages does.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise RecipeError(
            "several processes cannot share the whole loop",
            where="torchrun",
            cure="Start tunesmith train under torchrun, then tunesmith run alone for the rest.",
        )
    run.claim()
    check_before_reading(run)
    prepared = prepare(run)
    check_before_training(run)
    trained = train(run, force=force)
    with looking_by("run"):
        scores = evaluate(run)
        measure_round(run)
        written = report(run.folder, progress=run.progress)
    return LoopResult(prepared=prepared, trained=trained, scores=scores, written=written)
