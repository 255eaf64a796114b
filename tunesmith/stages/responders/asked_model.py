"""A model that a person asks, here or behind a server -> its answer, piece by piece."""

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from functools import cached_property
from typing import Protocol
from zlib import crc32

from tunesmith.endpoints.chat_request import ChatFailure, ChatMessage, ChatRequest, ChatRole
from tunesmith.endpoints.openai_api import OpenAiEndpoint
from tunesmith.errors import DataError
from tunesmith.examples.example import Message, last_user_text
from tunesmith.generation.generate import Prompt
from tunesmith.generation.responder import EMPTY_PROMPT, TOO_LONG, OpenQuestion, Responder
from tunesmith.generation.stop_strings import StopStrings
from tunesmith.recipe.endpoint_recipe import EndpointRecipe
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.responders.streamed_answer import StreamedAnswer
from tunesmith.stages.results.answered import Answer

_TURNS = (
    Message(role="user", content="a"),
    Message(role="assistant", content="b"),
    Message(role="user", content="c"),
)
_ROLES: dict[str, ChatRole] = {"system": "system", "assistant": "assistant"}
QUESTION = "question"
_SEEDS = 2**31
Pieces = Generator[str, None, Answer]


class AskedModel(Protocol):
    """Who answers a person, wherever it runs."""

    @property
    def name(self) -> str:
        """As it was asked for."""

    @property
    def has_memory(self) -> bool:
        """Whether earlier turns are part of the prompt."""

    def check(self) -> None:
        """Find out before any work whether it can be asked.

        Raises:
            TunesmithError: It cannot.
        """

    def refusal(self, messages: Sequence[Message]) -> str | None:
        """Why a conversation has no room for an answer, if it has none."""

    def answer(self, messages: Sequence[Message], *, key: str = QUESTION) -> Pieces:
        """What it says, piece by piece; the whole answer is returned.

        Args:
            messages: The last one waits.
            key: Names the random numbers of a sample.
        """

    def free(self) -> None:
        """Let go of its weights or connections."""


class LocalModel:
    """A model on this machine; its weights are loaded with the first question."""

    def __init__(self, name: str, load: Callable[[], Responder]) -> None:
        self.name = name
        self._load = load
        self._model_lock = threading.Lock()

    @cached_property
    def responder(self) -> Responder:
        """The model with its template."""
        return self._load()

    def check(self) -> None:
        """Nothing more: whoever made it has found the weights."""

    @property
    def has_memory(self) -> bool:
        """Whether its template has turns."""
        try:
            self.responder.template.render_prompt(_TURNS)
        except DataError:
            return False
        return True

    def refusal(self, messages: Sequence[Message]) -> str | None:
        """How long the prompt is, where it leaves no room for an answer."""
        prompt = self._prompt(messages)
        if self.responder.room_after(prompt) > 0:
            return None
        return (
            f"the conversation is {len(prompt.ids):,} tokens; that leaves no room for an answer "
            f"in the model's {self.responder.model.context_tokens:,}"
        )

    def answer(self, messages: Sequence[Message], *, key: str = QUESTION) -> Pieces:
        """Write an answer; closing it ends the generation.

        Raises:
            DataError: The template cannot express the messages.
        """
        prompt = self._prompt(messages, key)
        if not prompt.ids or self.responder.room_after(prompt) <= 0:
            reason = TOO_LONG if prompt.ids else EMPTY_PROMPT
            return Answer(model=self.name, text="", num_tokens=0, finish_reason=reason)
        stream = StreamedAnswer(self.responder, prompt, model_lock=self._model_lock)
        with closing(stream.pieces()) as pieces:
            yield from pieces
        (written,) = stream.done
        return Answer(
            model=self.name,
            text=self.responder.text_of(written),
            num_tokens=len(written.ids),
            finish_reason=self.responder.finish_of(written),
            has_near_tie=written.first_near_tie is not None,
        )

    def free(self) -> None:
        """Forget the weights."""
        self.__dict__.pop("responder", None)

    def _prompt(self, messages: Sequence[Message], key: str = QUESTION) -> Prompt:
        return self.responder.prompt_of(OpenQuestion(example_id=key, messages=messages))


class ServedModel:
    """A model behind an OpenAI-compatible server."""

    has_memory = True

    def __init__(self, name: str, recipe: EndpointRecipe, generation: GenerationRecipe) -> None:
        self.name = name
        self._generation = generation
        self._stops = StopStrings(tuple(generation.stop or ()))
        self._endpoint = OpenAiEndpoint(recipe, where=name)

    def check(self) -> None:
        """Ask the server for its models.

        Raises:
            RemoteError: It is not there, or lacks the model.
        """
        self._endpoint.check()

    def refusal(self, messages: Sequence[Message]) -> str | None:
        """The server knows; it says so when it is asked."""

    def answer(self, messages: Sequence[Message], *, key: str = QUESTION) -> Pieces:
        """What the server writes; where it fails, the reason is the answer's `finish_reason`."""
        written = shown = ""
        with closing(self._endpoint.stream(self._request(messages, key))) as pieces:
            while True:
                try:
                    written += next(pieces)
                except StopIteration as end:
                    outcome = end.value
                    break
                settled = self._stops.settled(written)
                yield settled[len(shown) :]
                shown = settled
                if self._stops.cut(written)[1]:
                    return self._answer(settled, "stop", None)
        if isinstance(outcome, ChatFailure):
            detail = f"{outcome.reason} ({outcome.detail})" if outcome.detail else outcome.reason
            return self._answer(shown, detail, None)
        yield outcome.text[len(shown) :]
        return self._answer(outcome.text, outcome.finish_reason, outcome.completion_tokens)

    def _answer(self, text: str, reason: str, num_tokens: int | None) -> Answer:
        return Answer(model=self.name, text=text, num_tokens=num_tokens or 0, finish_reason=reason)

    def free(self) -> None:
        """Close the connections."""
        self._endpoint.close()

    def _request(self, messages: Sequence[Message], key: str) -> ChatRequest:
        asked = tuple(
            ChatMessage(
                role=_ROLES.get(one.role, "user"), content=last_user_text([one]) or one.content
            )
            for one in messages
        )
        generation = self._generation
        draw = 0 if key == QUESTION else crc32(key.encode())
        return ChatRequest(
            messages=asked,
            purpose="ask@1",
            max_tokens=generation.max_new_tokens,
            temperature=generation.temperature,
            seed=(generation.seed + draw) % _SEEDS if generation.temperature else None,
        )
