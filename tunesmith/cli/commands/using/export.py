"""`tunesmith export RUN --to FORMAT`: the tuned model in a form that others run, and compared."""

from pathlib import Path
from typing import Annotated

import typer

from tunesmith.cli.arguments import options as given
from tunesmith.cli.arguments.inputs import existing_folder
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import show_result
from tunesmith.cli.terminal.progress_bars import talking

EXAMPLES = """tunesmith export runs/mine --to gguf --type q8_0

tunesmith export runs/mine --to safetensors --type bf16 --out my-model

tunesmith export recipe.yaml --to ollama"""

Target = Annotated[str, typer.Argument(metavar="RUN", help="The run, or its recipe.")]
To = Annotated[str, typer.Option("--to", metavar="FORMAT", help="safetensors, gguf or ollama.")]
Type = Annotated[
    str | None,
    typer.Option(
        "--type",
        metavar="NAME",
        help="f32, bf16, f16; as GGUF also q8_0, q6_k, q5_1, q4_k_m, q4_0.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="PATH", help="Where it goes; into the run if not given."),
]
Replace = Annotated[bool, typer.Option("--replace", help="Replace what stands there.")]


def export(
    target: Target,
    to: To,
    *,
    run: given.RunFolderOption = None,
    kind: Type = None,
    out: Out = None,
    replace: Replace = False,
    json: given.JsonFlag = False,
    quiet: given.QuietFlag = False,
    verbose: given.VerboseFlag = False,
) -> None:
    """Write the tuned model in a form that others run; it is read back and compared before."""
    folder = existing_folder(target, run)
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages.exporting.export_model import export_model

        result = export_model(
            folder, to, kind=kind, out=out, is_replacing=replace, progress=progress
        )
    show_result(result, is_json=json)
