"""A folder -> the studio on a socket, open and ready to be run."""

from pathlib import Path

from tunesmith.serving.guards import LOOPBACK, Door
from tunesmith.serving.http_server import HttpServer, open_socket
from tunesmith.stages.hosting.serve_options import ServeOptions
from tunesmith.studio.studio_app import create_studio
from tunesmith.studio.workspace import Workspace


def open_studio(folder: Path, options: ServeOptions) -> tuple[HttpServer, str]:
    """Open the studio's socket; `run()` of what comes back then serves.

    Args:
        folder: With recipes or runs; or a run.
        options: Where, to whom, how much.

    Returns:
        The server, and its address.

    Raises:
        MissingError: The folder or the key is not there.
        RecipeError: The address is taken or open to others without a key.
    """
    key = options.key()
    workspace = Workspace.around(folder)
    opened = open_socket(options.host, options.port)
    hosts = LOOPBACK | {options.host} if options.is_loopback else None
    app = create_studio(workspace, door=Door(key=key, hosts=hosts), limits=options.limits)
    host = f"[{options.host}]" if ":" in options.host else options.host
    url = f"http://{host}:{opened.getsockname()[1]}"
    return HttpServer(app, opened, options.limits), url
