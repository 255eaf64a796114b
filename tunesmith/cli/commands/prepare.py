"""`tunesmith prepare RECIPE`: from sources to examples and tokens."""

from tunesmith.cli.arguments.options import (
    JsonFlag,
    QuietFlag,
    RecipeFile,
    RunFolderOption,
    Settings,
    VerboseFlag,
)
from tunesmith.cli.stage_command import GivenRecipe, carry_out

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
    given = GivenRecipe(
        recipe=recipe, run=run, settings=settings, json=json, quiet=quiet, verbose=verbose
    )
    carry_out("prepare", given)
