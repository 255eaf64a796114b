"""Answers one by one, what a person says of them, and what is known so far."""

from html import unescape
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import FastAPI, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict

from tunesmith.errors import DataError, TunesmithError
from tunesmith.line_log import author_name
from tunesmith.rounds.answer_review import Judgement, answer_hash
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.reviewing.kind_change import change_kind
from tunesmith.stages.reviewing.kind_report import kind_reports
from tunesmith.stages.reviewing.review_desk import TUNED, Remark, ReviewDesk
from tunesmith.stages.reviewing.review_files import review_files
from tunesmith.studio.background import is_running, last_line, start_command
from tunesmith.studio.frame import Frame

AUTHOR_COOKIE = "tunesmith_author"
_COOKIE_SECONDS = 365 * 24 * 3600
_MOST_SKIPPED = 200
Text = Annotated[str, Form()]


class SaidForm(BaseModel):
    """What the page's form sends of one answer.

    Attributes:
        run: The run.
        row: The validation row.
        answer: The hash of the answer that was looked at.
        judgement: right, wrong, unsure; or later, which says nothing.
        kind: What is wrong.
        note: The first thing that is wrong.
        correction: What it should have said.
        skipped: Rows that shall come last, by blanks.
    """

    model_config = ConfigDict(extra="forbid")

    run: str
    row: str
    answer: str
    judgement: Literal["right", "wrong", "unsure", "later"]
    kind: str = ""
    note: str = ""
    correction: str = ""
    skipped: str = ""


def add_review_page(app: FastAPI, frame: Frame) -> None:
    """Offer it at `/review`."""
    page = _ReviewPage(frame)
    app.get("/review")(page.show)
    app.post("/review/say")(page.say)
    app.post("/review/back")(page.take_back)
    app.post("/review/answer")(page.begin)
    app.post("/review/kind")(page.change)
    app.post("/review/author")(page.name_author)


class _ReviewPage:
    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def show(self, request: Request, run: str = "", row: str = "", skipped: str = "") -> Response:
        """The answer to look at next, or the one that is named."""
        folder = self._frame.workspace.run(run)
        if not review_files(folder).answers(TUNED).is_file():
            return self._waiting(request, folder)
        desk = _desk(request, folder)
        later = _skipped(skipped)
        shown = desk.rows.get(row) or desk.next(skipped=later)
        return self._drawn(request, desk, shown, later)

    def say(self, request: Request, form: Annotated[SaidForm, Form()]) -> Response:
        """Write down what is said of an answer, and show the next."""
        desk = _desk(request, self._frame.workspace.run(form.run))
        later = _skipped(form.skipped)
        if form.judgement == "later":
            later = [*later, form.row][-_MOST_SKIPPED:]
        else:
            _say(desk, form, form.judgement)
        return self._drawn(request, desk, desk.next(skipped=later), later)

    def take_back(self, request: Request, run: Text, skipped: Text = "") -> Response:
        """Take the last word back, and show its answer again."""
        desk = _desk(request, self._frame.workspace.run(run))
        said = [*desk.reviewed().items()]
        if not said:
            raise DataError("nothing has been said yet, so nothing can be taken back")
        last = said[-1][0]
        desk.take_back(last)
        return self._drawn(request, desk, desk.rows[last], _skipped(skipped))

    def change(
        self, request: Request, run: Text, kind: Text, check: Text = "", rename: Text = ""
    ) -> Response:
        """Give a kind a check, or another name."""
        desk = _desk(request, self._frame.workspace.run(run))
        change_kind(desk, kind, check=check.strip() or None, into=rename.strip() or None)
        return self._drawn(request, desk, desk.next(), [])

    def begin(self, request: Request, run: Text) -> Response:
        """Let the model answer, by the command that does it."""
        folder = self._frame.workspace.run(run)
        words = ("review", self._frame.workspace.name(folder.path), "--json")
        start_command(words, self._frame.workspace.folder, _log(folder))
        return self._waiting(request, folder)

    def name_author(self, request: Request, author: Text, run: Text = "") -> Response:
        """Keep who reviews in this browser."""
        del request
        return keep_author(RedirectResponse(f"/review?run={quote(run)}", 303), author)

    def _waiting(self, request: Request, folder: RunFolder) -> Response:
        log = _log(folder)
        return self._frame.page(
            request,
            "review_waiting.html",
            run=self._frame.workspace.name(folder.path),
            is_running=is_running(log),
            told=last_line(log),
            command=("review", self._frame.workspace.name(folder.path)),
        )

    def _drawn(self, request: Request, desk: ReviewDesk, row: Any, skipped: list[str]) -> Response:
        name = self._frame.workspace.name(desk.folder.path)
        near, reports = desk.saturation(), kind_reports(desk)
        others = [one for one in desk.book.authors() if one != desk.author]
        return self._frame.page(
            request,
            "review.html",
            run=name,
            runs=[*self._frame.workspace.runs()],
            row=row,
            answer=answer_hash(row.text) if row is not None else "",
            said=desk.reviewed().get(row.example.id) if row is not None else None,
            num_done=len(desk.reviewed()),
            num_rows=len(desk.rows),
            kinds=[*desk.book.kinds],
            reports=reports,
            near=near,
            author=desk.author,
            others=others,
            skipped=" ".join(skipped),
            command=("review", name),
        )


def _desk(request: Request, folder: RunFolder) -> ReviewDesk:
    return ReviewDesk(folder, author=reviewer(request))


def reviewer(request: Request) -> str:
    """Who is at this browser: the name that was given there, else the login's."""
    return unescape(request.cookies.get(AUTHOR_COOKIE, "")).strip() or author_name()


def keep_author(reply: Response, author: str) -> Response:
    """Let a browser keep the name of who is at it."""
    name = author.strip()[:80].encode("ascii", "xmlcharrefreplace").decode()
    reply.set_cookie(AUTHOR_COOKIE, name, max_age=_COOKIE_SECONDS, httponly=True, samesite="strict")
    return reply


def _say(desk: ReviewDesk, form: SaidForm, judgement: Judgement) -> None:
    row = desk.rows.get(form.row)
    if row is not None and answer_hash(row.text) != form.answer:
        cure = "Look at it again: it is another answer now."
        raise DataError("the model has answered this row anew since", where=form.row, cure=cure)
    is_wrong = judgement == "wrong"
    remark = Remark(
        judgement=judgement,
        kind=form.kind if is_wrong else "",
        note=form.note,
        correction=form.correction if is_wrong else "",
    )
    try:
        desk.say(form.row, remark)
    except OSError as error:
        problem = f"it cannot be written ({error.strerror})"
        raise TunesmithError(problem, where=str(desk.book.path)) from None


def _skipped(text: str) -> list[str]:
    return [one for one in text.split() if one.isalnum()][:_MOST_SKIPPED]


def _log(folder: RunFolder) -> Any:
    return review_files(folder).path / "answering.log"
