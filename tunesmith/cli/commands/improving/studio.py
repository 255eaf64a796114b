"""`tunesmith studio [FOLDER]`: the loop in a browser, over the files of a folder."""

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from tunesmith.cli.arguments.options import JsonFlag, QuietFlag, VerboseFlag
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import show_result
from tunesmith.cli.terminal.progress_bars import talking

EXAMPLES = """tunesmith studio

tunesmith studio runs/mine --port 8080 --open

TUNESMITH_KEY=$(openssl rand -hex 32) tunesmith studio --host 0.0.0.0 --key-env TUNESMITH_KEY"""

Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="With recipes and runs; or a run's folder.")
]
Host = Annotated[str, typer.Option(metavar="ADDRESS", help="Others need --key-env.")]
Port = Annotated[int, typer.Option(metavar="NUMBER", min=0, max=65535, help="0: any free one.")]
KeyAsked = Annotated[
    str | None,
    typer.Option(
        "--key-env", metavar="NAME", help="Environment variable with the key browsers must give."
    ),
]
Open = Annotated[bool, typer.Option("--open", help="Open it in the browser of this machine.")]


def studio(
    folder: Folder = Path(),
    *,
    host: Host = "127.0.0.1",
    port: Port = 8700,
    key_env: KeyAsked = None,
    open_browser: Open = False,
    json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Look at material, training, results and answers in a browser, and improve them there."""
    with talking(quiet, verbose):
        from tunesmith.stages.hosting.serve_options import ServeOptions, check_extra

        check_extra("python_multipart")
        with fast_imports():
            from tunesmith.studio.open_studio import open_studio

        server, url = open_studio(folder, ServeOptions(host=host, port=port, key_env=key_env))
        show_result({"url": url}, is_json=json)
        if open_browser:
            webbrowser.open(url)
        code = server.run()
    if code:
        raise typer.Exit(code)
