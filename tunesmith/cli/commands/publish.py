"""`tunesmith publish TARGET REPO --data`: examples to the Hub, with a card."""

from pathlib import Path
from typing import Annotated

import typer

from tunesmith.cli.arguments import options as shared
from tunesmith.cli.arguments.inputs import existing_folder, is_recipe, refuse_unused
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import show_result
from tunesmith.cli.terminal.progress_bars import talking
from tunesmith.errors import RecipeError

EXAMPLES = """tunesmith publish recipe.yaml my-company/support-answers --data

tunesmith publish examples.jsonl my-company/faq --data --public --license cc-by-4.0"""

Target = Annotated[
    str, typer.Argument(metavar="TARGET", help="A recipe, a run, or a file that import wrote.")
]
Repo = Annotated[str, typer.Argument(metavar="REPO", help="The data set on the Hub: name/of-it.")]
Data = Annotated[bool, typer.Option("--data", help="Publish the data.")]
Public = Annotated[bool, typer.Option("--public", help="For everybody; private if not given.")]
License = Annotated[
    str | None, typer.Option("--license", metavar="NAME", help="As the Hub names it: cc-by-4.0.")
]


def publish(
    target: Target,
    repo: Repo,
    data: Data = False,
    *,
    run: shared.RunFolderOption = None,
    public: Public = False,
    license_name: License = None,
    force: shared.ForceReason = None,
    json: shared.JsonFlag = False,
    quiet: shared.QuietFlag = False,
    verbose: shared.VerboseFlag = False,
) -> None:
    """Put the data of a run on the Hub, private unless --public is said, with a card."""
    if not data:
        raise RecipeError("say what to publish", where="publish", cure="The data: --data.")
    reason = shared.check_reason(force)
    is_file = not is_recipe(target) and Path(target).is_file()
    if is_file:
        refuse_unused({"--run": run}, "beside a file")
    source = Path(target) if is_file else existing_folder(target, run)
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages.publish import Publication, publish_data

        how = Publication(repo=repo, is_public=public, license=license_name, force=reason)
        result = publish_data(source, how, progress=progress)
    show_result(result, is_json=json)
