"""A workspace -> the application: its pages behind the same door as `serve`."""

from dataclasses import dataclass
from importlib import resources

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from tunesmith.language.translate import message
from tunesmith.serving.guards import KEY_COOKIE, Door, Guard
from tunesmith.serving.serving_limits import ServingLimits
from tunesmith.studio.frame import HEADERS, Frame, Tab, add_refusals
from tunesmith.studio.pages.arena_page import add_arena_page
from tunesmith.studio.pages.material_page import add_material_page
from tunesmith.studio.pages.next_page import add_next_page
from tunesmith.studio.pages.overview_page import add_overview_page
from tunesmith.studio.pages.recipe_page import add_recipe_page
from tunesmith.studio.pages.results_page import add_results_page
from tunesmith.studio.pages.review_page import add_review_page
from tunesmith.studio.pages.talk_page import add_talk_page
from tunesmith.studio.pages.training_page import add_training_page
from tunesmith.studio.workspace import Workspace

TABS = (
    Tab(message("Overview"), "/"),
    Tab(message("Material"), "/material"),
    Tab(message("Recipe"), "/recipe"),
    Tab(message("Training"), "/training"),
    Tab(message("Results"), "/results"),
    Tab(message("Review"), "/review"),
    Tab(message("Arena"), "/arena"),
    Tab(message("Chat"), "/chat"),
    Tab(message("Next round"), "/next"),
)
_STATIC = {
    "studio.css": "text/css",
    "studio.js": "text/javascript",
    "material.js": "text/javascript",
    "htmx.min.js": "text/javascript",
    "recipe.js": "text/javascript",
    "report.css": "text/css",
    "results.css": "text/css",
}
_OPEN_PATHS = frozenset({"/health", "/enter", *(f"/static/{name}" for name in _STATIC)})
_COOKIE_SECONDS = 30 * 24 * 3600


@dataclass(slots=True)
class StudioService:
    """What the server drains: a page is drawn at once, so nothing is ever open for long."""

    is_draining: bool = False

    @property
    def num_open(self) -> int:
        """Requests that are not answered yet."""
        return 0


def create_studio(
    workspace: Workspace, *, door: Door | None = None, limits: ServingLimits | None = None
) -> FastAPI:
    """The application.

    Args:
        workspace: The folder that it works on.
        door: Who may come in; this machine alone, if not given.
        limits: What one request may take.
    """
    door, limits = door or Door(), limits or ServingLimits()
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.state.service = StudioService()
    app.add_middleware(Guard, door=door, limits=limits, open_paths=_OPEN_PATHS)
    frame = Frame(workspace, TABS)
    add_refusals(app, frame)
    _add_static(app)
    _add_entrance(app, frame)
    add_overview_page(app, frame)
    add_material_page(app, frame, limits)
    add_recipe_page(app, frame)
    add_training_page(app, frame)
    add_review_page(app, frame)
    add_arena_page(app, frame)
    add_talk_page(app, frame)
    add_results_page(app, frame)
    add_next_page(app, frame)
    return app


def _add_static(app: FastAPI) -> None:
    """Styles and scripts, which hold nothing of the user's."""
    folder = resources.files("tunesmith.studio") / "static"
    report = resources.files("tunesmith.report") / "page.css"
    own = (name for name in _STATIC if name != "report.css")
    files = {name: folder.joinpath(name).read_bytes() for name in own}
    files["report.css"] = report.read_bytes()

    @app.get("/static/{name}")
    async def send_static(name: str) -> Response:
        if name not in files:
            return Response(status_code=404, headers=HEADERS)
        headers = HEADERS | {"Cache-Control": "no-cache"}
        return Response(files[name], media_type=_STATIC[name], headers=headers)

    @app.get("/health")
    async def say_health() -> dict[str, str]:
        return {"status": "ok"}


def _add_entrance(app: FastAPI, frame: Frame) -> None:
    """Where a browser gives the key once; it is kept in a cookie that no script can read."""

    @app.get("/enter")
    async def show_entrance(request: Request) -> Response:
        return frame.page(request, "entrance.html")

    @app.post("/enter")
    async def keep_key(request: Request) -> Response:
        form = await request.form()
        reply = RedirectResponse("/", status_code=303)
        reply.set_cookie(
            KEY_COOKIE,
            str(form.get("key", "")),
            max_age=_COOKIE_SECONDS,
            httponly=True,
            samesite="strict",
        )
        return reply
