"""`tunesmith init`: a recipe for one's own data, or one to start from, every key explained."""

from typing import Annotated

import typer

from tunesmith.cli.arguments.options import ForceReason, JsonFlag, QuietFlag, VerboseFlag
from tunesmith.cli.arguments.recipe_and_data import check_new, recipe_and_data
from tunesmith.cli.terminal.numbered import person_at_terminal
from tunesmith.cli.terminal.output import show_result
from tunesmith.cli.terminal.preview_text import show_preview
from tunesmith.cli.terminal.progress_bars import talking

EXAMPLES = """tunesmith init --data tickets.csv

tunesmith init support.yaml --data faq.md slack-export.zip docs/

tunesmith init --data tatsu-lab/alpaca"""

_NUM_SHOWN = 3

Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE",
        help="The recipe to write, recipe.yaml if not given; - prints it. All others: more data.",
        show_default=False,
    ),
]
DataFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--data", metavar="DATA", help="Your data: a file or folder of any kind, or a Hub data set."
    ),
]


def init(
    files: Files = None,
    data: DataFiles = None,
    *,
    force: ForceReason = None,
    json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Look at data, and write a recipe that reads it, with a reason beside each choice."""
    file, places = recipe_and_data(files or (), data or ())
    check_new(file, force)
    with talking(quiet, verbose) as progress:
        from tunesmith.stages.proposing.new_recipe import write_recipe_for

        proposed = write_recipe_for(
            places, file, ask=person_at_terminal(json or quiet), progress=progress
        )
        if str(file) == "-":
            return
        for pieces in () if json or quiet else proposed.previews(progress):
            show_preview(pieces, limit=_NUM_SHOWN, is_json=False, progress=progress)
    show_result(proposed.to_dict() if json else proposed.in_short(), is_json=json)
