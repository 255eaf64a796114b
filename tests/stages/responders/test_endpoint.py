"""A recipe's endpoint is opened as it is named: checked, counted, its budget kept."""

from pathlib import Path

import pytest

from tests.endpoint_server import EndpointServer
from tests.endpoints.rig import answers, question, questions, reasons, recipe_for, texts
from tests.stages.rig import Talk
from tunesmith.endpoints.caller import NOT_CACHED, CallForecast
from tunesmith.endpoints.chat_request import ChatReply
from tunesmith.endpoints.uncached_calls import BUDGET_SPENT
from tunesmith.errors import MissingError, RemoteError
from tunesmith.recipe.endpoint_recipe import EndpointRecipe
from tunesmith.stages.responders.endpoint import forecast_in_words, open_caller


def test_a_server_is_asked_and_its_counts_are_shown(tmp_path: Path) -> None:
    talk = Talk()
    with EndpointServer() as server:
        recipe = recipe_for(server, prompt_price=1.0, completion_price=2.0)
        with open_caller(recipe, cache_path=tmp_path / "calls.sqlite", progress=talk) as caller:
            assert texts(list(caller.ask_all(questions(3)))) == answers(3)
    assert len(talk.statuses) == 3
    assert talk.statuses[-1] == "3 answered, 27 tokens, cost 0.00"


def test_a_server_that_lacks_the_model_is_found_before_any_call(tmp_path: Path) -> None:
    with EndpointServer(models=["other"]) as server:
        recipe = recipe_for(server)
        path = tmp_path / "calls.sqlite"
        with pytest.raises(RemoteError, match=r"^evaluation.judge: .*no model 'tiny'"):
            open_caller(recipe, cache_path=path, progress=Talk(), where="evaluation.judge")
        later = open_caller(recipe, cache_path=path, progress=Talk(), is_checked_now=False)
        with later, pytest.raises(RemoteError, match="no model 'tiny'"):
            list(later.ask_all(questions(1)))
        assert server.seen.bodies == []


def test_offline_neither_key_nor_server_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGE_KEY", "canary-key")
    path = tmp_path / "calls.sqlite"
    with EndpointServer() as server:
        recipe = recipe_for(server, key_env="JUDGE_KEY")
        with open_caller(recipe, cache_path=path, progress=Talk()) as caller:
            list(caller.ask_all(questions(2)))
    monkeypatch.delenv("JUDGE_KEY")
    with open_caller(recipe, cache_path=path, progress=Talk(), is_offline=True) as caller:
        outcomes = list(caller.ask_all(questions(3)))
    assert texts(outcomes) == [*answers(2), None]
    assert reasons(outcomes)[2] == NOT_CACHED


def test_a_runs_budget_is_the_runs_and_a_commands_is_the_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    with EndpointServer() as server:
        recipe = recipe_for(server, max_calls=2)
        for path, expected in ((tmp_path / "run.sqlite", BUDGET_SPENT), (None, None)):
            for start in (0, 2):
                asked = [question(f"{path} {n}") for n in range(start, start + 2)]
                with open_caller(recipe, cache_path=path, progress=Talk()) as caller:
                    outcomes = list(caller.ask_all(asked))
            assert reasons(outcomes) == [expected] * 2
    assert (tmp_path / "home" / "tunesmith" / "calls.sqlite").is_file()


def test_a_local_model_is_asked_in_the_same_way(tmp_path: Path, tiny_folder: Path) -> None:
    recipe = EndpointRecipe(path=str(tiny_folder), at_once=2)
    asked = [question(f"question {n}", max_tokens=4) for n in range(3)]
    talk = Talk()
    path = tmp_path / "calls.sqlite"
    with open_caller(recipe, cache_path=path, progress=talk) as caller:
        first = list(caller.ask_all(asked))
    assert all(isinstance(outcome, ChatReply) for outcome in first)
    with open_caller(recipe, cache_path=path, progress=talk, is_offline=True) as caller:
        assert texts(list(caller.ask_all(asked))) == texts(first)


def test_a_folder_that_is_not_there_is_missing(tmp_path: Path) -> None:
    for name in (str(tmp_path / "none"), "someone/hub-model"):
        with pytest.raises(MissingError, match="no such model folder"):
            open_caller(
                EndpointRecipe(path=name), cache_path=tmp_path / "c.sqlite", progress=Talk()
            )


def test_a_forecast_is_a_sentence() -> None:
    forecast = CallForecast(
        calls=300,
        cached=12,
        prompt_tokens=45_000,
        completion_tokens=9_000,
        cost=1.234,
        limit="max_cost: 1",
    )
    assert forecast_in_words(forecast) == (
        "300 calls to make, 12 kept already; about 45,000 tokens to read and at most 9,000 to "
        "write, at most about 1.23. The budget (max_cost: 1) may end it early."
    )
