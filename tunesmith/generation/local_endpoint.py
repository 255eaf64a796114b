"""Chat requests -> outcomes, from a model on this machine.

The weights are loaded with the first question, so that answers which are all kept already are
read back without them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from tunesmith.endpoints.cache import call_id_of
from tunesmith.endpoints.chat_request import ChatFailure, ChatReply, ChatRequest, Outcome
from tunesmith.errors import DataError
from tunesmith.examples.example import Message
from tunesmith.generation.responder import (
    NOT_EXPRESSED,
    Completion,
    OpenQuestion,
    Responder,
    answer_all,
)

NO_CONTENT = "no content"


class LocalEndpoint:
    """A model in a folder; it reads and writes as `tunesmith answer` does."""

    def __init__(
        self,
        load: Callable[[], Responder],
        *,
        name: str,
        weights: str,
        rendering: str,
        at_once: int,
    ) -> None:
        """Prepare to ask.

        Args:
            load: Loads the model; called once, with the first question.
            name: What reports call it.
            weights: The fingerprint of its weights.
            rendering: The hash of its tokenizer and template.
            at_once: Prompts in a batch.
        """
        self._load = load
        self._name = name
        self._weights = weights
        self._rendering = rendering
        self._at_once = at_once

    @property
    def name(self) -> str:
        """The model as the recipe names it."""
        return self._name

    @property
    def identity(self) -> Mapping[str, str]:
        """The weights, how they are asked, and how a sample is drawn."""
        return {
            "weights": self._weights,
            "rendering": self._rendering,
            "sampling": "gumbel, top_p 1",
        }

    @property
    def at_once(self) -> int:
        """Prompts in a batch."""
        return self._at_once

    @cached_property
    def _responder(self) -> Responder:
        return self._load()

    def check(self) -> None:
        """Load the model.

        Raises:
            MissingError: There are no weights.
        """
        _ = self._responder

    def reply(self, requests: Sequence[ChatRequest]) -> Sequence[Outcome]:
        """Answer in batches; only requests of one length and temperature share one."""
        groups: dict[tuple[int, float, int], list[ChatRequest]] = {}
        for request in requests:
            key = (request.max_tokens, request.temperature, request.seed or 0)
            groups.setdefault(key, []).append(request)
        outcomes: dict[str, Outcome] = {}
        for (max_tokens, temperature, seed), group in groups.items():
            settings = {
                "max_new_tokens": max_tokens,
                "temperature": temperature,
                "seed": seed,
                "top_p": 1.0,
                "batch": self._at_once,
            }
            recipe = self._responder.recipe.model_copy(update=settings)
            outcomes.update(self._answers(replace(self._responder, recipe=recipe), group))
        return [outcomes[call_id_of(request, self.identity)] for request in requests]

    def _answers(self, responder: Responder, requests: Sequence[ChatRequest]) -> dict[str, Outcome]:
        outcomes: dict[str, Outcome] = {}
        questions = []
        num_read = {}
        for request in requests:
            call_id = call_id_of(request, self.identity)
            messages = [
                Message(role=message.role, content=message.content) for message in request.messages
            ]
            question = OpenQuestion(example_id=call_id, messages=messages)
            try:
                num_read[call_id] = len(responder.prompt_of(question).ids)
            except DataError as error:
                detail = str(error)
                outcomes[call_id] = ChatFailure(
                    call_id=call_id, reason=NOT_EXPRESSED, detail=detail
                )
            else:
                questions.append(question)
        for completion in answer_all(responder, questions):
            read = num_read[completion.example_id]
            outcomes[completion.example_id] = _outcome(completion, read)
        return outcomes


def _outcome(completion: Completion, num_read: int) -> Outcome:
    call_id, reason = completion.example_id, completion.finish_reason
    if reason not in ("stop", "length"):
        return ChatFailure(call_id=call_id, reason=reason)
    if not completion.text.strip():
        return ChatFailure(
            call_id=call_id,
            reason=NO_CONTENT,
            detail=f"{completion.num_tokens} tokens, ended by {reason}",
            prompt_tokens=num_read,
            completion_tokens=completion.num_tokens,
        )
    return ChatReply(
        call_id=call_id,
        text=completion.text,
        finish_reason="length" if reason == "length" else "stop",
        prompt_tokens=num_read,
        completion_tokens=completion.num_tokens,
    )
