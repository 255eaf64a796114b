"""`tunesmith forecast RECIPE`: time and memory of a training, before it starts."""

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

EXAMPLES = """tunesmith forecast recipe.yaml

tunesmith forecast recipe.yaml --set training.method=lora"""


def forecast(
    recipe: RecipeFile,
    run: RunFolderOption = None,
    *,
    settings: Settings = None,
    json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Say how long training will take, how much memory, and what limits it."""
    job = open_job(recipe, run, settings=settings)
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages import forecast as stage

        result = stage.forecast(
            job.recipe,
            job.folder,
            recipe_folder=job.recipe_folder,
            progress=progress,
        )
    show_result(result, is_json=json)
