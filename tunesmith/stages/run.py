"""A recipe -> the whole loop: prepare, train, answer, evaluate, report."""

import os
from pathlib import Path

from tunesmith.errors import RecipeError
from tunesmith.recipe.recipe import Recipe
from tunesmith.stages.evaluate import evaluate
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.execution.stage import Result
from tunesmith.stages.prepare import prepare
from tunesmith.stages.report import report
from tunesmith.stages.test_set.judging import check_servers
from tunesmith.stages.test_set.rivals import check_rivals
from tunesmith.stages.train import train


def run(
    recipe: Recipe,
    folder: RunFolder,
    *,
    recipe_folder: Path,
    progress: Progress,
    force: str | None = None,
) -> Result:
    """Run every stage whose inputs changed; each resumes where it was interrupted.

    Returns:
        What `prepare` and `train` return, and `scores`, `report`, `summary`.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise RecipeError(
            "several processes cannot share the whole loop",
            where="torchrun",
            cure="Start tunesmith train under torchrun, then tunesmith run alone for the rest.",
        )
    folder.claim(recipe, recipe_folder)
    check_servers(recipe, folder, progress)
    prepared = prepare(recipe, folder, recipe_folder=recipe_folder, progress=progress)
    check_rivals(recipe, folder, recipe_folder=recipe_folder, progress=progress)
    trained = train(recipe, folder, recipe_folder=recipe_folder, progress=progress, force=force)
    scores = evaluate(recipe, folder, recipe_folder=recipe_folder, progress=progress)
    written = report(folder, progress=progress)
    return {**prepared, **trained, "scores": scores, **written}
