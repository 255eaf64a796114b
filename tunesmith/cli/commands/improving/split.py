"""`tunesmith split RECIPE`: where rows lie, who looked at the test set; and a fresh test set."""

from typing import Annotated

import typer

from tunesmith.cli.arguments.options import (
    JsonFlag,
    QuietFlag,
    RecipeFile,
    RunFolderOption,
    Settings,
    VerboseFlag,
)
from tunesmith.cli.stage_command import GivenRecipe, carry_out

EXAMPLES = """tunesmith split recipe.yaml

tunesmith split recipe.yaml --fresh-test"""

Fresh = Annotated[
    bool,
    typer.Option(
        "--fresh-test", help="Draw a test set from rows that no run has used; retire the old one."
    ),
]


def split(
    recipe: RecipeFile,
    run: RunFolderOption = None,
    *,
    fresh_test: Fresh = False,
    settings: Settings = None,
    json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Show how rows are split and how often each test set was looked at; or draw a fresh one."""
    given = GivenRecipe(
        recipe=recipe, run=run, settings=settings, json=json, quiet=quiet, verbose=verbose
    )
    carry_out("looking.known_splits:known_splits", given, fresh_test=fresh_test)
