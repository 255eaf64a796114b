"""The Recipe page: a recipe's keys as a form beside its YAML, mistakes and forecast as one types.

The text that is written lives in the browser until it is saved; each request brings it along.
"""

import asyncio
import re
import shlex
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from tunesmith.errors import MissingError, RecipeError, TunesmithError
from tunesmith.files import hash_bytes
from tunesmith.recipe.commented import flow
from tunesmith.recipe.draft import RecipeDraft, read_draft
from tunesmith.recipe.key_edit import with_key, without_key
from tunesmith.recipe.mistakes import dotted
from tunesmith.studio.draft_forecast import ForecastDesk
from tunesmith.studio.frame import HEADERS, Frame, status_of
from tunesmith.studio.recipe_file import ChangedMeanwhileError, read_recipe_text, save_recipe_text
from tunesmith.studio.recipe_form import FormGroup, parsed_key, recipe_form, written_value

INIT = (sys.executable, "-m", "tunesmith", "init")
_NAME = re.compile(r"\w[\w .-]{0,80}\.ya?ml")
Form = Mapping[str, str]
_MOST_SETTINGS = 8  # of a command that is shown


def add_recipe_page(app: FastAPI, frame: Frame) -> None:
    """Offer it at `/recipe`."""
    _add_views(app, frame)
    _add_changes(app, frame)
    _add_forecast(app, frame)


def _add_views(app: FastAPI, frame: Frame) -> None:
    @app.get("/recipe")
    def show_recipe(request: Request, recipe: str = "") -> Response:
        recipes = frame.workspace.recipes()
        if not recipes:
            return frame.page(request, "recipe_begin.html", command=("init", "--data", "FILE"))
        path = frame.workspace.recipe(recipe)
        held = read_recipe_text(path)
        draft = read_draft(held.text)
        groups = recipe_form(draft)
        return frame.page(
            request,
            "recipe.html",
            command=("run", path.name),
            name=path.name,
            recipes=recipes,
            held=held,
            draft=draft,
            groups=groups,
            shape=_shape(groups),
        )

    @app.post("/recipe/draft")
    @_told_in_json
    async def read_text(request: Request, form: Form) -> Response:
        path = frame.workspace.recipe(form.get("recipe"))
        text = _plain_text(form)
        problem = ""
        if form.get("key"):
            try:
                text = _edited(text, form)
            except RecipeError as error:
                problem = str(error)
        draft = read_draft(text)
        groups = recipe_form(draft)
        reply = _told(draft, groups, path, text) | {"text": text, "problem": problem}
        if form.get("shape") != reply["shape"]:
            drawn = frame.page(request, "recipe_form.html", groups=groups)
            reply["form"] = bytes(drawn.body).decode()
        return _json(reply)


def _add_changes(app: FastAPI, frame: Frame) -> None:
    @app.post("/recipe/save")
    @_told_in_json
    async def save_text(request: Request, form: Form) -> Response:
        path = frame.workspace.recipe(form.get("recipe"))
        try:
            held = save_recipe_text(path, _plain_text(form), seen=form.get("seen", ""))
        except ChangedMeanwhileError as error:
            theirs = {"text": error.theirs.text, "seen": error.theirs.mark}
            return _json({"problem": str(error), "theirs": theirs}, 409)
        return _json(
            {"seen": held.mark, "command": _command(path, held.text, read_draft(held.text))}
        )

    @app.post("/recipe/begin")
    async def begin_recipe(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        path = _new_recipe(frame.workspace.folder, form.get("name", "").strip())
        await _write_recipe(path, frame.workspace.folder, form.get("data", "").strip())
        return Response(
            status_code=303, headers={"Location": f"/recipe?recipe={path.name}", **HEADERS}
        )


def _add_forecast(app: FastAPI, frame: Frame) -> None:
    desk = ForecastDesk()
    app.router.add_event_handler("shutdown", desk.close)

    @app.post("/recipe/forecast")
    @_told_in_json
    async def forecast_text(request: Request, form: Form) -> Response:
        path = frame.workspace.recipe(form.get("recipe"))
        text = _plain_text(form)
        if read_draft(text).recipe is None:
            return _json({"problem": ""})
        return _json(await desk.forecast(text, path, request.is_disconnected))


def _told_in_json(
    work: Callable[[Request, Form], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """A request of the page's script, which reads what is wrong as it reads all else."""

    async def answer(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        try:
            return await work(request, form)
        except TunesmithError as error:
            return _json({"problem": str(error)}, status_of(error))

    return answer


def _json(value: Mapping[str, Any], status: int = 200) -> JSONResponse:
    return JSONResponse(dict(value), status, headers=HEADERS)


def _plain_text(form: Form) -> str:
    """The recipe that is being written, its lines ended as browsers and forms may each end them."""
    return form.get("text", "").replace("\r\n", "\n")


def _edited(text: str, form: Form) -> str:
    """The text once a field of the form has changed; an emptied field leaves its key out."""
    key, typed = parsed_key(form["key"]), form.get("written", "").strip()
    return with_key(text, key, written_value(key, typed)) if typed else without_key(text, key)


def _told(draft: RecipeDraft, groups: list[FormGroup], path: Path, text: str) -> dict[str, Any]:
    fields = (field for group in groups for field in group.all_fields())
    return {
        "fields": {field.key: field.to_json() for field in fields},
        "mistakes": [
            {"line": one.line, "key": one.key, "message": one.message} for one in draft.mistakes
        ],
        "shape": _shape(groups),
        "command": _command(path, text, draft),
    }


def _shape(groups: list[FormGroup]) -> str:
    """By which one sees that the form has other fields than before."""
    keys = (field.key for group in groups for field in group.all_fields())
    return hash_bytes(" ".join(keys).encode())[:16]


def _command(path: Path, text: str, draft: RecipeDraft) -> str:
    """The run of what is written: of the file, and what is not saved yet as `--set`."""
    words = ["tunesmith", "run", path.name]
    try:
        saved = read_recipe_text(path)
    except (MissingError, RecipeError):
        return shlex.join(words)
    if saved.text != text and draft.values is not None:
        changed = (
            _leaves(draft.values).items() - _leaves(read_draft(saved.text).values or {}).items()
        )
        for key, written in sorted(changed)[:_MOST_SETTINGS]:
            words += ["--set", f"{key}={written}"]
    return shlex.join(words)


def _leaves(value: object, key: tuple[str | int, ...] = ()) -> dict[str, str]:
    """Every value that is no group, by its key."""
    if isinstance(value, dict) and value:
        inner = (_leaves(one, (*key, str(name))) for name, one in value.items())
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        inner = (_leaves(one, (*key, place)) for place, one in enumerate(value))
    else:
        return {dotted(key): flow(value)}
    return {name: one for part in inner for name, one in part.items()}


def _new_recipe(folder: Path, name: str) -> Path:
    """Where a new recipe is to stand."""
    if not _NAME.fullmatch(name):
        cure = "For example: support.yaml"
        raise RecipeError(f"{name[:80]!r} is no name for a recipe", where="name", cure=cure)
    path = folder / name
    if path.exists() or path.is_symlink():
        raise RecipeError("stands there already", where=name, cure="Choose another name.")
    return path


async def _write_recipe(path: Path, folder: Path, data: str) -> None:
    """Let `tunesmith init` look at the data and write the recipe; nobody is asked."""
    if data and not (folder / Path(data).expanduser()).exists():
        cure = "Name a file or folder; paths start from the studio's folder."
        raise MissingError("no such data", where=data[:200], cure=cure)
    words = [*INIT, path.name, *(("--data", data) if data else ()), "--quiet"]
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*words, cwd=folder, stdout=pipe, stderr=pipe)
    _, errors = await child.communicate()
    if child.returncode or not path.is_file():
        said = errors.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it says nothing"]
        raise RecipeError(said[0].removeprefix("error: ")[:600], where=data[:200])
