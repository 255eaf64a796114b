"""A teacher, judge or rival in a recipe: a server or a folder, without a secret."""

from typing import Any

import pytest
from pydantic import ValidationError

from tunesmith.recipe.endpoint_recipe import EndpointRecipe
from tunesmith.recipe.fields import walk

SERVER: dict[str, Any] = {"url": "http://localhost:11434/v1", "model": "llama3"}


def complaints(**settings: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        EndpointRecipe(**settings)
    return "; ".join(error["msg"] for error in caught.value.errors())


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:11434/v1",
        "http://127.0.0.1:8000",
        "http://[::1]:8000/v1",
        "https://api.openai.com/v1",
        "https://api.openai.com/v1/",
    ],
)
def test_addresses_that_are_taken(url: str) -> None:
    recipe = EndpointRecipe(url=url, model="m")
    assert recipe.url == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("localhost:11434/v1", "no address"),
        ("ftp://host/v1", "no address"),
        ("http://", "no address"),
        ("https://host:port/v1", "no address"),
        ("https://host/v1?key=1", "query"),
        ("https://host/v1#a", "query"),
        ("https://ho st/v1", "control characters"),
        ("https://host\n/v1", "control characters"),
        ("http://api.openai.com/v1", "http is for this machine only"),
        ("http://10.0.0.5:8000/v1", "allow_private"),
        ("http://localhost.example/v1", "http is for this machine only"),
        ("http://127.0.0.1.example/v1", "http is for this machine only"),
    ],
)
def test_addresses_that_are_refused(url: str, part: str) -> None:
    assert part in complaints(url=url, model="m")


@pytest.mark.parametrize(
    "url", ["https://me:canary@host/v1", "https://canary@host/v1", "ftp://me:canary@host/"]
)
def test_a_login_in_an_address_is_refused_and_not_repeated(url: str) -> None:
    words = complaints(url=url, model="m")
    assert "holds a login" in words
    assert "canary" not in words


@pytest.mark.parametrize("name", ["sk-canary", "hf_canary", "a b", "", "1KEY", "canary"])
def test_a_key_where_its_variable_belongs_is_refused_and_not_repeated(name: str) -> None:
    words = complaints(**SERVER, key_env=name)
    assert "not the name of an environment variable" in words
    assert "canary" not in words


def test_http_in_a_private_network_needs_leave() -> None:
    recipe = EndpointRecipe(url="http://gpu-box:8000/v1", model="m", allow_private=True)
    assert recipe.place.hostname == "gpu-box"


def test_one_place_and_what_belongs_to_it() -> None:
    assert "either url or path" in complaints()
    assert "either url or path" in complaints(**SERVER, path="starter")
    assert "url needs model" in complaints(url="https://host/v1")
    assert "model has no effect without url" in complaints(path="starter", model="m")
    assert "max_cost has no effect without url" in complaints(
        path="starter", max_cost=1.0, prompt_price=1.0, completion_price=1.0
    )


def test_money_needs_both_prices() -> None:
    assert "max_cost needs" in complaints(**SERVER, max_cost=1.0)
    assert "name both" in complaints(**SERVER, prompt_price=1.0)
    EndpointRecipe(**SERVER, max_cost=1.0, prompt_price=0.0, completion_price=0.5)


def test_at_once_is_four_calls_or_sixteen_prompts_unless_said() -> None:
    assert EndpointRecipe(**SERVER).num_at_once == 4
    assert EndpointRecipe(path="starter").num_at_once == 16
    assert EndpointRecipe(**SERVER, at_once=9).num_at_once == 9


def test_every_key_is_described() -> None:
    for field in walk(EndpointRecipe):
        assert field.description, field.path
        assert field.section is None
