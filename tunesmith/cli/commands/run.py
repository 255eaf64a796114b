"""`tunesmith run RECIPE`: the whole loop."""

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

EXAMPLES = """tunesmith run recipe.yaml

tunesmith run recipe.yaml --set training.epochs=1 --run runs/short"""


def run(
    recipe: RecipeFile,
    run: RunFolderOption = None,
    *,
    settings: Settings = None,
    force: ForceReason = None,
    json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Run the whole loop: prepare, train, answer, evaluate, report.

    Run it again to resume, or after a change to redo what the change touches.
    """
    reason = check_reason(force)
    job = open_job(recipe, run, settings=settings)
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages import run as stage

        result = stage.run(
            job.recipe,
            job.folder,
            recipe_folder=job.recipe_folder,
            progress=progress,
            force=reason,
        )
    show_result(result, is_json=json)
