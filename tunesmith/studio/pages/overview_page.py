"""The first page: what is in the folder, and where to go on."""

from fastapi import FastAPI, Request, Response

from tunesmith.language.translate import message
from tunesmith.stages.execution.claim import begun
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.studio.frame import Frame

_PAGES = (
    (message("Training"), "/training"),
    (message("Results"), "/results"),
    (message("Review"), "/review"),
    (message("Next round"), "/next"),
)
_STAGES = (("report", "page"), ("evaluate", "scores"), ("train", "model"), ("prepare", "summary"))


def add_overview_page(app: FastAPI, frame: Frame) -> None:
    """Offer it at `/`."""

    @app.get("/")
    def show_overview(request: Request) -> Response:
        workspace = frame.workspace
        runs = [_told(name, run) for name, run in workspace.runs().items()]
        command = ("studio", str(workspace.folder))
        return frame.page(
            request,
            "overview.html",
            command=command,
            runs=runs,
            recipes=workspace.recipes(),
            pages=_PAGES,
        )


def _told(name: str, run: RunFolder) -> dict[str, str]:
    """What the list says of a run: its name, when it began and how far it has come."""
    done = (stage for stage, part in _STAGES if getattr(run, part).exists())
    moment = begun(run.path).strftime("%Y-%m-%d %H:%M")
    return {"name": name, "begun": moment, "stage": next(done, "")}
