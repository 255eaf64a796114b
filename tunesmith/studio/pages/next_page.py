"""What the reviews say should change in the data, and the next recipe at a press."""

from typing import Annotated

from fastapi import FastAPI, Form, Request, Response

from tunesmith.stages.reviewing.next_round_stage import NextOptions, plan_next_round
from tunesmith.studio.frame import Frame
from tunesmith.studio.pages.review_page import reviewer


def add_next_page(app: FastAPI, frame: Frame) -> None:
    """Offer it at `/next`."""

    def drawn(request: Request, run: str, *, is_dry: bool, goes_on: bool = False) -> Response:
        folder = frame.workspace.run(run)
        name = frame.workspace.name(folder.path)
        options = NextOptions(author=reviewer(request), goes_on=goes_on, is_dry=is_dry)
        planned = plan_next_round(folder, options)
        command = ["next", name, *(["--continue"] if goes_on else [])]
        return frame.page(
            request,
            "next.html",
            command=command,
            run=name,
            runs=[*frame.workspace.runs()],
            plan=planned,
        )

    @app.get("/next")
    def show_tasks(request: Request, run: str = "") -> Response:
        return drawn(request, run, is_dry=True)

    @app.post("/next")
    def write_next(
        request: Request, run: Annotated[str, Form()], goes_on: Annotated[bool, Form()] = False
    ) -> Response:
        return drawn(request, run, is_dry=False, goes_on=goes_on)
