"""`tunesmith prepare RECIPE`: from sources to examples and tokens."""

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

EXAMPLES = """tunesmith prepare recipe.yaml

tunesmith prepare recipe.yaml --json"""


def prepare(
    recipe: RecipeFile,
    run: RunFolderOption = None,
    *,
    settings: Settings = None,
    json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Read the sources; make examples, splits and tokens."""
    job = open_job(recipe, run, settings=settings)
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages import prepare as stage

        result = stage.prepare(
            job.recipe,
            job.folder,
            recipe_folder=job.recipe_folder,
            progress=progress,
        )
    show_result(result, is_json=json)
