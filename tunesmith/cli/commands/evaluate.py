"""`tunesmith evaluate RECIPE`: from answers to scores; before tuning, or of any file of answers."""

from tunesmith.cli.arguments import answers_file
from tunesmith.cli.arguments import teach_options as given
from tunesmith.cli.arguments.inputs import refuse_unused
from tunesmith.cli.arguments.options import (
    BeforeFlag,
    CheckJudgeFlag,
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

tunesmith evaluate recipe.yaml --before

tunesmith evaluate recipe.yaml --check-judge

tunesmith evaluate --answers answers.json --url http://localhost:11434/v1 --model llama3"""


def evaluate(
    recipe: answers_file.RecipeOrNone = None,
    run: RunFolderOption = None,
    *,
    settings: Settings = None,
    check_judge: CheckJudgeFlag = False,
    before: BeforeFlag = False,
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
        others = {"RECIPE": recipe, "--check-judge": check_judge, "--before": before}
        refuse_unused(others, "beside --answers")
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
    if before:
        refuse_unused({"--check-judge": check_judge}, "beside --before")
        carry_out("test_set.before_tuning:evaluate_before", opened)
        return
    carry_out("evaluate:check_judge" if check_judge else "evaluate", opened)
