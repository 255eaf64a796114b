"""`tunesmith serve RUN`: a run's models behind OpenAI's API, as they were measured."""

from pathlib import Path
from typing import Annotated

import typer

from tunesmith.cli.arguments.options import JsonFlag, QuietFlag, VerboseFlag
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import show_result
from tunesmith.cli.terminal.progress_bars import talking

EXAMPLES = """tunesmith serve runs/mine

tunesmith serve runs/mine runs/other starter --port 8080

TUNESMITH_KEY=$(openssl rand -hex 32) tunesmith serve runs/mine --host 0.0.0.0 --key-env TUNESMITH_KEY"""  # noqa: E501

Models = Annotated[
    list[str],
    typer.Argument(
        metavar="MODEL...",
        help="A run, which serves tuned and base; or several runs, folders, Hub ids or starter.",
    ),
]
Host = Annotated[str, typer.Option(metavar="ADDRESS", help="Others need --key-env.")]
Port = Annotated[int, typer.Option(metavar="NUMBER", min=0, max=65535, help="0: any free one.")]
KeyAsked = Annotated[
    str | None,
    typer.Option(
        "--key-env", metavar="NAME", help="Environment variable with the key clients must send."
    ),
]
Parallel = Annotated[
    int, typer.Option("--max-parallel", metavar="NUMBER", min=1, max=1024, help="Answers at once.")
]
Queue = Annotated[
    int, typer.Option(metavar="NUMBER", min=0, max=100_000, help="Answers that may wait; then 429.")
]
Seconds = Annotated[
    float, typer.Option(metavar="SECONDS", min=1, max=86_400, help="Of one answer at most.")
]
Jobs = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", help="Tune for clients too (/v1/files, /v1/fine_tuning/jobs), there."
    ),
]


def serve_(
    models: Models,
    *,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    key_env: KeyAsked = None,
    max_parallel: Parallel = 32,
    queue: Queue = 64,
    request_seconds: Seconds = 600.0,
    jobs: Jobs = None,
    json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Serve models by OpenAI's API: the prompts and answers are those that were measured."""
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.serving.serving_limits import ServingLimits
            from tunesmith.stages.hosting.open_server import open_server
            from tunesmith.stages.hosting.serve_options import ServeOptions

        limits = ServingLimits(
            num_parallel=max_parallel, num_waiting=queue, request_seconds=request_seconds
        )
        options = ServeOptions(host=host, port=port, key_env=key_env, limits=limits, jobs=jobs)
        opened = open_server(models, options, progress=progress)
        show_result(opened.told, is_json=json)
        code = opened.server.run()
    if code:
        raise typer.Exit(code)
