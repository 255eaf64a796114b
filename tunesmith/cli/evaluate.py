"""`tunesmith evaluate RECIPE`: from answers to scores and verdicts."""

from tunesmith.cli.inputs import open_job
from tunesmith.cli.options import (
    JsonFlag,
    QuietFlag,
    RecipeFile,
    RunFolderOption,
    Settings,
    VerboseFlag,
)
from tunesmith.cli.output import show_result
from tunesmith.cli.progress import talking

EXAMPLES = """tunesmith evaluate recipe.yaml

tunesmith evaluate recipe.yaml --json"""


def evaluate(
    recipe: RecipeFile,
    run: RunFolderOption = None,
    *,
    settings: Settings = None,
    json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Score the answers of the base and the tuned model and compare them."""
    job = open_job(recipe, run, settings=settings)
    with talking(quiet, verbose) as progress:
        from tunesmith.stages import evaluate as stage

        result = stage.evaluate(
            job.recipe,
            job.folder,
            recipe_folder=job.recipe_folder,
            progress=progress,
        )
    show_result(result, is_json=json)
