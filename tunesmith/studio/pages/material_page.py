"""The material of a recipe: sources, pairs beside them, and every change to a pair."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from tunesmith.errors import DataError, RecipeError
from tunesmith.examples.edits.pair_edit import PairEdit
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.serving.serving_limits import ServingLimits
from tunesmith.sources.read_source import explain_source
from tunesmith.stages.editing.line_index import LineIndexes
from tunesmith.stages.editing.redaction_places import find_mark, without_redaction
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.studio.frame import Frame
from tunesmith.studio.material.dropped_file import add_source, keep_file, source_line
from tunesmith.studio.material.material_desk import VIEWS, MaterialDesk

_PATH = "/material"
_TEXTS = ("question", "input", "answer")
_FLAGS = ("reject", "restore", "accept", "choose")


@dataclass(slots=True)
class MaterialPages:
    """Answers requests for the page.

    Attributes:
        frame: What it is drawn in.
        limits: How large a file may be.
        indexes: Of files that were read before; they are made anew when a file changes.
    """

    frame: Frame
    limits: ServingLimits
    indexes: LineIndexes

    def desk(self, recipe: str | None) -> MaterialDesk:
        """A desk over the files as they are now."""
        path = self.frame.workspace.recipe(recipe)
        folder = RunFolder(self.frame.workspace.folder / "runs" / path.stem, path.parent)
        return MaterialDesk(path, folder, self.indexes)

    def draw(self, request: Request, asked: Mapping[str, str], **said: Any) -> Response:
        """The page, or its list alone where the page's script asks.

        Args:
            request: What was asked.
            asked: `recipe`, `view`, `kind` and `page`.
            said: What a change came to.
        """
        desk = self.desk(asked.get("recipe"))
        view = asked.get("view") if asked.get("view") in VIEWS else VIEWS[0]
        if not desk.is_prepared:
            view = "sources"
        name, kind, number = desk.path.name, asked.get("kind", ""), _number(asked.get("page"), 1)
        values: dict[str, Any] = {"page": None, "sources": desk.sources()}
        if view != "sources":
            values["page"] = desk.page(str(view), kind, number)
        is_part = "hx-request" in request.headers and not said.get("is_whole")
        values |= {
            "view": view,
            "views": VIEWS,
            "kind": kind,
            "recipe": name,
            "said": "",
            "line": 0,
        }
        return self.frame.page(
            request,
            "material_list.html" if is_part else "material.html",
            command=("edit", name, "--list"),
            recipes=[*self.frame.workspace.recipes()],
            is_prepared=desk.is_prepared,
            accepted_kinds=desk.accepted_kinds(),
            last_change=desk.last_change(),
            uploaded=said.pop("uploaded", None),
            **{**values, **said},
        )

    def change(self, request: Request, form: Mapping[str, str]) -> Response:
        """Write a change down, and show the list as it is then."""
        desk = self.desk(form.get("recipe"))
        line = make_change(desk, form)
        if "hx-request" not in request.headers:
            return RedirectResponse(_back(form), status_code=303)
        command = edit_command(desk.path.name, desk.edits.log.lines[line])
        return self.draw(request, form, said=shlex.join(["tunesmith", *command]), line=line)

    def upload(self, request: Request, form: FormData) -> Response:
        """Keep what was dropped; show what it would be read as, and the line that names it."""
        desk = self.desk(str(form.get("recipe", "")))
        kept = []
        for file in form.getlist("files"):
            if isinstance(file, UploadFile) and file.filename:
                kept.append(_kept(desk, file, self.limits.file_bytes))
        if not kept:
            raise DataError("no file was chosen", where="files", cure="Choose one, or drop it.")
        asked = {"recipe": desk.path.name, "view": "sources"}
        return self.draw(request, asked, uploaded=kept, is_whole=True)


def add_material_page(app: FastAPI, frame: Frame, limits: ServingLimits) -> None:
    """Offer it at `/material`."""
    pages = MaterialPages(frame=frame, limits=limits, indexes=LineIndexes())

    @app.get(_PATH)
    def show_material(request: Request) -> Response:
        return pages.draw(request, dict(request.query_params))

    @app.post(f"{_PATH}/change")
    async def change_pair(request: Request) -> Response:
        form = _texts(await request.form())
        return await run_in_threadpool(pages.change, request, form)

    @app.post(f"{_PATH}/upload")
    async def drop_files(request: Request) -> Response:
        async with request.form(max_files=20) as form:
            return await run_in_threadpool(pages.upload, request, form)

    @app.post(f"{_PATH}/source")
    async def name_source(request: Request) -> Response:
        form = _texts(await request.form())
        recipe = frame.workspace.recipe(form.get("recipe"))
        await run_in_threadpool(add_source, recipe, form.get("name", ""))
        return RedirectResponse(_back({**form, "view": "sources"}), status_code=303)


def make_change(desk: MaterialDesk, form: Mapping[str, str]) -> int:
    """Do what a form says.

    Returns:
        The number of the line that was written.

    Raises:
        DataError: It cannot be done, or the pair is of the test split.
        RecipeError: The form says nothing that is known.
    """
    edits, what, pair = desk.edits, form.get("what", ""), form.get("id", "")
    if what == "undo":
        return edits.undo(_number(form.get("line"), 0))
    if what == "accept_all":
        return edits.accept_all(f"{form.get('view', '')} {form.get('kind', '')}".strip())
    if what == "restore":
        return edits.restore(pair)
    for one in (pair, form.get("other")):
        if one:
            desk.check_shown(one)
    return _change_shown(desk, what, pair, form)


def _change_shown(desk: MaterialDesk, what: str, pair: str, form: Mapping[str, str]) -> int:
    edits, other = desk.edits, form.get("other", "")
    if what == "edit":
        after = {name: form[name].replace("\r\n", "\n") for name in _TEXTS if name in form}
        return edits.write_texts(pair, after)
    if what == "merge":
        return edits.merge(pair, other, {})
    if what == "choose":
        return edits.choose(pair, edits.contradicting(pair) or [other])
    if what in ("redact", "unredact"):
        return _redaction(desk, what, pair, form)
    if what not in ("reject", "accept"):
        raise RecipeError(f"no change is called {what[:40]!r}", where="what")
    return edits.reject(pair) if what == "reject" else edits.accept(pair)


def _redaction(desk: MaterialDesk, what: str, pair: str, form: Mapping[str, str]) -> int:
    texts, place = desk.edits.pair(pair).texts, _number(form.get("place"), 0)
    if what == "redact":
        find_mark(texts, place)
        return desk.edits.place("redact", pair, place, {})
    seed = desk.recipe.examples.seed
    after = without_redaction(texts, place, form.get("value", ""), seed=seed)
    return desk.edits.place("unredact", pair, place, after)


def edit_command(recipe: str, edit: PairEdit) -> list[str]:
    """The words that make the same change in a terminal."""
    words = ["edit", recipe]
    if edit.line is not None:
        return [*words, "--undo", str(edit.line)]
    words.append(edit.id)
    if edit.what in _FLAGS:
        words.append(f"--{edit.what}")
    if edit.what == "merge":
        words += ["--merge", edit.others[0].id]
    if edit.what == "edit":
        words += [word for name, text in edit.after.items() for word in (f"--{name}", text)]
    if edit.what in ("redact", "unredact"):
        words += [f"--{edit.what}", str(edit.place)]
    return words


def _kept(desk: MaterialDesk, file: UploadFile, most_bytes: int) -> dict[str, str]:
    """What is said of a file that was dropped."""
    folder = desk.path.parent
    name = keep_file(file.file, str(file.filename), folder, most_bytes=most_bytes)
    found = explain_source(SourceRecipe(path=name), folder=folder)
    told = f"{found.sentence}. {found.doubt or ''}"
    return {"name": name, "told": told, "line": source_line(name)}


def _texts(form: FormData) -> dict[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else default


def _back(form: Mapping[str, str]) -> str:
    names = ("recipe", "view", "kind", "page")
    return f"{_PATH}?{urlencode({name: form[name] for name in names if name in form})}"
