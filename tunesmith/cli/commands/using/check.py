"""`tunesmith check URL RUN`: does a server serve the model that was measured?"""

from typing import Annotated

import typer

from tunesmith.cli.arguments import options as given
from tunesmith.cli.arguments.inputs import existing_folder
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import show_result
from tunesmith.cli.terminal.progress_bars import talking

EXAMPLES = """tunesmith check http://localhost:8000/v1 runs/mine

tunesmith check http://localhost:11434/v1 recipe.yaml --model mine --rows 50"""

_ANOTHER_MODEL = 8

Url = Annotated[
    str, typer.Argument(metavar="URL", help="An OpenAI-compatible server; mostly ends in /v1.")
]
Target = Annotated[str, typer.Argument(metavar="RUN", help="The run, or its recipe.")]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME", help="Its name there, where the server has several."),
]
Key = Annotated[
    str | None,
    typer.Option("--key-env", metavar="NAME", help="Environment variable with the server's key."),
]
Rows = Annotated[
    int | None,
    typer.Option("--rows", metavar="COUNT", min=1, help="Test rows to ask; 300 if not given."),
]


def check(
    url: Url,
    target: Target,
    *,
    run: given.RunFolderOption = None,
    model: Model = None,
    key_env: Key = None,
    rows: Rows = None,
    json: given.JsonFlag = False,
    quiet: given.QuietFlag = False,
    verbose: given.VerboseFlag = False,
) -> None:
    """Ask a server the run's test rows: does it serve the model that was measured? If not, why."""
    folder = existing_folder(target, run)
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages.checking.check_server import check_run_server

        result = check_run_server(
            url, folder, model=model, key_env=key_env, rows=rows, progress=progress
        )
    show_result(result, is_json=json)
    if not result.serves:
        raise typer.Exit(_ANOTHER_MODEL)
