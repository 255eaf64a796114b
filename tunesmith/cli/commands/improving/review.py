"""`tunesmith review RUN`: look at answers, say what is wrong, and see how often."""

import sys
from typing import Annotated

import typer

from tunesmith.cli.arguments import options as given
from tunesmith.cli.arguments.inputs import existing_folder
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import show_result
from tunesmith.cli.terminal.progress_bars import talking
from tunesmith.cli.terminal.review_talk import talk_through

EXAMPLES = """tunesmith review runs/mine

tunesmith review runs/mine --kind 'no greeting' --check lacks:hello

tunesmith review runs/mine --json"""

Target = Annotated[str, typer.Argument(metavar="RUN", help="The run, or its recipe.")]
Model = Annotated[str, typer.Option(metavar="NAME", help="Whose answers: tuned or base.")]
Rows = Annotated[
    int, typer.Option(metavar="COUNT", min=1, help="Validation rows to answer at most.")
]
Author = Annotated[
    str | None, typer.Option(metavar="NAME", help="Who reviews; your login's name if not given.")
]
Kind = Annotated[str | None, typer.Option(metavar="NAME", help="A kind to check or rename.")]
Check = Annotated[
    str | None,
    typer.Option(
        metavar="RULE:VALUE",
        help="How a program finds the kind, such as lacks:please; accept: the proposed one.",
    ),
]
Into = Annotated[
    str | None, typer.Option("--rename", metavar="NAME", help="Call the kind so; or merge it.")
]


def review(
    target: Target,
    *,
    run: given.RunFolderOption = None,
    model: Model = "tuned",
    rows: Rows = 300,
    author: Author = None,
    kind: Kind = None,
    check: Check = None,
    rename: Into = None,
    json: given.JsonFlag = False,
    quiet: given.QuietFlag = False,
    verbose: given.VerboseFlag = False,
) -> None:
    """Say of answers to validation rows whether they are right; kinds of failure are counted."""
    folder = existing_folder(target, run)
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages.reviewing.kind_change import change_kind
            from tunesmith.stages.reviewing.open_review import open_review
            from tunesmith.stages.reviewing.review_summary import review_summary

        desk = open_review(
            folder.path, progress=progress, author=author, model=model, most_rows=rows
        )
        if kind or check or rename:
            change_kind(desk, kind, check=check, into=rename)
        elif sys.stdin.isatty() and not json:
            talk_through(desk, lambda: show_result(review_summary(desk), is_json=False))
        show_result(review_summary(desk), is_json=json)
