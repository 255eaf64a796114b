"""One request -> its answers, from the engine's thread to the event loop, token by token."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from tunesmith.generation.prompt import Continuation, GenerationListeners, Prompt, TokenChoice
from tunesmith.serving.api_error import ApiError
from tunesmith.serving.hosted_model import HostedModel
from tunesmith.serving.served_request import ServedRequest
from tunesmith.serving.serving_engine import Job, ServingEngine

Heard = TokenChoice | Continuation | BaseException


@dataclass(slots=True)
class AnswerChoice:
    """One answer: what was told of its tokens, and how it ended."""

    tokens: list[TokenChoice] = field(default_factory=list)
    ended: Continuation | None = None


class Exchange:
    """The answers to one request; whoever leaves it early ends them."""

    def __init__(
        self, hosted: HostedModel, request: ServedRequest, prompts: Sequence[Prompt]
    ) -> None:
        self.hosted = hosted
        self.request = request
        self.prompts = prompts
        self.choices = [AnswerChoice() for _ in range(len(prompts) * request.num_choices)]
        self._cancelled = threading.Event()
        self._heard: asyncio.Queue[tuple[int, Heard]] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()

    def begin(self, engine: ServingEngine) -> None:
        """Hand the texts to the engine.

        Raises:
            ApiError: It has no room for them.
        """
        engine.submit(self.hosted.name, [self._job(at) for at in range(len(self.choices))])

    def cancel(self) -> None:
        """End what is still being written."""
        self._cancelled.set()

    async def heard(self) -> AsyncIterator[tuple[int, TokenChoice | Continuation]]:
        """What comes of each answer, until all have ended.

        Raises:
            ApiError: The model failed.
        """
        num_open = len(self.choices)
        try:
            while num_open:
                number, heard = await self._heard.get()
                if isinstance(heard, BaseException):
                    raise _fault(heard)
                if isinstance(heard, Continuation):
                    self.choices[number].ended = heard
                    num_open -= 1
                else:
                    self.choices[number].tokens.append(heard)
                yield number, heard
        finally:
            self.cancel()

    async def ended(self) -> list[Continuation]:
        """How each answer ended, once all have."""
        return [heard async for _, heard in self.heard() if isinstance(heard, Continuation)]

    def _job(self, number: int) -> Job:
        request = self.request
        wants_tokens = request.is_streamed or request.num_likely is not None
        told = GenerationListeners(
            cancelled=self._cancelled,
            on_token=(lambda choice: self._tell(number, choice)) if wants_tokens else None,
            num_likely=request.num_likely,
        )
        prompt = self.prompts[number // request.num_choices]
        asked = self.hosted.asked_text(prompt, request, number % request.num_choices, told)
        return Job(asked=asked, on_end=lambda outcome: self._tell(number, outcome))

    def _tell(self, number: int, heard: Heard) -> None:
        """Called by the engine's thread."""
        try:
            self._loop.call_soon_threadsafe(self._heard.put_nowait, (number, heard))
        except RuntimeError:  # the loop has ended, and with it whoever waited
            self._cancelled.set()


def _fault(error: BaseException) -> ApiError:
    if isinstance(error, ApiError):
        return error
    return ApiError("the model failed; the server's log says why", status=500, code="model_failed")
