"""One attempt at a server: what is sent, what is believed, how long and how much is read."""

import resource
import sys
import time

import pytest

from tests.endpoint_server import EndpointServer, always, scheduled
from tests.endpoints.rig import answers, endpoint_at, question, questions, reasons, texts
from tunesmith.endpoints.chat_request import ChatFailure, ChatMessage, ChatReply, ChatRequest
from tunesmith.endpoints.openai_api import OpenAiEndpoint
from tunesmith.errors import MissingError
from tunesmith.recipe.endpoint_recipe import EndpointRecipe

KEY = "canary-key-5b1f"


def ask_once(fault: str, **settings: object) -> ChatFailure | ChatReply:
    with (
        EndpointServer(choose=always(fault)) as server,
        endpoint_at(server, **settings) as endpoint,
    ):
        (outcome,) = endpoint.reply(questions(1))
        assert len(server.seen.bodies) == 1, "one attempt is one request"
        return outcome


@pytest.mark.parametrize(
    ("fault", "reason", "is_passing", "is_outage"),
    [
        ("429", "status 429", True, True),
        ("500", "status 500", True, True),
        ("400", "status 400", False, False),
        ("401", "status 401", False, True),
        ("403", "status 403", False, True),
        ("404", "status 404", False, True),
        ("drop", "connection lost", True, True),
        ("half", "connection lost", True, True),
        ("html", "a web page instead of JSON", True, True),
        ("truncated", "not JSON", True, True),
        ("list", "no object", True, True),
        ("empty", "empty body", True, True),
        ("error-200", "an error with status 200", True, True),
        ("no-choices", "no choices", True, True),
        ("null-choices", "no choices", True, True),
        ("no-message", "no message", True, True),
        ("null-content", "no content", True, False),
        ("empty-content", "no content", True, False),
        ("filtered", "content filter", False, False),
        ("huge:5000000", "answer too large", True, True),
        ("bomb:5000000", "answer too large", True, True),
    ],
)
def test_no_fault_becomes_a_reply(
    fault: str, reason: str, is_passing: bool, is_outage: bool
) -> None:
    outcome = ask_once(fault)
    assert isinstance(outcome, ChatFailure)
    assert (outcome.reason, outcome.is_passing, outcome.is_outage) == (
        reason,
        is_passing,
        is_outage,
    )


def test_silence_ends_with_the_timeout() -> None:
    began = time.monotonic()
    outcome = ask_once("hang", timeout_seconds=0.2)
    assert isinstance(outcome, ChatFailure)
    assert outcome.reason == "timeout"
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("fault", ["drip", "drip-head"])
def test_drops_that_never_time_out_end_with_the_deadline(fault: str) -> None:
    began = time.monotonic()
    outcome = ask_once(fault, timeout_seconds=5.0, deadline_seconds=0.4)
    assert isinstance(outcome, ChatFailure)
    assert outcome.reason == "timeout"
    assert 0.3 < time.monotonic() - began < 2


def test_what_may_have_been_charged_is_unknown_and_what_was_not_is_nothing() -> None:
    for fault, tokens in {"half": None, "500": 0, "no-choices": 3, "truncated": None}.items():
        outcome = ask_once(fault)
        assert outcome.prompt_tokens == tokens, fault


@pytest.mark.parametrize("fault", ["huge", "bomb"])
def test_300_megabytes_are_not_held(fault: str) -> None:
    ask_once("500")  # whatever the client needs at all
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = ask_once(fault)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert isinstance(outcome, ChatFailure)
    assert grown / (1024 if sys.platform == "linux" else 1 << 20) < 40  # MB


def test_a_packed_reply_is_read() -> None:
    outcome = ask_once("zipped")
    assert texts([outcome]) == answers(1)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_prompt_never_reaches_the_target_of_a_redirect(host: str) -> None:
    with EndpointServer() as other:
        port = other.url.split(":")[2].split("/")[0]
        outcome = ask_once(f"redirect:http://{host}:{port}/v1/chat/completions")
        assert other.seen.paths == []
    assert isinstance(outcome, ChatFailure)
    assert (outcome.reason, outcome.is_passing) == ("redirect", False)
    assert host in outcome.detail


def test_nobody_listening_is_a_connection_failure_that_cost_nothing() -> None:
    with EndpointServer() as server:
        recipe = EndpointRecipe(url=server.url, model="tiny")
    endpoint = OpenAiEndpoint(recipe)
    (outcome,) = endpoint.reply(questions(1))
    endpoint.close()
    assert isinstance(outcome, ChatFailure)
    assert (outcome.reason, outcome.is_passing, outcome.prompt_tokens) == ("no connection", True, 0)


def test_a_host_that_does_not_exist_is_a_connection_failure() -> None:
    endpoint = OpenAiEndpoint(EndpointRecipe(url="https://no-such.invalid/v1", model="tiny"))
    (outcome,) = endpoint.reply(questions(1))
    endpoint.close()
    assert isinstance(outcome, ChatFailure)
    assert outcome.reason == "no connection"
    assert "no-such.invalid is not known" in outcome.detail


def test_a_request_is_sent_as_asked() -> None:
    request = ChatRequest(
        messages=(
            ChatMessage(role="system", content="be brief"),
            ChatMessage(role="user", content="hi"),
        ),
        purpose="test@1",
        max_tokens=7,
        temperature=0.5,
        seed=11,
        is_json=True,
    )
    with EndpointServer() as server, endpoint_at(server) as endpoint:
        (outcome,) = endpoint.reply([request])
    assert server.seen.bodies == [
        {
            "model": "tiny",
            "messages": [
                {"role": "system", "content": "be brief"},
                {"role": "user", "content": "hi"},
            ],
            "max_tokens": 7,
            "temperature": 0.5,
            "seed": 11,
            "response_format": {"type": "json_object"},
        }
    ]
    assert isinstance(outcome, ChatReply)
    assert (outcome.prompt_tokens, outcome.completion_tokens) == (3, 4)


def test_the_environment_adds_nothing_and_its_key_goes_nowhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("API_KEY", "ORG_ID", "PROJECT_ID", "ADMIN_KEY"):
        monkeypatch.setenv(f"OPENAI_{name}", KEY)
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Custom: {KEY}\nAuthorization: Bearer {KEY}")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with EndpointServer() as server, endpoint_at(server) as endpoint:
        assert texts(endpoint.reply(questions(1))) == answers(1)
    (headers,) = server.seen.headers
    assert KEY not in str(headers)
    assert {name.lower() for name in headers} == {
        "host",
        "content-type",
        "content-length",
        "accept",
        "authorization",
        "accept-encoding",
        "user-agent",
    }
    assert headers["authorization"] == "Bearer none"


def test_the_key_that_is_named_is_the_one_that_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", KEY)
    with EndpointServer(key=KEY) as server, endpoint_at(server, key_env="JUDGE_KEY") as endpoint:
        endpoint.check()
        assert texts(endpoint.reply(questions(1))) == answers(1)


@pytest.mark.parametrize("value", [None, "", "  ", "two words", "line\nbreak"])
def test_a_key_that_is_none_is_missing(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("JUDGE_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("JUDGE_KEY", value)
    recipe = EndpointRecipe(url="http://localhost:1/v1", model="tiny", key_env="JUDGE_KEY")
    with pytest.raises(MissingError, match="JUDGE_KEY") as caught:
        OpenAiEndpoint(recipe, where="evaluation.judge.key_env")
    assert "words" not in str(caught.value)


@pytest.mark.parametrize(
    ("parameter", "request_settings"),
    [("max_tokens", {}), ("temperature", {}), ("response_format", {"is_json": True})],
)
def test_a_parameter_that_a_server_rejects_is_left_out_from_then_on(
    parameter: str, request_settings: dict[str, bool]
) -> None:
    asked = question("question 0", **request_settings)
    with (
        EndpointServer(choose=always(f"rejects:{parameter}")) as server,
        endpoint_at(server) as endpoint,
    ):
        first, second = endpoint.reply([asked]), endpoint.reply([asked])
    assert reasons([*first, *second]) == [f"{parameter} rejected", None]
    assert isinstance(first[0], ChatFailure)
    assert (first[0].is_passing, first[0].retry_after_seconds) == (True, 0.0)
    assert parameter not in server.seen.bodies[1]
    if parameter == "max_tokens":
        assert server.seen.bodies[1]["max_completion_tokens"] == 512


def test_a_server_without_usage_leaves_tokens_unknown() -> None:
    with EndpointServer(has_usage=False) as server, endpoint_at(server) as endpoint:
        (outcome,) = endpoint.reply(questions(1))
    assert isinstance(outcome, ChatReply)
    assert outcome.prompt_tokens is None


def test_connections_are_used_again() -> None:
    faults = scheduled(["500", None, "null-content"])
    with EndpointServer(choose=faults) as server, endpoint_at(server) as endpoint:
        endpoint.reply(questions(5))
        with server.lock:
            assert len(server.open) == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("max_tokens is too large: 512. This model supports at most 400", "status 400"),
        ("max_tokens must be at most 400", "status 400"),
        ("'response_format.type' must be 'json_schema' or 'text'", "response_format rejected"),
        ("Unsupported value: 'temperature' does not support 0", "temperature rejected"),
        ("this model does not support tools", "status 400"),
    ],
)
def test_a_value_that_is_rejected_is_not_a_parameter_that_is(words: str, reason: str) -> None:
    with EndpointServer(choose=always(f"400:{words}")) as server, endpoint_at(server) as endpoint:
        outcomes = endpoint.reply([question("question 0", is_json=True)])
    assert reasons(outcomes) == [reason]
