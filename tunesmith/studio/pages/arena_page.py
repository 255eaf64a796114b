"""Two answers without names, which is better by one key, and who wins so far."""

from typing import Annotated
from urllib.parse import quote

from fastapi import FastAPI, Form, Request, Response
from fastapi.responses import RedirectResponse

from tunesmith.errors import DataError, TunesmithError
from tunesmith.rounds.answer_review import answer_hash
from tunesmith.rounds.vote_book import Vote
from tunesmith.stages.reviewing.arena_desk import ArenaDesk
from tunesmith.stages.reviewing.arena_summary import (
    arena_standing,
    remark_lines,
    win_share,
)
from tunesmith.studio.frame import Frame
from tunesmith.studio.pages.review_page import keep_author, reviewer

Text = Annotated[str, Form()]


def add_arena_page(app: FastAPI, frame: Frame) -> None:
    """Offer it at `/arena`."""
    page = _ArenaPage(frame)
    app.get("/arena")(page.show)
    app.post("/arena/vote")(page.vote)
    app.post("/arena/back")(page.take_back)
    app.post("/arena/author")(page.name_author)


class _ArenaPage:
    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def show(self, request: Request, run: str = "") -> Response:
        """What to choose between next, and the ranking."""
        return self._drawn(request, self._desk(request, run))

    def vote(self, request: Request, run: Text, row: Text, answers: Text, choice: Text) -> Response:
        """Write a choice down; say who was who, and show the next."""
        desk = self._desk(request, run)
        places = (one for one in desk.places if one.row == row)
        place = next((one for one in places if _token(desk, row, one.models) == answers), None)
        if place is None:
            cure = "Look again: the models have answered anew, or this is no pair of the arena."
            raise DataError("there is no such pair of answers", where=row[:40], cure=cure)
        return self._drawn(request, desk, _written(desk, row, place.models, choice))

    def take_back(self, request: Request, run: Text) -> Response:
        """Take the last choice back, and ask again."""
        desk = self._desk(request, run)
        said = [*desk.voted().values()]
        if not said:
            raise DataError("nothing has been chosen yet, so nothing can be taken back")
        last = max(said, key=lambda one: (one.time, said.index(one)))
        _written(desk, last.example_id, (last.left, last.right), None)
        return self._drawn(request, desk)

    def name_author(self, author: Text, run: Text = "") -> Response:
        """Keep who chooses in this browser."""
        return keep_author(RedirectResponse(f"/arena?run={quote(run)}", 303), author)

    def _desk(self, request: Request, run: str) -> ArenaDesk:
        return ArenaDesk(self._frame.workspace.run(run), author=reviewer(request))

    def _drawn(self, request: Request, desk: ArenaDesk, last: Vote | None = None) -> Response:
        place = desk.next()
        standing = arena_standing(desk)
        name = self._frame.workspace.name(desk.folder.path)
        return self._frame.page(
            request,
            "arena.html",
            run=name,
            runs=[*self._frame.workspace.runs()],
            pair=desk.pair(place) if place else None,
            answers=_token(desk, place.row, place.models) if place else "",
            last=last,
            num_done=len(desk.voted()),
            author=desk.author,
            standing=standing,
            told=[*remark_lines(standing)],
            share=win_share,
            command=("arena", name),
        )


def _token(desk: ArenaDesk, row: str, models: tuple[str, str]) -> str:
    """What tells a pair of answers from another without naming whose they are."""
    return answer_hash("\n".join((row, *models, *map(str, desk.hashes(row, models)))))


def _written(desk: ArenaDesk, row: str, models: tuple[str, str], choice: str | None) -> Vote:
    try:
        return desk.say(row, models, choice)
    except OSError as error:
        problem = f"it cannot be written ({error.strerror})"
        raise TunesmithError(problem, where=str(desk.book.path)) from None
