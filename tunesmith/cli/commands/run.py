"""`tunesmith run RECIPE`: the whole loop."""

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
from tunesmith.cli.stage_command import GivenRecipe, carry_out

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
    given = GivenRecipe(
        recipe=recipe, run=run, settings=settings, json=json, quiet=quiet, verbose=verbose
    )
    carry_out("run:run_loop", given, force=reason)
