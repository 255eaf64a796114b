"""`tunesmith evaluate RECIPE`: from answers to scores and verdicts."""

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

EXAMPLES = """tunesmith evaluate recipe.yaml

tunesmith evaluate recipe.yaml --json

tunesmith evaluate recipe.yaml --check-judge"""

CheckJudge = Annotated[
    bool,
    typer.Option(
        "--check-judge", help="Only try the judge with answers whose worth is known; train nothing."
    ),
]


def evaluate(
    recipe: RecipeFile,
    run: RunFolderOption = None,
    *,
    settings: Settings = None,
    check_judge: CheckJudge = False,
    json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Score the answers of base, tuned and rivals, by metrics and a judge, and compare them."""
    given = GivenRecipe(
        recipe=recipe, run=run, settings=settings, json=json, quiet=quiet, verbose=verbose
    )
    carry_out("evaluate:check_judge" if check_judge else "evaluate", given)
