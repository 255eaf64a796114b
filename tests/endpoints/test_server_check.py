"""The friendly check: is the server there, does it have the model, what to run if not."""

import pytest

from tests.endpoint_server import EndpointServer
from tests.endpoints.rig import endpoint_at
from tunesmith.endpoints import server_check
from tunesmith.endpoints.openai_api import OpenAiEndpoint
from tunesmith.errors import RemoteError
from tunesmith.recipe.endpoint_recipe import EndpointRecipe


def complaint(url: str, model: str = "tiny", **settings: str) -> str:
    endpoint = OpenAiEndpoint(
        EndpointRecipe(url=url, model=model, **settings), where="evaluation.judge"
    )
    with pytest.raises(RemoteError) as caught:
        endpoint.check()
    endpoint.close()
    return str(caught.value)


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch) -> EndpointServer:
    """A server whose port is Ollama's, as the check sees it."""
    server = EndpointServer(models=["llama3:latest", "phi3:latest"])
    port = int(server.url.split(":")[2].split("/")[0])
    monkeypatch.setattr(server_check, "_OLLAMA_PORT", port)
    return server


def test_a_server_with_the_model_passes() -> None:
    with EndpointServer(models=["other", "tiny"]) as server, endpoint_at(server) as endpoint:
        endpoint.check()
        assert server.seen.bodies == []


def test_a_missing_model_names_the_others_and_the_nearest() -> None:
    with EndpointServer(models=["gpt-4o", "gpt-4o-mini"]) as server:
        message = complaint(server.url, "gpt4o-mini")
    assert message == (
        f"evaluation.judge: {server.url} has no model 'gpt4o-mini'. Name another as model. "
        "It has gpt-4o, gpt-4o-mini. Did you mean gpt-4o-mini?"
    )


def test_a_long_list_is_cut() -> None:
    with EndpointServer(models=[f"m{n}" for n in range(100)]) as server:
        message = complaint(server.url, "other")
    assert "m11 and 88 more" in message
    assert "m12" not in message


def test_ollama_is_told_what_to_pull(ollama: EndpointServer) -> None:
    with ollama:
        assert "Run `ollama pull qwen3`. It has llama3:latest, phi3:latest." in complaint(
            ollama.url, "qwen3"
        )


def test_ollama_knows_its_models_without_their_tag(ollama: EndpointServer) -> None:
    with ollama:
        endpoint = OpenAiEndpoint(EndpointRecipe(url=ollama.url, model="llama3"))
        endpoint.check()
        endpoint.close()


def test_a_server_that_is_not_there_is_told_to_be_started(ollama: EndpointServer) -> None:
    with ollama:
        url = ollama.url
    assert "does not answer (no connection" in complaint(url)
    assert complaint(url).endswith("Start it: `ollama serve`.")
    assert "look at host and port" in complaint("http://127.0.0.1:1/v1")


def test_a_wrong_key_points_to_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", "canary-key-5b1f")
    with EndpointServer(key="another") as server:
        message = complaint(server.url, key_env="JUDGE_KEY")
        assert "does not accept the key" in message
        assert "Look at the key in JUDGE_KEY" in message
        assert "canary" not in message
        assert "as key_env" in complaint(server.url)


def test_an_address_without_its_v1_is_completed() -> None:
    with EndpointServer() as server:
        message = complaint(server.url.removesuffix("/v1"))
    assert message.endswith(f"Most servers are asked at {server.url}.")


def test_a_server_without_a_list_is_taken_at_its_word() -> None:
    with EndpointServer() as server:
        endpoint = OpenAiEndpoint(
            EndpointRecipe(url=server.url.replace("/v1", "/v2"), model="tiny")
        )
        endpoint.check()
        endpoint.close()


@pytest.mark.parametrize(("models", "asked"), [([], "tiny"), (["other"], "/models/tiny")])
def test_a_list_that_says_nothing_of_a_model_keeps_nobody_from_asking(
    models: list[str], asked: str
) -> None:
    """`transformers serve` lists what its cache holds, and serves any folder."""
    with EndpointServer(models=models) as server:
        endpoint = OpenAiEndpoint(
            EndpointRecipe(url=server.url, model=asked), where="evaluation.judge"
        )
        endpoint.check()
        endpoint.close()
