"""The part of a recipe that names a teacher, judge or rival: a server, or a model here."""

import ipaddress
import re
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field, model_validator

from tunesmith.recipe.section import RecipeSection
from tunesmith.recipe.values import PlainPath, Positive

_CALLS_AT_ONCE = 4
_PROMPTS_AT_ONCE = 16


def _address(value: str) -> str:
    """An `http(s)://host[:port]/path`, without a login, query or fragment."""
    if re.search(r"[\x00-\x20\x7f]", value):
        raise ValueError("holds spaces or control characters")
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        raise ValueError("is no address such as http://localhost:11434/v1") from None
    if "@" in parts.netloc:  # before any message that would quote it
        raise ValueError("holds a login; name the variable with the key as key_env")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no address such as http://localhost:11434/v1")
    if parts.query or parts.fragment:
        raise ValueError("ends in a query; name the variable with the key as key_env")
    return value.rstrip("/")


def _variable(value: str) -> str:
    """The name of an environment variable; a key itself is none, and is not repeated."""
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", value):
        raise ValueError(
            "is not the name of an environment variable such as OPENAI_API_KEY; "
            "a key itself never belongs in a recipe"
        )
    return value


def is_loopback(host: str) -> bool:
    """Whether a host's name alone says that it is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


Address = Annotated[str, AfterValidator(_address)]
VariableName = Annotated[str, AfterValidator(_variable)]


class EndpointRecipe(RecipeSection):
    """A model that writes, scores or competes: behind a server, or in a folder here."""

    url: Address | None = Field(
        None, description="an OpenAI-compatible server, e.g. http://localhost:11434/v1"
    )
    model: str | None = Field(None, min_length=1, description="the model's name at the server")
    key_env: VariableName | None = Field(
        None, description="environment variable with the server's key; null: none is sent"
    )
    path: PlainPath | None = Field(
        None, description="instead of url: a model here, as in model.name: a folder, a run, starter"
    )
    at_once: Literal["auto"] | Positive = Field(
        "auto", description="calls in flight (auto: 4), or prompts in a batch (auto: 16)"
    )
    timeout_seconds: float = Field(
        120.0, gt=0, description="silence of the server after which an attempt has failed"
    )
    deadline_seconds: float = Field(
        600.0, gt=0, description="of one attempt; after it a call is not tried again"
    )
    max_calls: Positive | None = Field(None, description="requests sent at most, retries included")
    max_total_tokens: Positive | None = Field(
        None, description="tokens read and written at most, over all calls"
    )
    max_cost: float | None = Field(
        None, gt=0, description="money spent at most, in the prices' unit; needs prices"
    )
    prompt_price: float | None = Field(
        None, ge=0, description="of a million tokens read, in any one currency"
    )
    completion_price: float | None = Field(None, ge=0, description="of a million tokens written")
    allow_private: bool = Field(
        False, description="also servers of a private network, and http there"
    )
    kept_only: bool = Field(
        False, description="ask nothing: a reply that is not kept from before counts as failed"
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.url is None) == (self.path is None):
            raise ValueError("name either url or path")
        if self.url is not None and self.model is None:
            raise ValueError("url needs model, the name the server knows it by")
        prices = (self.prompt_price, self.completion_price)
        if (prices[0] is None) != (prices[1] is None):
            raise ValueError("name both prompt_price and completion_price")
        if self.max_cost is not None and prices[0] is None:
            raise ValueError("max_cost needs prompt_price and completion_price")
        if self.url is not None and self._is_open_line():
            raise ValueError(
                "http is for this machine only; write https, or allow_private: true for a "
                "server of your own network"
            )
        return self

    def _is_open_line(self) -> bool:
        place = self.place
        return place.scheme == "http" and not (
            self.allow_private or is_loopback(place.hostname or "")
        )

    @property
    def place(self) -> SplitResult:
        """The address in its parts."""
        return urlsplit(self.url or "")

    @property
    def num_at_once(self) -> int:
        """Calls in flight, or prompts in a batch."""
        if self.at_once != "auto":
            return self.at_once
        return _PROMPTS_AT_ONCE if self.url is None else _CALLS_AT_ONCE

    def without_effect(self) -> dict[str, str]:
        """What only a server has."""
        if self.url is not None:
            return {}
        servers = ("model", "key_env", "timeout_seconds", "deadline_seconds", "allow_private")
        prices = ("max_cost", "prompt_price", "completion_price", "kept_only")
        return dict.fromkeys((*servers, *prices), "without url")
