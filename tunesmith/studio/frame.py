"""Values of a page -> HTML in the studio's frame, with headers under which no foreign text runs."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse

from tunesmith.errors import RecipeError, TunesmithError
from tunesmith.language.retell import as_shown
from tunesmith.language.translate import counting, in_language, language_tag, translate
from tunesmith.language.wanted_language import wanted_language
from tunesmith.studio.workspace import Workspace

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; font-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # without one, a form is sent from the origin "null"
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_STATUS = {2: 400, 3: 422, 4: 404, 5: 502, 7: 409, 74: 507}  # of HTTP, by exit code


@dataclass(frozen=True, slots=True)
class Tab:
    """A page in the frame's list.

    Attributes:
        title: In English; the frame says it in the reader's language.
        path: Where it is.
    """

    title: str
    path: str


class Frame:
    """What every page is drawn in.

    Args:
        workspace: What the studio works on.
        tabs: The pages, in order.
    """

    def __init__(self, workspace: Workspace, tabs: Sequence[Tab]) -> None:
        self.workspace = workspace
        self._tabs = tuple(tabs)
        self._environment = jinja2.Environment(
            loader=jinja2.PackageLoader("tunesmith.studio"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {
            "_": translate,
            "ngettext": counting,
            "shown": as_shown,
            "tabs": self._tabs,
        }

    def page(
        self,
        request: Request,
        template: str,
        *,
        command: Sequence[str] = (),
        status: int = 200,
        **values: Any,
    ) -> HTMLResponse:
        """Draw a page, or the part of one that its script asks for.

        Args:
            request: What was asked.
            template: A file of `templates/`.
            command: The words that do in a terminal what the page does, without `tunesmith`.
            status: Of HTTP.
            values: What the template names.
        """
        with in_language(wanted_language(request.headers.get("accept-language", ""))):
            drawn = self._environment.get_template(template).render(
                path=request.url.path,
                language=language_tag(),
                is_part="hx-request" in request.headers,
                command=shlex.join(["tunesmith", *command]) if command else "",
                folder=str(self.workspace.folder),
                **values,
            )
        return HTMLResponse(drawn, status, headers=HEADERS)

    def refuse(self, request: Request, error: TunesmithError) -> HTMLResponse:
        """Draw what is wrong, with the cure."""
        drawn = self.page(request, "problem.html", status=status_of(error), error=error)
        drawn.headers["HX-Reswap"] = "innerHTML"  # into the place of problems, whatever was asked
        return drawn


def status_of(error: TunesmithError) -> int:
    """What HTTP calls a problem."""
    return _STATUS.get(error.exit_code, 500)


def add_refusals(app: FastAPI, frame: Frame) -> None:
    """Answer a page's TunesmithError by the page that says it."""

    @app.exception_handler(RequestValidationError)
    async def refuse_form(request: Request, error: RequestValidationError) -> HTMLResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        return frame.refuse(request, RecipeError(str(first["msg"]), where=where[:80]))

    @app.exception_handler(TunesmithError)
    async def refuse(request: Request, error: TunesmithError) -> HTMLResponse:
        return frame.refuse(request, error)
