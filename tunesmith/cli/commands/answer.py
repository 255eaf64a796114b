"""`tunesmith answer RECIPE`: the test set; with `--input`, any file by any model."""

from pathlib import Path
from typing import Annotated

import typer

from tunesmith.cli.arguments import inputs
from tunesmith.cli.arguments import options as shared
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.stage_command import GivenRecipe, carry_out
from tunesmith.cli.terminal.answer_columns import show_rows
from tunesmith.cli.terminal.output import show_result
from tunesmith.cli.terminal.progress_bars import talking

EXAMPLES = """tunesmith answer recipe.yaml

tunesmith answer runs/mine --input new.csv

tunesmith answer runs/mine/model --input new.jsonl --output answers.csv"""

Target = Annotated[
    str, typer.Argument(metavar="TARGET", help="A recipe; with --input also a model or a run.")
]
InputFile = Annotated[
    Path | None, typer.Option("--input", metavar="FILE", help="Answer the rows of this file.")
]
OutputFile = Annotated[
    Path | None,
    typer.Option(
        "--output",
        metavar="FILE",
        help="Where those answers go: .jsonl, .csv, .tsv, .parquet; the terminal if not given.",
    ),
]


def answer(
    target: Target,
    input_file: InputFile = None,
    *,
    output_file: OutputFile = None,
    max_new_tokens: shared.MaxNewTokens = None,
    temperature: shared.Temperature = None,
    seed: shared.SamplingSeed = None,
    stop: shared.StopTexts = None,
    run: shared.RunFolderOption = None,
    settings: shared.Settings = None,
    json: shared.JsonFlag = False,
    quiet: shared.QuietFlag = False,
    verbose: shared.VerboseFlag = False,
) -> None:
    """Let the base and the tuned model answer the test set, or one model any file."""
    sampling = inputs.sampling_overrides(max_new_tokens, temperature, seed=seed, stop=stop)
    settings = [*(settings or ()), *sampling]
    if input_file is None:
        inputs.refuse_unused({"--output": output_file}, "without --input")
        given = GivenRecipe(
            recipe=Path(target), run=run, settings=settings, json=json, quiet=quiet, verbose=verbose
        )
        carry_out("answer", given)
        return
    with talking(quiet, verbose) as progress:
        model, generation = inputs.model_and_generation(target, run, settings)
        with fast_imports():
            from tunesmith.stages.answer import answer_file

        result = answer_file(
            model, input_file, output_file, generation=generation, progress=progress
        )
    if output_file is None:
        show_rows(result.rows, is_json=json)
    if output_file is not None or not json:
        show_result(result, is_json=json)
