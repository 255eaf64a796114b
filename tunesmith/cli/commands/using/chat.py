"""`tunesmith chat MODEL`: a conversation, line by line; reads stdin where it is a pipe."""

import sys
from contextlib import closing
from typing import Annotated

import typer

from tunesmith.cli.arguments import options as given
from tunesmith.cli.arguments.inputs import generation_settings, sampling_overrides
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.chat_commands import answer_line
from tunesmith.cli.terminal.progress_bars import talking
from tunesmith.cli.terminal.typed_lines import typed_lines

EXAMPLES = """tunesmith chat runs/mine

tunesmith chat http://localhost:11434/v1#llama3

printf 'Hello\\n/reset\\nHello again\\n' | tunesmith chat starter"""

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help="base, tuned, a run, a folder, a Hub id, starter or URL#MODEL."
    ),
]


def chat(
    model: Model,
    *,
    run: given.AskedRun = None,
    key_env: given.KeyVariable = None,
    max_new_tokens: given.MaxNewTokens = None,
    temperature: given.Temperature = None,
    seed: given.SamplingSeed = None,
    stop: given.StopTexts = None,
    quiet: given.QuietFlag = False,
    verbose: given.VerboseFlag = False,
) -> None:
    """Talk with a model. /help lists what else can be typed; /quit or Ctrl-D ends it."""
    sampling = sampling_overrides(max_new_tokens, temperature, seed=seed, stop=stop)
    is_typed = sys.stdin.isatty()
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages.chat import chat as stage

        generation = generation_settings(sampling)
        with closing(stage(model, generation=generation, run=run, key_env=key_env)) as session:
            if is_typed:
                progress.note("/help lists what can be typed, /quit ends it.")
            for line in typed_lines() if is_typed else sys.stdin:
                if line.lower().split()[:1] == ["/quit"]:
                    return
                if line.strip():
                    answer_line(line.strip(), session, progress, is_typed=is_typed)
