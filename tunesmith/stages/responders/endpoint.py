"""The recipe's teacher, judge or rival -> a Caller, checked and ready, its counts shown."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from tunesmith.endpoints.cache import CallCache, default_cache_path
from tunesmith.endpoints.call_budget import Limits
from tunesmith.endpoints.caller import Caller, CallForecast, CallTerms
from tunesmith.endpoints.chat_request import Endpoint
from tunesmith.endpoints.openai_api import OpenAiEndpoint
from tunesmith.errors import MissingError
from tunesmith.recipe.endpoint_recipe import EndpointRecipe
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.execution.progress import Progress

if TYPE_CHECKING:
    from tunesmith.generation.responder import Responder


def open_caller(
    recipe: EndpointRecipe,
    *,
    cache_path: Path | None,
    progress: Progress,
    is_offline: bool = False,
    where: str = "endpoint",
    is_checked_now: bool = True,
) -> Caller:
    """Open an endpoint: a server or a local model, with cache, patience and budget.

    The counts are shown beside the bar of whatever task runs; the task itself (`start`,
    `advance`) is the caller's, who knows what its outcomes are for.

    Args:
        recipe: Names it.
        cache_path: The run's file, whose budget is the run's: what a killed process spent
            counts. None is the user's own cache, where each command has a budget of its own.
        progress: Told the counts.
        is_offline: Answer from the cache alone; neither key nor server is needed.
        where: The recipe's key, for messages.
        is_checked_now: Ask the server for its models at once; else before the first call, so
            that it may be gone where every answer is kept. A local model is always loaded
            with the first call.

    Raises:
        RemoteError: The server is not there, or lacks the model; the cure says what to run.
        MissingError: There is no such folder, or the variable with the key is not set.
    """
    is_server = recipe.url is not None
    is_offline = is_offline or recipe.kept_only
    terms = CallTerms(
        num_workers=recipe.num_at_once if is_server else 1,
        limits=Limits.of(recipe),
        is_budget_kept=cache_path is not None,
        deadline_seconds=recipe.deadline_seconds,
        is_offline=is_offline,
    )
    endpoint = open_endpoint(recipe, is_offline=is_offline, where=where)
    caller = Caller(
        endpoint,
        CallCache(cache_path or default_cache_path()),
        terms,
        on_change=lambda counts: progress.status(counts.in_words),
    )
    with contextlib.ExitStack() as unless_ready:
        unless_ready.callback(caller.close)
        if is_server and is_checked_now:
            caller.check()
        unless_ready.pop_all()
    return caller


def open_endpoint(
    recipe: EndpointRecipe, *, is_offline: bool = False, where: str = "endpoint"
) -> Endpoint:
    """Who answers, without anything around it; nothing is asked or loaded yet."""
    if recipe.url is not None:
        keyless = recipe.model_copy(update={"key_env": None})
        return OpenAiEndpoint(keyless if is_offline else recipe, where=where)
    return _local(recipe, where)


def _local(recipe: EndpointRecipe, where: str) -> Endpoint:
    from tunesmith.generation.local_endpoint import LocalEndpoint
    from tunesmith.models.load import find_model, weights_fingerprint
    from tunesmith.stages.responders.load_responder import load_responder
    from tunesmith.stages.responders.renderer import model_renderer

    assert recipe.path is not None, "the recipe names either url or path"
    place = find_model(recipe.path)
    if place.folder is None:
        raise MissingError(
            f"no such model folder: {recipe.path}",
            where=where,
            cure="Name a folder, a run or starter; `hf download` fetches a model of the Hub.",
        )
    renderer = model_renderer(place)

    def load() -> "Responder":
        generation = GenerationRecipe(batch=recipe.num_at_once)
        return load_responder(renderer, name=place.name, recipe=generation)

    return LocalEndpoint(
        load,
        name=place.name,
        weights=weights_fingerprint(place.folder),
        rendering=renderer.fingerprint,
        at_once=recipe.num_at_once,
    )


def forecast_in_words(forecast: CallForecast) -> str:
    """What a job will take, as a sentence."""
    words = f"{forecast.calls:,} calls to make, {forecast.cached:,} kept already"
    if forecast.calls:
        words += (
            f"; about {forecast.prompt_tokens:,} tokens to read and at most "
            f"{forecast.completion_tokens:,} to write"
        )
    if forecast.cost is not None:
        words += f", at most about {forecast.cost:.2f}"
    if forecast.limit is not None:
        words += f". The budget ({forecast.limit}) may end it early"
    return f"{words}."
