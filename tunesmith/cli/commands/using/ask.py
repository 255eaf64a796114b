"""`tunesmith ask "..." --models A,B`: one prompt, several models side by side."""

import sys
from contextlib import closing
from typing import Annotated

import typer

from tunesmith.cli.arguments import options as given
from tunesmith.cli.arguments.inputs import generation_settings, sampling_overrides
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.answer_columns import show_answers
from tunesmith.cli.terminal.output import SCHEMA, print_json
from tunesmith.cli.terminal.progress_bars import talking
from tunesmith.errors import RecipeError

EXAMPLES = """tunesmith ask "What is a recipe?" --models base,tuned

tunesmith ask "What is a recipe?" --models base,tuned,http://localhost:11434/v1#llama3

echo "What is a recipe?" | tunesmith ask - --models runs/mine --json"""

PromptArgument = Annotated[
    str, typer.Argument(metavar="TEXT", help="The prompt; - reads it from stdin.")
]
Models = Annotated[
    str,
    typer.Option(
        "--models", metavar="A,B", help="base, tuned, runs, folders, Hub ids, starter, URL#MODEL."
    ),
]


def ask(
    text: PromptArgument,
    models: Models = "starter",
    *,
    run: given.AskedRun = None,
    key_env: given.KeyVariable = None,
    max_new_tokens: given.MaxNewTokens = None,
    temperature: given.Temperature = None,
    seed: given.SamplingSeed = None,
    stop: given.StopTexts = None,
    json: given.JsonFlag = False,
    quiet: given.QuietFlag = False,
    verbose: given.VerboseFlag = False,
) -> None:
    """Ask one or several models the same thing and show their answers side by side."""
    settings = sampling_overrides(max_new_tokens, temperature, seed=seed, stop=stop)
    generation = generation_settings(settings)
    names = [name.strip() for name in models.split(",") if name.strip()]
    prompt = sys.stdin.read().rstrip("\n") if text == "-" else text
    if not names:
        raise RecipeError("names no model", where="--models", cure="For example: --models starter")
    if not prompt.strip():
        raise RecipeError("the prompt is empty", where="TEXT", cure="Write what to ask.")
    with talking(quiet, verbose):
        with fast_imports():
            from tunesmith.stages.ask import ask_pieces
            from tunesmith.stages.results import answer_pieces as whole

        named = ask_pieces(prompt, names, generation=generation, run=run, key_env=key_env)
        with closing(named) as pieces:
            if json:
                answers = []
                for answer in whole.whole_answers(pieces):
                    print_json({"schema": SCHEMA, **answer.to_dict()})
                    answers.append(answer)
            else:
                answers = show_answers([whole.short_name(name) for name in names], pieces)
        whole.refuse_unanswered(answers)
