"""`tunesmith preview`: what becomes of the material, and which tokens are trained."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tunesmith.cli.arguments import options as shared
from tunesmith.cli.arguments import source_options as given
from tunesmith.cli.arguments.inputs import is_recipe, refuse_unused
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.preview_text import show_preview
from tunesmith.cli.terminal.progress_bars import talking

EXAMPLES = """tunesmith preview recipe.yaml

tunesmith preview tickets.csv --field instruction=subject --field response=reply

tunesmith preview data.jsonl --template chatml --tokenizer my-model --json"""

Target = Annotated[
    str, typer.Argument(metavar="TARGET", help="A recipe, or a file or folder of material.")
]
TemplateOption = Annotated[
    str | None, typer.Option("--template", metavar="NAME", help="Without a recipe: its template.")
]
TokenizerOption = Annotated[
    str | None,
    typer.Option("--tokenizer", metavar="MODEL", help="Without a recipe: whose tokenizer."),
]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit", metavar="COUNT", min=1, help="Rows to show; 3, with --json all, if not given."
    ),
]


def preview(
    target: Target,
    template: TemplateOption = None,
    *,
    tokenizer: TokenizerOption = None,
    kind: given.Kind = None,
    field: given.Fields = None,
    staff: given.Staff = None,
    redact: given.Redact = None,
    limit: Limit = None,
    settings: shared.Settings = None,
    json: shared.JsonFlag = False,
    quiet: shared.QuietFlag = False,
    verbose: shared.VerboseFlag = False,
) -> None:
    """Show what becomes of each piece and what the model reads, trained tokens marked."""
    from tunesmith.recipe.load_recipe import load_recipe, recipe_from_mapping

    if is_recipe(target):
        names = ("--template", "--tokenizer", "--kind", "--field", "--staff", "--redact")
        unused = dict(zip(names, (template, tokenizer, kind, field, staff, redact), strict=True))
        refuse_unused(unused, "beside a recipe")
        recipe, folder = load_recipe(Path(target), overrides=settings or ()), Path(target).parent
    else:
        written: dict[str, Any] = {
            "sources": [{"path": target, **given.source_keys(kind, field, staff)}],
            "examples": given.examples_keys(redact, settings or ()),
            "template": {"name": template or "auto"},
            "model": {"name": tokenizer or "starter"},
        }
        recipe, folder = recipe_from_mapping(written, name=target), Path()
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages.preview import preview_pieces

        pieces = preview_pieces(recipe, folder.resolve(), progress=progress)
        show_preview(pieces, limit=limit, is_json=json, progress=progress)
