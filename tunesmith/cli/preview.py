"""`tunesmith preview`: what the model will read, and which tokens are trained."""

from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from tunesmith.cli import options as shared
from tunesmith.cli.inputs import is_recipe, refuse_unused
from tunesmith.cli.marks import show_row
from tunesmith.cli.output import SCHEMA, print_json
from tunesmith.cli.progress import talking

EXAMPLES = """tunesmith preview recipe.yaml

tunesmith preview data.jsonl --template chatml --tokenizer my-model --json"""

_ROWS_SHOWN = 3
_ROW_KEYS = ("id", "source", "text", "ids", "is_trained", "prompt_ids")

Target = Annotated[str, typer.Argument(metavar="TARGET", help="A recipe, or a data file.")]
Template = Annotated[
    str | None, typer.Option("--template", metavar="NAME", help="With a data file: its template.")
]
Tokenizer = Annotated[
    str | None,
    typer.Option("--tokenizer", metavar="MODEL", help="With a data file: whose tokenizer."),
]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit", metavar="COUNT", min=1, help="Rows to show; 3, with --json all, if not given."
    ),
]


def preview(
    target: Target,
    template: Template = None,
    *,
    tokenizer: Tokenizer = None,
    limit: Limit = None,
    settings: shared.Settings = None,
    json: shared.JsonFlag = False,
    quiet: shared.QuietFlag = False,
    verbose: shared.VerboseFlag = False,
) -> None:
    """Show exactly what the model reads, with the trained tokens marked; trains nothing."""
    from tunesmith.recipe.load import load_recipe, recipe_from_mapping

    shown = limit if limit or json else _ROWS_SHOWN
    recipe, folder, data = None, Path(), None
    if is_recipe(target):
        refuse_unused({"--template": template, "--tokenizer": tokenizer}, "beside a recipe")
        recipe, folder = load_recipe(Path(target), overrides=settings or ()), Path(target).parent
    else:
        refuse_unused({"--set": settings}, "without a recipe")
        data = Path(target)
        recipe_from_mapping(
            {"sources": [{"path": target}], "template": {"name": template or "auto"}}, name=target
        )
    with talking(quiet, verbose):
        from tunesmith.stages.preview import preview_rows

        rows = preview_rows(
            recipe=recipe,
            recipe_folder=folder.resolve(),
            data=data,
            template=template,
            tokenizer=tokenizer,
            limit=shown,
        )
        for row in islice(rows, shown):
            if json:
                print_json({"schema": SCHEMA, **{key: row[key] for key in _ROW_KEYS}})
            else:
                show_row(row)
