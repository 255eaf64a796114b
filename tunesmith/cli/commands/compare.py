"""`tunesmith compare RUN... with RUN...`: what changed between runs, and whether it mattered."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from tunesmith.cli.arguments import options as shared
from tunesmith.cli.arguments.inputs import existing_folder
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import show_result
from tunesmith.cli.terminal.progress_bars import talking
from tunesmith.errors import RecipeError

EXAMPLES = """tunesmith compare runs/before runs/after

tunesmith compare runs/before-* with runs/after-* -o comparison.md

tunesmith compare before.yaml after.yaml --rows 10 --json"""
WITH = "with"

Runs = Annotated[
    list[str],
    typer.Argument(
        metavar="RUN...",
        help="Two runs or their recipes; or several, the word with, and several others.",
    ),
]
Output = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write it as Markdown, too.")
]
NumRows = Annotated[
    int, typer.Option("--rows", metavar="COUNT", min=0, help="Rows to show that differ most.")
]


def compare(
    runs: Runs,
    *,
    rows: NumRows = 3,
    out: Output = None,
    force: shared.ForceReason = None,
    json: shared.JsonFlag = False,
    quiet: shared.QuietFlag = False,
    verbose: shared.VerboseFlag = False,
) -> None:
    """Say what changed between runs, and whether it mattered.

    With one run a side it is about these models; with several, about their recipes.
    """
    first, second = ([existing_folder(name, None).path for name in side] for side in sides_of(runs))
    reason = shared.check_reason(force)
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages import compare as stage

        result = stage.compare(
            first, second, progress=progress, num_rows=rows, output=out, force=reason
        )
    show_result(result, is_json=json)


def sides_of(words: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """What stands before and behind `with`; two runs need no such word.

    Raises:
        RecipeError: A side is missing, or it is not said where it begins.
    """
    if words.count(WITH) == 1:
        place = words.index(WITH)
        sides = words[:place], words[place + 1 :]
    else:
        sides = words[:1], words[1:]
    if not all(sides) or (WITH not in words and len(words) > 2) or words.count(WITH) > 1:
        cure = "For example: tunesmith compare runs/a-0 runs/a-1 with runs/b-0 runs/b-1"
        raise RecipeError("say which runs to compare with which", where="compare", cure=cure)
    return sides
