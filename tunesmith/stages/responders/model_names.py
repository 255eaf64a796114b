"""The name that a person gives a model -> the model, ready to be asked.

`base` and `tuned` are those of a run: the one named, else the newest under `runs/`. An address
with `#` and a name is a model behind a server. All others are folders, runs, Hub ids or starter.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Required, TypedDict, Unpack

from pydantic import ValidationError

from tunesmith.errors import MissingError, RecipeError
from tunesmith.generation.responder import Responder
from tunesmith.models.load import ModelPlace, find_model, is_model_folder, require_same_base
from tunesmith.recipe.endpoint_recipe import EndpointRecipe
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.execution.claim import is_run
from tunesmith.stages.execution.opened_run import open_run
from tunesmith.stages.execution.progress import SilentProgress
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.responders.asked_model import AskedModel, LocalModel, ServedModel
from tunesmith.stages.responders.kept_stops import stops_of
from tunesmith.stages.responders.load_responder import load_responder, named_responder
from tunesmith.stages.responders.renderer import Renderer, model_renderer
from tunesmith.stages.results.answer_pieces import is_address

BASE, TUNED = "base", "tuned"
_RUNS = Path("runs")


class AskOptions(TypedDict, total=False):
    """How a model that is asked by its name is to answer.

    Attributes:
        generation: Length, temperature, stop strings.
        run: The folder of the run whose base and tuned are meant; the newest, if not given.
        key_env: The environment variable with a server's key.
    """

    generation: Required[GenerationRecipe]
    run: Path | None
    key_env: str | None


def open_model(name: str, **options: Unpack[AskOptions]) -> AskedModel:
    """Find a model by its name; weights are loaded with the first question.

    Args:
        name: base, tuned, a run, a folder, a Hub id, starter, or URL#MODEL.
        options: See `AskOptions`.

    Raises:
        MissingError: There is no such model.
        RecipeError: The address is none, or names no model.
    """
    generation = options["generation"]
    if name in (BASE, TUNED):
        folder = _run(options.get("run"))
        return LocalModel(name, lambda: run_responder(name, folder, generation))
    if is_address(name):
        return ServedModel(name, _endpoint(name, options.get("key_env")), generation)
    find_model(name)
    return LocalModel(name, lambda: named_responder(name, recipe=generation))


def check_key(names: Sequence[str], key_env: str | None) -> None:
    """Refuse a key that would go to several servers, or to none.

    Raises:
        RecipeError: One server at a time can be given a key.
    """
    servers = {name.partition("#")[0] for name in names if is_address(name)}
    if key_env and len(servers) != 1:
        problem = f"the key would go to {len(servers)} servers"
        cure = "Name models of one server, or leave it out."
        raise RecipeError(problem, where=f"--key-env {key_env}", cure=cure)


def _run(folder: Path | None) -> RunFolder:
    """The run that was named, or the newest with a model."""
    if folder is not None:
        if not is_model_folder(folder / "model"):
            cure = "Name the folder of a run that was trained."
            raise MissingError("no run with a model", where=f"--run {folder}", cure=cure)
        return RunFolder(folder)
    found = [one for one in _RUNS.glob("*") if is_run(one) and is_model_folder(one / "model")]
    if not found:
        cure = "`tunesmith run RECIPE` makes one; --run FOLDER names one elsewhere."
        raise MissingError(
            "base and tuned are of a run, and none has a model", where=str(_RUNS), cure=cure
        )
    return RunFolder(max(found, key=lambda one: (one / "model").stat().st_mtime))


def run_responder(name: str, folder: RunFolder, generation: GenerationRecipe) -> Responder:
    """The model that a run made, or the one it started from, asked alike.

    Args:
        name: `tuned` or `base`.
        folder: The run's, with a model.
        generation: Length, temperature, stop strings.
    """
    place = find_model(str(folder.path))
    tuned = model_renderer(place)
    if name == TUNED:
        return load_responder(tuned, name=TUNED, recipe=generation)
    run = open_run(folder.path, progress=SilentProgress())
    base = Renderer(place=base_of_run(folder), tokenizer=tuned.tokenizer, template=tuned.template)
    return load_responder(
        base,
        name=BASE,
        recipe=generation.model_copy(update={"stop": list(stops_of(generation, place).texts)}),
        training=run.recipe.training,
        has_random_weights=run.recipe.model.weights == "random",
    )


def base_of_run(folder: RunFolder) -> ModelPlace:
    """Where the model lies that a run started from; a folder is named as seen from its model.

    Raises:
        MissingError: It is not there.
        RefusedError: It is another one by now.
    """
    place = find_model(str(folder.path))
    base = (place.contract or {}).get("base", {})
    name, revision = str(base.get("name", "")), base.get("revision")
    beside = folder.model / name
    found = find_model(str(beside) if beside.is_dir() else name, revision=revision)
    require_same_base(found, base, folder.model)
    return found


def _endpoint(name: str, key_env: str | None) -> EndpointRecipe:
    url, _, model = name.partition("#")
    if not model:
        cure = f"Write its name behind #: {url}#llama3."
        raise RecipeError("the address names no model", where=name, cure=cure)
    try:  # whoever types an address means it: private networks are not refused
        return EndpointRecipe(url=url, model=model, key_env=key_env, allow_private=True)
    except ValidationError as error:
        problem = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise RecipeError(problem, where=name, cure="Write URL#MODEL.") from None
