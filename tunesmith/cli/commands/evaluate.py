"""`tunesmith evaluate RECIPE`: from answers to scores; with `--answers`, those of any file."""

from typing import Annotated

import typer

from tunesmith.cli.arguments import answers_file
from tunesmith.cli.arguments import teach_options as given
from tunesmith.cli.arguments.inputs import refuse_unused
from tunesmith.cli.arguments.options import (
    JsonFlag,
    QuietFlag,
    RunFolderOption,
    Settings,
    VerboseFlag,
)
from tunesmith.cli.stage_command import GivenRecipe, carry_out
from tunesmith.errors import RecipeError

EXAMPLES = """tunesmith evaluate recipe.yaml

tunesmith evaluate recipe.yaml --json

tunesmith evaluate recipe.yaml --check-judge

tunesmith evaluate --answers answers.json --url http://localhost:11434/v1 --model llama3"""

CheckJudge = Annotated[
    bool,
    typer.Option(
        "--check-judge", help="Only try the judge with answers whose worth is known; train nothing."
    ),
]


def evaluate(
    recipe: answers_file.RecipeOrNone = None,
    run: RunFolderOption = None,
    *,
    settings: Settings = None,
    check_judge: CheckJudge = False,
    answers: answers_file.AnswersFile = None,
    fields: answers_file.AnswerFields = None,
    url: given.Url = None,
    model: given.Model = None,
    key_env: given.KeyEnv = None,
    json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Score the answers of base, tuned and rivals, by metrics and a judge, and compare them."""
    judge = {"url": url, "model": model, "key_env": key_env}
    if answers is not None:
        refuse_unused({"RECIPE": recipe, "--check-judge": check_judge}, "beside --answers")
        asked = answers_file.GivenAnswers(
            file=answers, run=run, fields=fields or (), judge=judge, settings=settings or ()
        )
        answers_file.score_answers(asked, json=json, quiet=quiet, verbose=verbose)
        return
    flags = {f"--{name.replace('_', '-')}": value for name, value in judge.items()}
    refuse_unused({"--field": fields, **flags}, "without --answers")
    if recipe is None:
        cure = "Name a recipe, or a file of answers: --answers FILE."
        raise RecipeError("nothing was named to evaluate", where="RECIPE", cure=cure)
    opened = GivenRecipe(
        recipe=recipe, run=run, settings=settings, json=json, quiet=quiet, verbose=verbose
    )
    carry_out("evaluate:check_judge" if check_judge else "evaluate", opened)
