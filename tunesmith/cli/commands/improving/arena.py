"""`tunesmith arena RUN`: who wins when people choose between two answers without names."""

from typing import Annotated

import typer

from tunesmith.cli.arguments import options as given
from tunesmith.cli.arguments.inputs import existing_folder
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import show_result
from tunesmith.cli.terminal.progress_bars import talking

EXAMPLES = """tunesmith arena runs/mine

tunesmith arena runs/mine --json"""

Target = Annotated[str, typer.Argument(metavar="RUN", help="The run, or its recipe.")]


def arena(
    target: Target,
    *,
    run: given.RunFolderOption = None,
    json: given.JsonFlag = False,
    quiet: given.QuietFlag = False,
    verbose: given.VerboseFlag = False,
) -> None:
    """Rank a run's models by people's votes, which the studio's Arena page collects."""
    folder = existing_folder(target, run)
    with talking(quiet, verbose):
        with fast_imports():
            from tunesmith.line_log import author_name
            from tunesmith.stages.reviewing.arena_desk import ArenaDesk
            from tunesmith.stages.reviewing.arena_summary import arena_standing

        show_result(arena_standing(ArenaDesk(folder, author=author_name())), is_json=json)
