"""Several models are asked at once: here in turn, servers meanwhile, each as it writes."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.endpoint_server import EndpointServer, always
from tunesmith.errors import MissingError, RecipeError, RemoteError
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.ask import ask, ask_pieces
from tunesmith.stages.chat import chat
from tunesmith.stages.results.answer_pieces import refuse_unanswered

SHORT: Any = {"generation": GenerationRecipe(max_new_tokens=5)}
SAID = "Hold a treat close to its nose. ### And then?"


@pytest.fixture
def server() -> Any:
    with EndpointServer(lambda _: SAID) as running:
        yield running


def test_servers_and_folders_answer_in_their_order_and_stream(
    server: Any, tiny_folder: Path
) -> None:
    names = [f"{server.url}#tiny", str(tiny_folder), f"{server.url}#tiny"]
    pieces = list(ask_pieces("Sit?", names, **SHORT))
    texts = ["".join(one.text for one in pieces if one.place == place) for place in range(3)]
    answers = list(ask("Sit?", names, **SHORT))
    assert [one.model for one in answers] == names
    assert texts == [one.text for one in answers]
    assert texts[0] == SAID
    assert sum(one.place == 0 for one in pieces) > 5, "it came in one piece"
    assert answers[0].num_tokens == len(SAID) // 4 + 1
    assert server.seen.bodies[0]["max_tokens"] == 5


@pytest.mark.parametrize("is_streaming", [True, False])
def test_a_servers_answer_ends_at_a_stop_string_too(*, is_streaming: bool) -> None:
    generation = GenerationRecipe(stop=["###"])
    with EndpointServer(lambda _: SAID, is_streaming=is_streaming) as server:
        pieces = list(ask_pieces("Sit?", [f"{server.url}#tiny"], generation=generation))
    shown = ""
    for piece in pieces:
        shown += piece.text
        assert SAID.partition("###")[0].startswith(shown)
    assert pieces[-1].answer is not None
    assert (shown, pieces[-1].answer.text) == (SAID.partition("###")[0],) * 2
    assert pieces[-1].answer.finish_reason == "stop"


@pytest.mark.parametrize("fault", ["500", "half", "html", "null-choices", "429", "drop"])
def test_a_server_that_fails_ends_no_other_answer(fault: str, tiny_folder: Path) -> None:
    with EndpointServer(choose=always(fault)) as server:
        names = [f"{server.url}#tiny", str(tiny_folder)]
        failed, answered = list(ask("Sit?", names, **SHORT))
    assert failed.finish_reason not in ("stop", "length")
    assert answered.finish_reason in ("stop", "length")
    with pytest.raises(RemoteError, match="tiny: "):
        refuse_unanswered([failed, answered])


def test_what_cannot_be_asked_is_said_before_anything_is_loaded(server: Any) -> None:
    for name, error, words in (
        (server.url, RecipeError, r"names no model.*#llama3"),
        (f"{server.url}#other", RemoteError, "has no model 'other'"),
        ("ftp://x#y", MissingError, "no such model"),
        ("http://a b/v1#y", RecipeError, "holds spaces"),
        ("./nowhere", MissingError, "no such model folder"),
        ("tuned", MissingError, "no run with a model"),
    ):
        with pytest.raises(error, match=words):
            list(ask("Sit?", ["starter", name], run=Path("/nowhere"), **SHORT))


def test_a_key_goes_to_one_server_only(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "sk-secret")
    names = [f"{server.url}#tiny", "https://elsewhere.example/v1#big"]
    with pytest.raises(RecipeError, match="would go to 2 servers"):
        list(ask("Sit?", names, key_env="A_KEY", **SHORT))
    with pytest.raises(RecipeError, match="would go to 0 servers"):
        list(ask("Sit?", ["starter"], key_env="A_KEY", **SHORT))
    list(ask("Sit?", names[:1], key_env="A_KEY", **SHORT))
    assert server.seen.headers[0]["authorization"] == "Bearer sk-secret"


def test_a_server_can_be_talked_with(server: Any) -> None:
    with closing(chat(f"{server.url}#tiny", **SHORT)) as session:
        session.set_system("Be brief.")
        assert "".join(session.reply("Sit?")) == SAID
        assert "".join(session.reply("Stay?")) == SAID
    roles = [message["role"] for message in server.seen.bodies[-1]["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
