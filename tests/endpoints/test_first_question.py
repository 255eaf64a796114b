"""A server that will never answer is found out by one question; one that may, is not refused."""

import pytest

from tests.endpoint_server import Choose, EndpointServer, always, scheduled
from tunesmith.endpoints import first_question
from tunesmith.endpoints.first_question import ask_first_question
from tunesmith.endpoints.openai_api import OpenAiEndpoint
from tunesmith.errors import RemoteError
from tunesmith.recipe.endpoint_recipe import EndpointRecipe


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_question, "_PAUSE_SECONDS", 0.0)


def asked(choose: Choose, model: str = "tiny") -> tuple[str, int]:
    """What asking came to, and how often the server was asked."""
    with EndpointServer(choose=choose) as server:
        endpoint = OpenAiEndpoint(EndpointRecipe(url=server.url, model=model))
        try:
            told = ask_first_question(endpoint, where="evaluation.judge", url=server.url)
        except RemoteError as error:
            told = error.message
        endpoint.close()
        return told, len(server.seen.bodies)


def test_an_answer_is_one_question_and_says_what_it_cost() -> None:
    assert asked(scheduled([])) == ("one question of 9 tokens", 1)


@pytest.mark.parametrize("fault", ["401", "403", "404", "html", "no-choices"])
def test_who_never_answers_is_refused(fault: str) -> None:
    told, times = asked(always(fault))
    assert "does not answer 'tiny' a first question" in told
    assert times <= 3


@pytest.mark.parametrize("fault", ["429", "500", "503", "null-content"])
def test_who_may_answer_later_is_not_refused(fault: str) -> None:
    told, times = asked(always(fault))
    assert told.startswith("one short question, without an answer yet (")
    assert times == 3
    assert asked(scheduled([fault]))[0] == "one question of 9 tokens"


def test_a_model_that_the_server_lacks_is_refused_though_it_lists_none() -> None:
    told, times = asked(scheduled([]), model="other")
    assert "status 404" in told
    assert times == 1
