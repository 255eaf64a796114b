"""`tunesmith report RECIPE`: the pages of a run, made again from its files."""

from typing import Annotated

import typer

from tunesmith.cli.arguments.inputs import existing_folder
from tunesmith.cli.arguments.options import JsonFlag, QuietFlag, RunFolderOption, VerboseFlag
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import show_result
from tunesmith.cli.terminal.progress_bars import talking

EXAMPLES = """tunesmith report recipe.yaml

tunesmith report runs/mine

tunesmith report runs/mine --language zh"""

Target = Annotated[str, typer.Argument(metavar="TARGET", help="A recipe, or a run's folder.")]

ReportLanguage = Annotated[
    str | None,
    typer.Option(
        "--language", metavar="CODE", help="en or zh; as the recipe says (en) if not given."
    ),
]


def report(
    target: Target,
    run: RunFolderOption = None,
    language: ReportLanguage = None,
    *,
    json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Write a run's report.html and report.md from the files beside them."""
    folder = existing_folder(target, run)
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages import report as stage

        result = stage.report(folder, progress=progress, language=language)
    show_result(result, is_json=json)
