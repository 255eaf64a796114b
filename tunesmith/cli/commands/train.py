"""`tunesmith train RECIPE`: from tokens to a tuned model."""

from tunesmith.cli.arguments.inputs import open_job
from tunesmith.cli.arguments.options import (
    ForceReason,
    JsonFlag,
    QuietFlag,
    RecipeFile,
    RunFolderOption,
    Settings,
    VerboseFlag,
    check_reason,
)
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import show_result
from tunesmith.cli.terminal.progress_bars import talking

EXAMPLES = """tunesmith train recipe.yaml

tunesmith train recipe.yaml --set training.learning_rate=1e-4"""


def train(
    recipe: RecipeFile,
    run: RunFolderOption = None,
    *,
    settings: Settings = None,
    force: ForceReason = None,
    json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Train the model; interrupted, the same command resumes."""
    reason = check_reason(force)
    job = open_job(recipe, run, settings=settings)
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages import train as stage

        result = stage.train(
            job.recipe,
            job.folder,
            recipe_folder=job.recipe_folder,
            progress=progress,
            force=reason,
        )
    show_result(result, is_json=json)
