"""`tunesmith ask "..." --models A,B`: one prompt, several models side by side."""

import sys
from typing import Annotated

import typer

from tunesmith.cli.arguments.inputs import generation_settings, sampling_overrides
from tunesmith.cli.arguments.options import (
    JsonFlag,
    MaxNewTokens,
    QuietFlag,
    SamplingSeed,
    StopTexts,
    Temperature,
    VerboseFlag,
)
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.answer_columns import show_columns, show_sections
from tunesmith.cli.terminal.output import SCHEMA, print_json
from tunesmith.cli.terminal.progress_bars import talking
from tunesmith.errors import RecipeError

EXAMPLES = """tunesmith ask "What is a recipe?" --models starter,runs/mine

echo "What is a recipe?" | tunesmith ask - --models runs/mine --json"""

PromptArgument = Annotated[
    str, typer.Argument(metavar="TEXT", help="The prompt; - reads it from stdin.")
]
Models = Annotated[
    str,
    typer.Option("--models", metavar="A,B", help="Runs, folders, Hub ids or starter."),
]


def ask(
    text: PromptArgument,
    models: Models = "starter",
    *,
    max_new_tokens: MaxNewTokens = None,
    temperature: Temperature = None,
    seed: SamplingSeed = None,
    stop: StopTexts = None,
    json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Ask one or several models the same thing and show their answers side by side."""
    generation = generation_settings(
        sampling_overrides(max_new_tokens, temperature, seed=seed, stop=stop)
    )
    names = [name.strip() for name in models.split(",") if name.strip()]
    prompt = sys.stdin.read().rstrip("\n") if text == "-" else text
    if not names:
        raise RecipeError("names no model", where="--models", cure="For example: --models starter")
    if not prompt.strip():
        raise RecipeError("the prompt is empty", where="TEXT", cure="Write what to ask.")
    with talking(quiet, verbose):
        with fast_imports():
            from tunesmith.stages.ask import ask as stage

        answers = stage(prompt, names, generation=generation)
        if json:
            for answer in answers:
                print_json({"schema": SCHEMA, **answer.to_dict()})
        elif len(names) > 1 and sys.stdout.isatty():
            show_columns(list(answers))
        else:
            show_sections(answers)
