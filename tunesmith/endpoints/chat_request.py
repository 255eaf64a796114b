"""What is asked of a model that writes, scores or competes, and what comes back.

Teacher, judge and rivals see only these records and the two protocols, never a client: a
server and a local folder are the same to them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

ChatRole = Literal["system", "user", "assistant"]
ReplyFinish = Literal["stop", "length"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """One message of a request."""

    role: ChatRole
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """One question to a model. Two equal requests are one call: the second is read back.

    Attributes:
        messages: The conversation, the last one the user's.
        purpose: Name and version of the prompt, e.g. `judge/absolute@1`.
        max_tokens: Of the reply.
        temperature: 0 is greedy.
        seed: For servers that take one.
        is_json: Whether the server is asked for a JSON object.
        attempt: Counts on where the same question is asked again for another reply.
    """

    messages: tuple[ChatMessage, ...]
    purpose: str
    max_tokens: int = 512
    temperature: float = 0.0
    seed: int | None = None
    is_json: bool = False
    attempt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReply:
    """What a model wrote.

    Attributes:
        call_id: Names the call in the cache; the same request has the same one.
        text: Never empty.
        finish_reason: `length` if it was cut off.
        prompt_tokens: As the server counts them; None if it does not.
        completion_tokens: Likewise.
        is_cached: Whether it was read back and cost nothing.
    """

    call_id: str
    text: str
    finish_reason: ReplyFinish
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    is_cached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatFailure:
    """A call without a usable reply. It is counted under its reason, never scored.

    Attributes:
        call_id: Names the call.
        reason: A short phrase that failures are counted by, e.g. `no choices`.
        detail: What exactly happened, without secrets.
        is_passing: Whether the same question may be answered if it is asked again.
        is_outage: Whether the service failed, not this one question.
        retry_after_seconds: When the server wants to be asked again, if it said so.
        prompt_tokens: What was read for it nevertheless, and may be charged; None: unknown.
        completion_tokens: Likewise written.
    """

    call_id: str
    reason: str
    detail: str = ""
    is_passing: bool = False
    is_outage: bool = False
    retry_after_seconds: float | None = None
    prompt_tokens: int | None = 0
    completion_tokens: int | None = 0


Outcome = ChatReply | ChatFailure


class Endpoint(Protocol):
    """A model that answers: a server, or a folder on this machine."""

    @property
    def name(self) -> str:
        """The model's name, as reports show it."""

    @property
    def identity(self) -> Mapping[str, str]:
        """What beside the request decides the reply: address and model, or the weights' hash."""

    @property
    def at_once(self) -> int:
        """Requests that are best handed over together."""

    def check(self) -> None:
        """Find out whether it can answer, before any work.

        Raises:
            RemoteError: The server is not there or lacks the model; the cure says what to run.
            MissingError: There is no such folder.
        """

    def reply(self, requests: Sequence[ChatRequest]) -> Sequence[Outcome]:
        """Answer some requests, each once, without retries or cache; outcomes in their order."""


@runtime_checkable
class Closable(Protocol):
    """An endpoint that holds connections."""

    def close(self) -> None:
        """Close them."""


class AnyCaller(Protocol):
    """What teacher, judge and rivals see of a Caller."""

    @property
    def endpoint(self) -> Endpoint:
        """Who answers."""

    def ask_all(self, requests: Sequence[ChatRequest]) -> Iterator[Outcome]:
        """Ask with bounded concurrency; outcomes come in the requests' order."""
