"""Caller and server together, over real HTTP on loopback."""

from pathlib import Path

from tests.endpoint_server import EndpointServer
from tunesmith.endpoints.cache import CallCache
from tunesmith.endpoints.caller import Caller, Terms
from tunesmith.endpoints.chat import ChatMessage, ChatRequest
from tunesmith.endpoints.openai_api import OpenAiEndpoint
from tunesmith.recipe.endpoint_recipe import EndpointRecipe


def question(text: str) -> ChatRequest:
    return ChatRequest(messages=(ChatMessage(role="user", content=text),), purpose="test@1")


def questions(count: int) -> list[ChatRequest]:
    return [question(f"question {number}") for number in range(count)]


def test_answers_come_in_order(tmp_path: Path) -> None:
    with EndpointServer() as server:
        endpoint = OpenAiEndpoint(EndpointRecipe(url=server.url, model="tiny"))
        endpoint.check()
        with Caller(endpoint, CallCache(tmp_path / "calls.sqlite"), Terms(num_workers=4)) as caller:
            outcomes = list(caller.ask_all(questions(30)))
            assert [o.text for o in outcomes] == [f"Answer to: question {n}" for n in range(30)]
            assert caller.counts.done == 30
            again = list(caller.ask_all(questions(30)))
            assert all(o.is_cached for o in again)
        endpoint.close()
        assert max(server.seen.counts.values()) == 1
