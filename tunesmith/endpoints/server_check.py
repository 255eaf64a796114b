"""A server's list of models -> nothing, if it can be asked; else an error that says what to run."""

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson

from tunesmith.endpoints.transport import TransportError
from tunesmith.errors import RemoteError
from tunesmith.recipe.endpoint_recipe import EndpointRecipe

if TYPE_CHECKING:
    import openai

_OLLAMA_PORT = 11434
_MODELS_SHOWN = 12


def check_server(client: "openai.OpenAI", recipe: EndpointRecipe, *, where: str) -> None:
    """Ask which models a server has.

    A server without such a list, or with an empty one, is taken to have the model: the first
    call will tell. So is one that is asked for a folder, which `transformers serve` does not list.

    Raises:
        RemoteError: It is not there, does not accept the key, or lacks the model.
    """
    names = served_models(client, recipe, where=where)
    if names and not _is_folder(recipe) and not _has(names, recipe.model or ""):
        raise RemoteError(
            f"{recipe.url} has no model {recipe.model!r}",
            where=where,
            cure=_model_cure(recipe, names),
        )


def served_models(
    client: "openai.OpenAI", recipe: EndpointRecipe, *, where: str
) -> list[str] | None:
    """The names of a server's models; None where it has no readable list.

    Raises:
        RemoteError: It is not there, or does not accept the key.
    """
    import openai  # noqa: PLC0415 - takes half a second

    try:
        raw = client.models.with_raw_response.list()
    except openai.APIStatusError as error:
        _explain_status(error.status_code, error.message, recipe, where)
        return None
    except openai.APIConnectionError as error:
        raise _unreachable(error, recipe, where) from None
    return _names(raw.http_response.content)


def _is_folder(recipe: EndpointRecipe) -> bool:
    return (recipe.model or "").startswith(("/", "./", "../"))


def _explain_status(status: int, message: str, recipe: EndpointRecipe, where: str) -> None:
    if status in (401, 403):
        cure = (
            f"Look at the key in {recipe.key_env}."
            if recipe.key_env
            else "Name the environment variable that holds a key as key_env."
        )
        raise RemoteError(
            f"{recipe.url} does not accept the key (status {status}: {message[:200]})",
            where=where,
            cure=cure,
        )
    if status == 404 and not recipe.place.path.strip("/"):
        raise RemoteError(
            f"{recipe.url} has no list of models",
            where=where,
            cure=f"Most servers are asked at {recipe.url}/v1.",
        )
    if status >= 500 and not _is_folder(recipe):  # `transformers serve` fails without a cache
        raise RemoteError(
            f"{recipe.url} failed (status {status}: {message[:200]})",
            where=where,
            cure="Look at the server's log, and try again.",
        )


def _unreachable(error: Exception, recipe: EndpointRecipe, where: str) -> RemoteError:
    cause = error.__cause__
    reason = cause.reason if isinstance(cause, TransportError) else "no connection"
    detail = cause or error
    if reason == "redirect":
        cure = "Write the address that it leads to, if you trust it."
    elif reason in ("address refused", "another host"):
        cure = "Look at the address."
    elif recipe.place.port == _OLLAMA_PORT:
        cure = "Start it: `ollama serve`."
    else:
        cure = "Start it, and look at host and port; the address mostly ends in /v1."
    return RemoteError(f"{recipe.url} does not answer ({detail})", where=where, cure=cure)


def _names(body: bytes) -> list[str] | None:
    try:
        value: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    rows = value.get("data") if isinstance(value, dict) else None
    if not isinstance(rows, list):
        return None
    return [str(row["id"]) for row in rows if isinstance(row, dict) and "id" in row]


def _has(names: Sequence[str], model: str) -> bool:
    """Ollama lists `llama3:latest`, and answers to `llama3`."""
    return model in names or f"{model}:latest" in names


def _model_cure(recipe: EndpointRecipe, names: Sequence[str]) -> str:
    if recipe.place.port == _OLLAMA_PORT:
        return f"Run `ollama pull {recipe.model}`.{_known(recipe, names)}"
    return f"Name another as model.{_known(recipe, names)}"


def _known(recipe: EndpointRecipe, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(recipe.model or "", names, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    rest = len(names) - _MODELS_SHOWN
    more = f" and {rest} more" if rest > 0 else ""
    return f" It has {', '.join(names[:_MODELS_SHOWN])}{more}.{hint}"
