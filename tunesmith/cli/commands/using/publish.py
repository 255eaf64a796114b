"""`tunesmith publish TARGET REPO --data | --model`: data or a model to the Hub, with a card."""

from pathlib import Path
from typing import Annotated

import typer

from tunesmith.cli.arguments import options as shared
from tunesmith.cli.arguments.inputs import existing_folder, is_recipe, refuse_unused
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import StageRecord, show_result
from tunesmith.cli.terminal.progress_bars import talking
from tunesmith.errors import RecipeError

EXAMPLES = """tunesmith publish recipe.yaml my-company/support-answers --data

tunesmith publish examples.jsonl my-company/faq --data --public --license cc-by-4.0

tunesmith publish runs/mine my-company/support-model --model --file mine.gguf"""

Target = Annotated[
    str, typer.Argument(metavar="TARGET", help="A recipe, a run, or a file that import wrote.")
]
Repo = Annotated[str, typer.Argument(metavar="REPO", help="The place on the Hub: name/of-it.")]
Data = Annotated[bool, typer.Option("--data", help="Publish the data.")]
ModelFlag = Annotated[bool, typer.Option("--model", help="Publish the run's model or adapter.")]
MoreFiles = Annotated[
    list[Path] | None,
    typer.Option("--file", metavar="FILE", help="With --model: a GGUF file of it too."),
]
Public = Annotated[bool, typer.Option("--public", help="For everybody; private if not given.")]
License = Annotated[
    str | None, typer.Option("--license", metavar="NAME", help="As the Hub names it: cc-by-4.0.")
]


def publish(
    target: Target,
    repo: Repo,
    data: Data = False,
    *,
    model: ModelFlag = False,
    file: MoreFiles = None,
    run: shared.RunFolderOption = None,
    public: Public = False,
    license_name: License = None,
    force: shared.ForceReason = None,
    json: shared.JsonFlag = False,
    quiet: shared.QuietFlag = False,
    verbose: shared.VerboseFlag = False,
) -> None:
    """Put a run's data or model on the Hub, private unless --public is said, with a card."""
    if data is model:
        cure = "Either the data, --data, or the model, --model."
        raise RecipeError("say what to publish", where="publish", cure=cure)
    reason = shared.check_reason(force)
    is_file = not is_recipe(target) and Path(target).is_file()
    if is_file:
        refuse_unused({"--run": run, "--model": model}, "beside a file")
    if data:
        refuse_unused({"--file": file}, "beside --data")
    source = Path(target) if is_file else existing_folder(target, run)
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages.publish import Publication, publish_data
            from tunesmith.stages.publishing.publish_model import publish_model

        how = Publication(repo=repo, is_public=public, license=license_name, force=reason)
        if isinstance(source, Path) or data:
            result: StageRecord = publish_data(source, how, progress=progress)
        else:
            result = publish_model(source, how, files=file or (), progress=progress)
    show_result(result, is_json=json)
