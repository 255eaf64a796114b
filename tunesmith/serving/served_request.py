"""The JSON of a request -> what is asked, on which terms; every key is known or refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tunesmith.examples.example import Message
from tunesmith.serving.api_error import ApiError
from tunesmith.serving.json_body import flag, integer, real, wrong_value
from tunesmith.serving.message_fields import read_request_messages
from tunesmith.serving.serving_limits import ServingLimits

RawPrompt = str | tuple[int, ...]

_TERMS = {
    "model", "max_tokens", "temperature", "top_p", "n", "seed", "stop", "stream",
    "stream_options", "logprobs",
}  # fmt: skip
_CHAT = _TERMS | {"messages", "max_completion_tokens", "top_logprobs"}
_RAW = _TERMS | {"prompt"}
_HARMLESS = {
    "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key",
    "prompt_cache_retention", "parallel_tool_calls",
}  # fmt: skip
# What changes nothing at these values, and cannot be done at others.
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logit_bias": ({},),
    "response_format": ({"type": "text"},),
    "tools": ([],),
    "functions": ([],),
    "tool_choice": ("none", "auto"),
    "function_call": ("none", "auto"),
    "modalities": (["text"],),
    "echo": (False,),
    "best_of": (1,),
    "suffix": ("",),
}
_WHY = {
    "tools": "this model's template has no place for tools",
    "functions": "this model's template has no place for functions",
    "response_format": "answers are free text here; no grammar is enforced",
    "modalities": "this model reads and writes text only",
    "audio": "this model reads and writes text only",
}
_MOST_LIKELY = 20
_MOST_LIKELY_RAW = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedRequest:
    """What a client asks for; None is what the model was measured with.

    Attributes:
        model: Its id.
        messages: A conversation that waits for an answer; empty for raw prompts.
        prompts: Texts, or ids, that are to be continued as they stand.
        num_choices: Answers to each.
        max_new_tokens: Of an answer.
        temperature: 0 takes the likeliest token.
        top_p: The share of the likeliest tokens that is sampled from.
        seed: Of the samples.
        stops: Strings at which an answer ends, beside the model's own.
        num_likely: Likeliest tokens that are told with each; None tells nothing.
        is_streamed: Whether the answer is told piece by piece.
        has_usage: Whether a stream ends with the counts.
    """

    model: str
    messages: tuple[Message, ...] = ()
    prompts: tuple[RawPrompt, ...] = ()
    num_choices: int = 1
    max_new_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stops: tuple[str, ...] = ()
    num_likely: int | None = None
    is_streamed: bool = False
    has_usage: bool = False

    @property
    def is_chat(self) -> bool:
        """Whether a conversation is asked."""
        return bool(self.messages)


def read_chat_request(body: Mapping[str, Any], limits: ServingLimits) -> ServedRequest:
    """The request of `/v1/chat/completions`.

    Raises:
        ApiError: A key is unknown, or its value cannot be done.
    """
    _refuse_unknown(body, _CHAT)
    messages = read_request_messages(body.get("messages"), most=limits.num_messages)
    wants = flag(body, "logprobs")
    likely = integer(body, "top_logprobs", least=0, most=_MOST_LIKELY)
    if likely is not None and not wants:
        raise ApiError("top_logprobs needs logprobs: true", param="top_logprobs")
    most = integer(body, "max_completion_tokens", least=1, most=limits.new_tokens)
    older = integer(body, "max_tokens", least=1, most=limits.new_tokens)
    if None not in (most, older) and most != older:
        problem = f"max_tokens is {older}, max_completion_tokens {most}. Give one of them."
        raise ApiError(problem, param="max_tokens")
    return ServedRequest(
        messages=messages,
        max_new_tokens=older if most is None else most,
        num_likely=(likely or 0) if wants else None,
        **_shared_terms(body, limits),
    )


def read_raw_request(body: Mapping[str, Any], limits: ServingLimits) -> ServedRequest:
    """The request of `/v1/completions`.

    Raises:
        ApiError: A key is unknown, or its value cannot be done.
    """
    _refuse_unknown(body, _RAW)
    return ServedRequest(
        prompts=_raw_prompts(body.get("prompt"), limits),
        max_new_tokens=integer(body, "max_tokens", least=1, most=limits.new_tokens),
        num_likely=integer(body, "logprobs", least=0, most=_MOST_LIKELY_RAW),
        **_shared_terms(body, limits),
    )


def _shared_terms(body: Mapping[str, Any], limits: ServingLimits) -> dict[str, Any]:
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise wrong_value("model", model, "the id of a model; GET /v1/models lists them")
    is_streamed = flag(body, "stream")
    return {
        "model": model,
        "num_choices": integer(body, "n", least=1, most=limits.num_choices) or 1,
        "temperature": real(body, "temperature", above=0, most=2),
        "top_p": _top_p(body),
        "seed": integer(body, "seed", least=-(2**63), most=2**63 - 1),
        "stops": _stops(body.get("stop"), limits),
        "is_streamed": is_streamed,
        "has_usage": _has_usage(body.get("stream_options"), is_streamed),
    }


def _top_p(body: Mapping[str, Any]) -> float | None:
    share = real(body, "top_p", above=0, most=1)
    return 1e-9 if share == 0 else share  # the likeliest token alone, as OpenAI has it


def _stops(value: object, limits: ServingLimits) -> tuple[str, ...]:
    found = [value] if isinstance(value, str) else [] if value is None else value
    most, length = limits.num_stops, limits.stop_characters
    if (
        not isinstance(found, list)
        or len(found) > most
        or not all(isinstance(one, str) and 0 < len(one) <= length for one in found)
    ):
        raise wrong_value(
            "stop", value, f"a text or up to {most} texts of 1 to {length} characters"
        )
    return tuple(found)


def _has_usage(value: object, is_streamed: bool) -> bool:
    if value is None:
        return False
    if not is_streamed:
        raise ApiError("stream_options needs stream: true", param="stream_options")
    known = {"include_usage", "include_obfuscation"}
    if not isinstance(value, dict) or not value.keys() <= known:
        raise wrong_value("stream_options", value, "an object with include_usage")
    return flag(value, "include_usage")


def _raw_prompts(value: object, limits: ServingLimits) -> tuple[RawPrompt, ...]:
    many = value if isinstance(value, list) else [value]
    if many and all(_is_id(one) for one in many):
        many = [many]
    most = limits.num_choices
    if not 0 < len(many) <= most:
        raise wrong_value("prompt", value, f"a text, token ids, or a list of up to {most} of them")
    return tuple(_raw_prompt(one) for one in many)


def _raw_prompt(value: object) -> RawPrompt:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(_is_id(one) for one in value):
        return tuple(value)
    raise wrong_value("prompt", value, "a text or a list of token ids")


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _refuse_unknown(body: Mapping[str, Any], known: set[str]) -> None:
    """Refuse what would be passed over in silence."""
    for name, value in body.items():
        if name in known or name in _HARMLESS or value is None:
            continue
        if value in _NEUTRAL.get(name, ()):
            continue
        shown = name[:60]
        why = _WHY.get(name, "this server does not know it")
        if name in _NEUTRAL and name not in _WHY:
            why = f"this server can only do {' or '.join(map(repr, _NEUTRAL[name]))}"
        problem = f"{shown}: {why}. Leave it out."
        raise ApiError(problem, param=shown, code="unsupported_parameter")
