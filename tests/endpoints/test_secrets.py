"""A key goes to its server and nowhere else: not into files, logs, messages or tracebacks."""

import logging
import traceback
from pathlib import Path

import pytest

from tests.endpoint_server import EndpointServer, always
from tests.endpoints.rig import caller_at, patient, questions, recipe_for, texts
from tunesmith.endpoints.openai_api import OpenAiEndpoint
from tunesmith.errors import RecipeError, RemoteError
from tunesmith.recipe.load_recipe import recipe_from_mapping

CANARY = "canary7f3a9b2c"


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("JUDGE_KEY", CANARY)
    return CANARY


def assert_nowhere(folder: Path, *said: str) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert CANARY.encode() not in path.read_bytes(), path
    for text in said:
        assert CANARY not in text


@pytest.mark.parametrize("fault", ["500", "400", "401", "error-200", "html", "truncated"])
def test_a_server_that_repeats_the_key_is_not_repeated(
    tmp_path: Path, key: str, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    caplog.set_level(logging.DEBUG)
    fault = f"{fault}:no, {key} is wrong, and so is Bearer {key}" if fault.isdigit() else fault
    with (
        EndpointServer(lambda body: f"the key is {key}", choose=always(fault)) as server,
        caller_at(
            server,
            tmp_path,
            recipe={"key_env": "JUDGE_KEY"},
            retry_policy=patient(attempts=2, outages_in_a_row=99),
        ) as caller,
    ):
        (outcome,) = caller.ask_all(questions(1))
        assert server.seen.headers[0]["authorization"] == f"Bearer {key}"
        assert_nowhere(tmp_path, str(outcome), caplog.text, repr(caller.counts))


def test_no_exception_holds_the_key_with_its_whole_traceback(
    tmp_path: Path, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with EndpointServer(key="another") as server:  # answers 401 with the key in its message
        endpoint = OpenAiEndpoint(recipe_for(server, key_env="JUDGE_KEY"))
        with pytest.raises(RemoteError) as caught:
            endpoint.check()
        endpoint.close()
        said = "".join(traceback.format_exception(caught.value))
        assert CANARY not in said
        assert CANARY not in repr(vars(endpoint))
        with (
            caller_at(
                server, tmp_path, recipe={"key_env": "JUDGE_KEY"}, is_offline=False
            ) as caller,
            pytest.raises(RemoteError) as caught,
        ):
            list(caller.ask_all(questions(9)))
    assert_nowhere(tmp_path, "".join(traceback.format_exception(caught.value)), caplog.text)


def test_a_service_that_is_given_up_is_quoted_without_the_key(tmp_path: Path, key: str) -> None:
    with (
        EndpointServer(choose=always(f"500:{key}")) as server,
        caller_at(
            server, tmp_path, recipe={"key_env": "JUDGE_KEY"}, retry_policy=patient(attempts=1)
        ) as caller,
        pytest.raises(RemoteError) as caught,
    ):
        list(caller.ask_all(questions(9)))
    assert_nowhere(tmp_path, "".join(traceback.format_exception(caught.value)))
    assert "[secret]" in str(caught.value)


def test_a_key_in_an_override_is_not_repeated() -> None:
    sources = [{"path": "faq.md"}]
    for override in (
        f"training.device=sk-{CANARY}",
        f"training.device=https://user:{CANARY}@host/v1",
    ):
        with pytest.raises(RecipeError) as caught:
            recipe_from_mapping({"sources": sources}, overrides=[override])
        assert CANARY not in str(caught.value.where)


def test_an_answer_that_repeats_the_key_is_kept_without_it(tmp_path: Path, key: str) -> None:
    with (
        EndpointServer(lambda body: f"the key is {key}, sk-learn is a library") as server,
        caller_at(server, tmp_path, recipe={"key_env": "JUDGE_KEY"}) as caller,
    ):
        (outcome,) = caller.ask_all(questions(1))
    assert texts([outcome]) == ["the key is [secret], sk-learn is a library"]
    assert_nowhere(tmp_path)
