"""`tunesmith export RUN --to FORMAT`: a run's model or data for other programs, compared."""

from pathlib import Path
from typing import Annotated

import typer

from tunesmith.cli.arguments import options as given
from tunesmith.cli.arguments.inputs import existing_folder
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import StageRecord, show_result
from tunesmith.cli.terminal.progress_bars import talking

EXAMPLES = """tunesmith export runs/mine --to gguf --type q8_0

tunesmith export runs/mine --to safetensors --type bf16 --out my-model

tunesmith export recipe.yaml --to ollama

tunesmith export runs/mine --to trl"""

FORMATS = (
    "The model: safetensors, gguf, ollama, mlx. Its data: trl, axolotl, llamafactory, "
    "openai-jsonl, rendered."
)
Target = Annotated[str, typer.Argument(metavar="RUN", help="The run, or its recipe.")]
To = Annotated[str, typer.Option("--to", metavar="FORMAT", help=FORMATS)]
Type = Annotated[
    str | None,
    typer.Option(
        "--type",
        metavar="NAME",
        help="f32, bf16, f16; as GGUF also q8_0, q6_k, q5_1, q4_k_m, q4_0. Of rendered: jsonl, "
        "parquet.",
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
    """Write a run's model or data for other programs; it is read back and compared before."""
    folder = existing_folder(target, run)
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages.exporting.export_data import DATA_FORMATS, export_data
            from tunesmith.stages.exporting.export_model import export_model

        how = export_data if to in DATA_FORMATS else export_model
        result: StageRecord = how(
            folder, to, kind=kind, out=out, is_replacing=replace, progress=progress
        )
    show_result(result, is_json=json)
