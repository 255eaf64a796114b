"""Runs and models by their names -> a server that offers them, open and ready to be run."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunesmith.errors import MissingError, RecipeError, RefusedError
from tunesmith.models.load import find_model, is_model_folder
from tunesmith.models.shared_weights import share_equal_weights
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.execution.claim import is_run
from tunesmith.stages.execution.opened_run import open_run
from tunesmith.stages.execution.progress import Progress, SilentProgress
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.hosting.serve_options import ServeOptions, check_extra
from tunesmith.stages.responders.load_responder import named_responder
from tunesmith.stages.responders.model_names import BASE, TUNED, base_of_run, run_responder
from tunesmith.stages.results.served import Served

if TYPE_CHECKING:
    from tunesmith.serving.hosted_model import HostedModel
    from tunesmith.serving.http_server import HttpServer
    from tunesmith.serving.tuning.tuning_service import TuningService

FEEDBACK = "feedback.jsonl"  # beside a run


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenServer:
    """A server whose socket is open and whose models are loaded.

    Attributes:
        server: What runs.
        told: What to say of it.
    """

    server: "HttpServer"
    told: Served


def open_server(
    names: Sequence[str], options: ServeOptions, *, progress: Progress | None = None
) -> OpenServer:
    """Load models and open the server's socket; `server.run()` then serves.

    Args:
        names: One run, whose models are `tuned` and `base`; or several runs, folders, Hub ids
            or starter, each offered under its last name.
        options: Where, to whom, how much.
        progress: Told of each model.

    Raises:
        MissingError: A model, the extra or the key is not there.
        RecipeError: The address is taken or open to others without a key, or two models would
            have one name.
    """
    told = progress or SilentProgress()
    key = options.key()
    check_extra(*(["python_multipart"] if options.jobs else []))
    _check_jobs(options.jobs)
    places = [_checked(name) for name in names]
    _check_names(places)
    from tunesmith.serving.api_app import create_app
    from tunesmith.serving.guards import LOOPBACK, Door
    from tunesmith.serving.http_server import HttpServer, open_socket

    opened = open_socket(options.host, options.port)
    try:
        models = _hosted(places, told)
        shared = share_equal_weights([one.responder.model for one in models])
        tuning = _tuning(places, models, options)
    except BaseException:
        opened.close()
        raise
    hosts = LOOPBACK | {options.host} if options.is_loopback else None
    app = create_app(models, limits=options.limits, door=Door(key=key, hosts=hosts), tuning=tuning)
    host = f"[{options.host}]" if ":" in options.host else options.host
    url = f"http://{host}:{opened.getsockname()[1]}"
    return OpenServer(
        server=HttpServer(app, opened, options.limits),
        told=Served(
            url=url,
            models=tuple(one.name for one in models),
            rendering={one.name: one.rendering for one in models},
            key_env=options.key_env,
            shared_bytes=shared,
            summary=tuple(_lines(url, models, options.key_env)),
        ),
    )


def _check_jobs(folder: Path | None) -> None:
    """Each job is a run of its own, and no run lies in another one's folder."""
    if folder is None:
        return
    where = folder.resolve()
    around = next((one for one in (where, *where.parents) if is_run(one)), None)
    problem = "is no folder" if where.exists() and not where.is_dir() else None
    if around is not None:
        problem = f"lies in the folder of a run, {around}, where no job can run"
    if problem:
        raise RecipeError(problem, where=f"--jobs {folder}", cure="Name another folder.")


def _checked(name: str) -> Path:
    """A model's place, found before anything is loaded; a folder with the name it has."""
    path = Path(name).expanduser()
    path = path if path.name or not path.is_dir() else path.resolve()
    if is_run(path) and not is_model_folder(path / "model"):
        cure = "`tunesmith train RECIPE` tunes it; or name a model that is there."
        raise MissingError("the run has no tuned model", where=name, cure=cure)
    find_model(str(path))
    return path


def _check_names(places: Sequence[Path]) -> None:
    names = [one.name for one in places]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        cure = "Name each model once, or copy one to a folder with another name."
        raise RecipeError(f"two models would be called {twice[0]!r}", where="MODEL", cure=cure)


def _hosted(places: Sequence[Path], told: Progress) -> "list[HostedModel]":
    from tunesmith.serving.hosted_model import HostedModel

    if len(places) == 1 and is_run(places[0]):
        pairs = [(TUNED, places[0], TUNED), (BASE, places[0], BASE)]
    else:
        pairs = [(one.name, one, TUNED) for one in places]
    models = []
    for name, place, which in pairs:
        told.note(f"loading {name}")
        if which == BASE and (changed := _changed_base(place)) is not None:
            told.note(f"base is left out: {changed}")
            continue
        if is_run(place):
            models.append(_hosted_run(name, place, which))
        else:
            responder = named_responder(str(place), recipe=GenerationRecipe())
            models.append(HostedModel(name=name, responder=responder))
    return models


def _changed_base(place: Path) -> str | None:
    """Why a run's base model cannot be served; None where it is the one that was tuned."""
    try:
        base_of_run(RunFolder(place))
    except (RefusedError, MissingError) as error:
        return error.message
    return None


def _hosted_run(name: str, place: Path, which: str) -> "HostedModel":
    from tunesmith.serving.hosted_model import HostedModel

    generation = open_run(place, progress=SilentProgress()).recipe.generation
    return HostedModel(
        name=name,
        responder=run_responder(which, RunFolder(place), generation),
        created=int((place / "model").stat().st_mtime),
        feedback=place / FEEDBACK,
    )


def _tuning(
    places: Sequence[Path], models: "Sequence[HostedModel]", options: ServeOptions
) -> "TuningService | None":
    """Files and jobs, whose models share what they can with those that are offered."""
    if options.jobs is None:
        return None
    from tunesmith.serving.tuning.tuning_service import open_tuning

    known = [one.responder.model for one in models]

    def load(name: str, run: Path) -> "HostedModel":
        made = _hosted_run(name, run, TUNED)
        share_equal_weights([*known, made.responder.model])
        return made

    bases = {one.name: _base(one.name, places) for one in models}
    return open_tuning(options.jobs.resolve(), bases, load, options.limits)


def _base(name: str, places: Sequence[Path]) -> dict[str, Any]:
    """What a recipe's `model` says of a model that is offered."""
    place = next((one for one in places if one.name == name), places[0])
    if not is_run(place):
        return {"name": str(place.resolve()) if place.is_dir() else str(place)}
    if name != BASE or len(places) > 1:
        return {"name": str(place.resolve() / "model")}
    base = base_of_run(RunFolder(place))
    return {"name": base.path if base.folder else base.name, "revision": base.revision}


def _lines(url: str, models: "Sequence[HostedModel]", key_env: str | None) -> list[str]:
    """What a person copies."""
    key = f' -H "Authorization: Bearer ${key_env}"' if key_env else ""
    first = models[0].name
    body = f'{{"model": "{first}", "messages": [{{"role": "user", "content": "Hello"}}]}}'
    given = f"${key_env}" if key_env else "none"
    return [
        f"{url} serves {', '.join(one.name for one in models)}; in a browser it is a chat",
        "",
        f"curl {url}/v1/chat/completions{key} -H 'Content-Type: application/json' -d '{body}'",
        f"export OPENAI_BASE_URL={url}/v1 OPENAI_API_KEY={given}",
        *_check_line(url, models, key_env),
        "",
        "Ctrl-C ends it; what is being answered is finished first.",
    ]


def _check_line(url: str, models: "Sequence[HostedModel]", key_env: str | None) -> list[str]:
    """How to prove that the first run's model is the one that was measured."""
    named = [(one.name, one.feedback.parent) for one in models if one.feedback is not None]
    if not named:
        return []
    model, run = named[0]
    words = ["tunesmith", "check", f"{url}/v1", str(run), "--model", model]
    return [shlex.join(words + (["--key-env", key_env] if key_env else []))]
