"""A local model answers as an endpoint: the same protocol, the same counts of failures."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.generation.tiny_responders import gpt2_responder
from tunesmith.endpoints.cache import CallCache, call_id_of
from tunesmith.endpoints.caller import Caller
from tunesmith.endpoints.chat_request import ChatFailure, ChatMessage, ChatReply, ChatRequest
from tunesmith.examples.example import Message
from tunesmith.generation.local_endpoint import LocalEndpoint
from tunesmith.generation.responder import TOO_LONG, OpenQuestion, Responder, answer_all
from tunesmith.recipe.recipe import GenerationRecipe

CONTEXT = 96


def ask(
    text: str, *, max_tokens: int = 8, temperature: float = 0.0, attempt: int = 0
) -> ChatRequest:
    return ChatRequest(
        messages=(ChatMessage(role="user", content=text),),
        purpose="test@1",
        max_tokens=max_tokens,
        temperature=temperature,
        attempt=attempt,
    )


@pytest.fixture(scope="module")
def responder() -> Responder:
    return gpt2_responder(CONTEXT, GenerationRecipe(batch=4), template="concatenate")


def endpoint_of(load: Callable[[], Responder], *, weights: str = "w") -> LocalEndpoint:
    return LocalEndpoint(load, name="tiny", weights=weights, rendering="r", at_once=4)


def test_it_writes_what_answering_writes(responder: Responder) -> None:
    endpoint = endpoint_of(lambda: responder)
    asked = [ask("one"), ask("two", max_tokens=5), ask("three")]
    outcomes = endpoint.reply(asked)
    for request, outcome in zip(asked, outcomes, strict=True):
        recipe = GenerationRecipe(max_new_tokens=request.max_tokens, batch=1)
        alone = gpt2_responder(CONTEXT, recipe, template="concatenate")
        message = Message(role="user", content=request.messages[0].content)
        question = OpenQuestion(example_id="q", messages=(message,))
        (expected,) = answer_all(alone, [question])
        assert isinstance(outcome, ChatReply)
        assert outcome.text == expected.text
        assert outcome.completion_tokens == expected.num_tokens
        assert outcome.prompt_tokens == len(alone.prompt_of(question).ids)
        assert outcome.call_id == call_id_of(request, endpoint.identity)


def test_what_cannot_be_answered_is_a_failure_beside_the_others(responder: Responder) -> None:
    system = ChatMessage(role="system", content="s")
    two_systems = ChatRequest(messages=(system, system), purpose="test@1")
    asked = [ask("one"), ask("x" * 200), two_systems, ask("two")]
    outcomes = endpoint_of(lambda: responder).reply(asked)
    assert [type(outcome) for outcome in outcomes] == [
        ChatReply,
        ChatFailure,
        ChatFailure,
        ChatReply,
    ]
    assert [o.reason for o in outcomes if isinstance(o, ChatFailure)] == [
        TOO_LONG,
        "the template cannot express it",
    ]


def test_another_attempt_draws_another_sample(responder: Responder) -> None:
    asked = [ask("one", temperature=1.5, max_tokens=30, attempt=n) for n in range(3)]
    endpoint = endpoint_of(lambda: responder)
    texts = [outcome.text for outcome in endpoint.reply(asked) if isinstance(outcome, ChatReply)]
    assert len(set(texts)) == 3
    again = [outcome.text for outcome in endpoint.reply(asked) if isinstance(outcome, ChatReply)]
    assert texts == again


def test_the_model_is_loaded_once_and_not_for_what_is_kept(
    tmp_path: Path, responder: Responder
) -> None:
    loads = []

    def load() -> Responder:
        loads.append(1)
        return responder

    for _ in range(2):
        with Caller(endpoint_of(load), CallCache(tmp_path / "calls.sqlite")) as caller:
            outcomes = list(caller.ask_all([ask(f"question {n}") for n in range(10)]))
        assert all(isinstance(outcome, ChatReply) for outcome in outcomes)
        assert loads == [1]


def test_other_weights_are_another_endpoint(responder: Responder) -> None:
    one = endpoint_of(lambda: responder)
    other = endpoint_of(lambda: responder, weights="v")
    assert call_id_of(ask("one"), one.identity) != call_id_of(ask("one"), other.identity)
