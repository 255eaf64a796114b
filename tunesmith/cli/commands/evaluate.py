"""`tunesmith evaluate RECIPE`: from answers to scores and verdicts."""

from typing import Annotated

import typer

from tunesmith.cli.arguments.inputs import open_job
from tunesmith.cli.arguments.options import (
    JsonFlag,
    QuietFlag,
    RecipeFile,
    RunFolderOption,
    Settings,
    VerboseFlag,
)
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import show_result
from tunesmith.cli.terminal.progress_bars import talking

EXAMPLES = """tunesmith evaluate recipe.yaml

tunesmith evaluate recipe.yaml --json

tunesmith evaluate recipe.yaml --check-judge"""

CheckJudge = Annotated[
    bool,
    typer.Option(
        "--check-judge", help="Only try the judge with answers whose worth is known; train nothing."
    ),
]


def evaluate(
    recipe: RecipeFile,
    run: RunFolderOption = None,
    *,
    settings: Settings = None,
    check_judge: CheckJudge = False,
    json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Score the answers of base, tuned and rivals, by metrics and a judge, and compare them."""
    job = open_job(recipe, run, settings=settings)
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages import evaluate as stage

        work = stage.check_judge if check_judge else stage.evaluate
        result = work(
            job.recipe,
            job.folder,
            recipe_folder=job.recipe_folder,
            progress=progress,
        )
    show_result(result, is_json=json)
