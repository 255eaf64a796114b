"""Chat requests -> outcomes, from an OpenAI-compatible server, through the openai client.

One attempt each: no retries, no redirects, no proxies, no settings of the environment but the
key that the recipe names. Where the answer is read and limited: `transport.py`.
"""

import os
import re
from collections.abc import Generator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx2
from pydantic import SecretStr

from tunesmith.endpoints.cache import call_id_of
from tunesmith.endpoints.chat_request import ChatFailure, ChatRequest, Outcome
from tunesmith.endpoints.reply_body import read_completion, read_reply
from tunesmith.endpoints.reply_events import read_events
from tunesmith.endpoints.server_check import check_server, served_models
from tunesmith.endpoints.transport import GuardedTransport, TransportError
from tunesmith.errors import MissingError
from tunesmith.files import hash_json
from tunesmith.recipe.endpoint_recipe import EndpointRecipe

if TYPE_CHECKING:
    import openai

_PASSING = (408, 409, 425, 429)
_OUTAGES = (401, 403, 404, 408, 425, 429)
_NO_KEY = "none"  # without any, the client would send OPENAI_API_KEY
# Parameters that some models reject, and what is sent in their stead.
_ADAPTABLE = ("max_tokens", "response_format", "temperature", "seed")


class OpenAiEndpoint:
    """A model behind an OpenAI-compatible server."""

    def __init__(self, recipe: EndpointRecipe, *, where: str = "endpoint") -> None:
        """Prepare to ask; nothing is sent yet.

        Args:
            recipe: Names the server, the model and the key.
            where: The recipe key that named it, for messages.

        Raises:
            MissingError: The environment variable with the key is not set.
        """
        import openai  # noqa: PLC0415 - takes half a second

        assert recipe.url is not None and recipe.model is not None  # noqa: PT018 - the recipe's law
        self._recipe = recipe
        self._url, self._model = recipe.url, recipe.model
        self._where = where
        key = _key(recipe, where)
        self._left_out: set[str] = set()
        self._transport = GuardedTransport(
            httpx2.URL(recipe.url),
            key=key.get_secret_value(),
            allow_private=recipe.allow_private,
            timeout_seconds=recipe.timeout_seconds,
            deadline_seconds=recipe.deadline_seconds,
        )
        self._client: openai.OpenAI = openai.OpenAI(
            base_url=recipe.url,
            api_key=key.get_secret_value(),
            max_retries=0,
            http_client=httpx2.Client(
                transport=self._transport, follow_redirects=False, trust_env=False
            ),
        )

    @property
    def name(self) -> str:
        """The model's name at the server."""
        return self._model

    @property
    def identity(self) -> Mapping[str, str]:
        """The address and the model."""
        return {"url": self._url, "model": self._model}

    @property
    def at_once(self) -> int:
        """A request carries one question."""
        return 1

    def check(self) -> None:
        """Ask the server for its models, before any work.

        Raises:
            RemoteError: It is not there, does not accept the key, or lacks the model.
        """
        check_server(self._client, self._recipe, where=self._where)

    def reply(self, requests: Sequence[ChatRequest]) -> Sequence[Outcome]:
        """Ask each question once."""
        return [self._reply(request) for request in requests]

    def stream(self, request: ChatRequest) -> Generator[str, None, Outcome]:
        """Ask once, the answer piece by piece; what it comes to is returned.

        A server that does not stream answers in one piece.
        """
        import openai  # noqa: PLC0415

        call_id = call_id_of(request, self.identity)
        try:
            with self._client.chat.completions.with_streaming_response.create(
                **self._arguments(request), stream=True
            ) as raw:
                return (yield from read_events(raw.iter_lines(), call_id))
        except openai.APIStatusError as error:
            failure = self._status_failure(error, call_id, self._arguments(request))
        except openai.APIConnectionError as error:
            failure = self._connection_failure(error, call_id)
        except TransportError as error:
            failure = _transport_failure(error, call_id)
        is_adapted = failure.reason.endswith(" rejected")
        return (yield from self.stream(request)) if is_adapted else failure

    def complete(self, prompt: str | Sequence[int], *, max_tokens: int) -> Outcome:
        """Have a text or token ids continued, the likeliest token each time, once.

        Nothing is written around it: what no chat template of the server has a part in.
        """
        import openai  # noqa: PLC0415

        call_id = f"completion {hash_json([prompt, max_tokens])}"
        arguments: dict[str, Any] = {
            "model": self._model,
            "prompt": prompt,
            "max_tokens": max_tokens,
            "temperature": 0.0,
        }
        try:
            raw = self._client.completions.with_raw_response.create(**arguments)
        except openai.APIStatusError as error:
            return self._status_failure(error, call_id, {})
        except openai.APIConnectionError as error:
            return self._connection_failure(error, call_id)
        return read_completion(raw.http_response.content, call_id)

    def served_names(self) -> list[str]:
        """The models that the server lists; none where it has no list.

        Raises:
            RemoteError: It is not there, or does not accept the key.
        """
        return served_models(self._client, self._recipe, where=self._where) or []

    def close(self) -> None:
        """Close the connections; calls in flight fail."""
        self._client.close()

    def _reply(self, request: ChatRequest) -> Outcome:
        import openai  # noqa: PLC0415

        call_id = call_id_of(request, self.identity)
        arguments = self._arguments(request)
        try:
            raw = self._client.chat.completions.with_raw_response.create(**arguments)
        except openai.APIStatusError as error:
            return self._status_failure(error, call_id, arguments)
        except openai.APIConnectionError as error:
            return self._connection_failure(error, call_id)
        return read_reply(raw.http_response.content, call_id)

    def _arguments(self, request: ChatRequest) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            "model": self._model,
            "messages": [
                {"role": message.role, "content": message.content} for message in request.messages
            ],
            "temperature": request.temperature,
            "max_tokens": request.max_tokens,
        }
        if request.seed is not None:
            arguments["seed"] = request.seed
        if request.is_json:
            arguments["response_format"] = {"type": "json_object"}
        for name in self._left_out & arguments.keys():
            value = arguments.pop(name)
            if name == "max_tokens":  # reasoning models of OpenAI know it by another name
                arguments["max_completion_tokens"] = value
        return arguments

    def _status_failure(
        self, error: "openai.APIStatusError", call_id: str, arguments: Mapping[str, Any]
    ) -> ChatFailure:
        status, message = error.status_code, error.message
        if message == f"Error code: {status}":  # an error in no shape that the client knows
            message = f"{message}, {error.response.text.strip()}".rstrip(", ")
        message = message[:500]
        rejected = _rejected(message) if status == 400 else None
        if rejected is not None and rejected in arguments:
            self._left_out.add(rejected)
            return ChatFailure(
                call_id=call_id,
                reason=f"{rejected} rejected",
                detail=message,
                is_passing=True,
                retry_after_seconds=0.0,
            )
        return ChatFailure(
            call_id=call_id,
            reason=f"status {status}",
            detail=message,
            is_passing=status in _PASSING or status >= 500,
            is_outage=status in _OUTAGES or status >= 500,
            retry_after_seconds=_retry_after(error.response.headers.get("retry-after")),
        )

    def _connection_failure(self, error: Exception, call_id: str) -> ChatFailure:
        cause = error.__cause__
        if not isinstance(cause, TransportError):
            cause = TransportError("connection lost", str(cause or error))
        return _transport_failure(cause, call_id)


def _transport_failure(error: TransportError, call_id: str) -> ChatFailure:
    unknown = None if error.was_sent else 0
    return ChatFailure(
        call_id=call_id,
        reason=error.reason,
        detail=error.detail,
        is_passing=error.is_passing,
        is_outage=error.is_outage,
        prompt_tokens=unknown,
        completion_tokens=unknown,
    )


def _key(recipe: EndpointRecipe, where: str) -> SecretStr:
    if recipe.key_env is None:
        return SecretStr(_NO_KEY)
    key = os.environ.get(recipe.key_env, "").strip()
    if not key:
        raise MissingError(
            f"the environment variable {recipe.key_env} is not set",
            where=where,
            cure=f"Run `export {recipe.key_env}=...` with the server's key; it is never stored.",
        )
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise MissingError(
            f"the environment variable {recipe.key_env} holds no key: it has spaces, line breaks "
            "or other characters that no key has",
            where=where,
            cure="Set it to the key alone.",
        )
    return SecretStr(key)


def _rejected(message: str) -> str | None:
    """The parameter that a server says it does not take, whatever its value."""
    if re.search(r"unsupported|not supported|does not support", message, re.IGNORECASE):
        return next((name for name in _ADAPTABLE if re.search(rf"\b{name}\b", message)), None)
    is_form = re.search(r"response_format\b.*must be", message)  # LM Studio's words
    return "response_format" if is_form else None


def _retry_after(value: str | None) -> float | None:
    """Seconds from a Retry-After header in either form."""
    if value is None:
        return None
    if re.fullmatch(r"\s*\d+(\.\d+)?\s*", value):
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
