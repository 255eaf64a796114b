"""`tunesmith preview`: what becomes of the material, and which tokens are trained."""

from typing import Annotated

import typer

from tunesmith.cli.arguments import options as shared
from tunesmith.cli.arguments import source_options as given
from tunesmith.cli.arguments.inputs import is_recipe
from tunesmith.cli.arguments.targets import open_targets, refuse_beside_recipe
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.beside import show_previews
from tunesmith.cli.terminal.progress_bars import talking

EXAMPLES = """tunesmith preview recipe.yaml

tunesmith preview tickets.csv --field instruction=subject --field response=reply

tunesmith preview tatsu-lab/alpaca

tunesmith preview stories.txt faq.md

tunesmith preview data.jsonl --template chatml --tokenizer my-model --json"""

Targets = Annotated[
    list[str],
    typer.Argument(
        metavar="TARGET",
        help="A recipe, a file or folder of material, or a Hub data set; of two, side by side.",
        show_default=False,
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit", metavar="COUNT", min=1, help="Rows to show; 3, with --json all, if not given."
    ),
]


def preview(
    targets: Targets,
    template: given.TemplateOption = None,
    *,
    tokenizer: given.TokenizerOption = None,
    kind: given.Kind = None,
    encoding: given.Encoding = None,
    field: given.Fields = None,
    ignore: given.Ignored = None,
    staff: given.Staff = None,
    redact: given.Redact = None,
    limit: Limit = None,
    settings: shared.Settings = None,
    json: shared.JsonFlag = False,
    quiet: shared.QuietFlag = False,
    verbose: shared.VerboseFlag = False,
) -> None:
    """Show what becomes of each piece and what the model reads, trained tokens marked."""
    names = ["template", "tokenizer", "kind", "encoding", "field", "ignore", "staff", "redact"]
    given_options = (template, tokenizer, kind, encoding, field, ignore, staff, redact)
    given_here = {f"--{name}": value for name, value in zip(names, given_options, strict=True)}
    refuse_beside_recipe(targets, given_here)
    has_material = not all(map(is_recipe, targets))
    written = {
        "examples": given.examples_keys(redact, settings or ()) if has_material else {},
        "template": {"name": template or "auto"},
        "model": {"name": tokenizer or "starter"},
    }
    source = given.source_keys(kind, field, ignore, staff, encoding)
    opened = open_targets(targets, written=written, source=source, settings=settings or ())
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages.preview import preview_pieces

        previews = [
            preview_pieces(recipe, folder.resolve(), progress=progress) for recipe, folder in opened
        ]
        show_previews(targets, previews, limit=limit, is_json=json, progress=progress)
