"""`tunesmith curve RECIPE`: whether more rows would help, and by how much."""

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

EXAMPLES = """tunesmith curve recipe.yaml

tunesmith curve recipe.yaml --seeds 4"""

Seeds = Annotated[
    int, typer.Option("--seeds", metavar="COUNT", min=1, help="Tunings on each number of rows.")
]


def curve(
    recipe: RecipeFile,
    run: RunFolderOption = None,
    *,
    seeds: Seeds = 2,
    settings: Settings = None,
    json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Tune on 1/8, 1/4, 1/2 and all of the rows, and say what twice as many would bring."""
    given = GivenRecipe(
        recipe=recipe, run=run, settings=settings, json=json, quiet=quiet, verbose=verbose
    )
    carry_out("curve", given, seeds=seeds)
