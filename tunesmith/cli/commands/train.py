"""`tunesmith train RECIPE`: from tokens to a tuned model."""

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
    given = GivenRecipe(
        recipe=recipe, run=run, settings=settings, json=json, quiet=quiet, verbose=verbose
    )
    carry_out("train", given, force=reason)
