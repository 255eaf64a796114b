"""Questions, endpoints and callers for the tests of this folder; nothing here waits long."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.endpoint_server import EndpointServer
from tunesmith.endpoints.cache import CallCache, call_id_of
from tunesmith.endpoints.caller import Caller, CallTerms
from tunesmith.endpoints.chat_request import ChatMessage, ChatReply, ChatRequest, Outcome
from tunesmith.endpoints.openai_api import OpenAiEndpoint
from tunesmith.endpoints.retries import RetryPolicy
from tunesmith.recipe.endpoint_recipe import EndpointRecipe


def question(text: str, **settings: Any) -> ChatRequest:
    message = ChatMessage(role="user", content=text)
    return ChatRequest(messages=(message,), purpose="test@1", **settings)


def questions(count: int) -> list[ChatRequest]:
    return [question(f"question {number}") for number in range(count)]


def answers(count: int) -> list[str]:
    """What the server says to `questions`, where nothing else is plugged in."""
    return [f"Answer to: question {number}" for number in range(count)]


def texts(outcomes: Sequence[Outcome]) -> list[str | None]:
    return [outcome.text if isinstance(outcome, ChatReply) else None for outcome in outcomes]


def reasons(outcomes: Sequence[Outcome]) -> list[str | None]:
    return [None if isinstance(outcome, ChatReply) else outcome.reason for outcome in outcomes]


class Waits:
    """A sleep that takes no time, and remembers how long it would have been."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def recipe_for(server: EndpointServer, **settings: Any) -> EndpointRecipe:
    settings = {"timeout_seconds": 5.0, "deadline_seconds": 10.0} | settings
    return EndpointRecipe(url=server.url, model="tiny", **settings)


@contextmanager
def endpoint_at(server: EndpointServer, **settings: Any) -> Iterator[OpenAiEndpoint]:
    endpoint = OpenAiEndpoint(recipe_for(server, **settings))
    try:
        yield endpoint
    finally:
        endpoint.close()


def patient(waits: Waits | None = None, **settings: Any) -> RetryPolicy:
    return RetryPolicy(sleep=waits or Waits(), **settings)


@contextmanager
def caller_at(
    server: EndpointServer,
    path: Path,
    *,
    recipe: Mapping[str, Any] | None = None,
    **terms: Any,
) -> Iterator[Caller]:
    endpoint = OpenAiEndpoint(recipe_for(server, **(recipe or {})))
    terms = {"num_workers": 4, "retry_policy": patient()} | terms
    with Caller(endpoint, CallCache(path / "calls.sqlite"), CallTerms(**terms)) as caller:
        yield caller


class Scripted:
    """An endpoint without a server: each question's outcomes, attempt by attempt."""

    def __init__(
        self, script: Mapping[str, Sequence[Outcome]] | None = None, *, at_once: int = 1
    ) -> None:
        self.script = {text: list(outcomes) for text, outcomes in (script or {}).items()}
        self.batches: list[list[str]] = []
        self._at_once = at_once

    @property
    def name(self) -> str:
        return "scripted"

    @property
    def identity(self) -> Mapping[str, str]:
        return {"name": "scripted"}

    @property
    def at_once(self) -> int:
        return self._at_once

    def check(self) -> None:
        return

    def reply(self, requests: Sequence[ChatRequest]) -> Sequence[Outcome]:
        self.batches.append([request.messages[-1].content for request in requests])
        return [self._reply(request) for request in requests]

    def _reply(self, request: ChatRequest) -> Outcome:
        waiting = self.script.get(request.messages[-1].content)
        if waiting:
            return waiting.pop(0)
        return ChatReply(
            call_id=call_id_of(request, self.identity),
            text=f"Answer to: {request.messages[-1].content}",
            finish_reason="stop",
        )
