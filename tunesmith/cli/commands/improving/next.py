"""`tunesmith next RUN`: what the reviews say should change in the data, and the next recipe."""

from pathlib import Path
from typing import Annotated

import typer

from tunesmith.cli.arguments import options as given
from tunesmith.cli.arguments.inputs import existing_folder, is_recipe
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import show_result
from tunesmith.cli.terminal.progress_bars import talking

EXAMPLES = """tunesmith next runs/mine

tunesmith next runs/mine --dry-run

tunesmith next recipe.yaml --continue --out round-2.yaml"""

Target = Annotated[str, typer.Argument(metavar="RUN", help="The reviewed run, or its recipe.")]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FILE", help="The next recipe's name.")
]
Author = Annotated[
    str | None, typer.Option(metavar="NAME", help="Whose reviews count; your own if not given.")
]
Continue = Annotated[
    bool, typer.Option("--continue", help="Tune the tuned model further, not the base again.")
]
Dry = Annotated[bool, typer.Option("--dry-run", help="Only show the tasks; write nothing.")]


def next_(
    target: Target,
    *,
    run: given.RunFolderOption = None,
    out: Out = None,
    author: Author = None,
    goes_on: Continue = False,
    dry_run: Dry = False,
    json: given.JsonFlag = False,
    quiet: given.QuietFlag = False,
    verbose: given.VerboseFlag = False,
) -> None:
    """List what to change in the data, most useful first, and write the next recipe."""
    folder = existing_folder(target, run)
    with talking(quiet, verbose):
        with fast_imports():
            from tunesmith.stages.reviewing.next_round_stage import NextOptions, plan_next_round

        options = NextOptions(
            recipe=Path(target) if is_recipe(target) else None,
            out=out,
            author=author,
            goes_on=goes_on,
            is_dry=dry_run,
        )
        show_result(plan_next_round(folder, options), is_json=json)
