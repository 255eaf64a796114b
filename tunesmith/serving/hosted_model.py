"""A model of a server -> prompts as it was measured with them, and texts that may be written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from tunesmith.errors import TunesmithError
from tunesmith.examples.example import Message, Role, last_user_text
from tunesmith.files import hash_json
from tunesmith.generation.prompt import AskedText, GenerationListeners, Prompt
from tunesmith.generation.responder import OpenQuestion, Responder
from tunesmith.generation.stop_strings import StopStrings
from tunesmith.models.continue_texts import find_continuation_output
from tunesmith.serving.api_error import ApiError
from tunesmith.serving.served_request import RawPrompt, ServedRequest
from tunesmith.serving.streamed_text import AnswerText
from tunesmith.templates.template import Segment
from tunesmith.tokens.beyond import refuse_beyond
from tunesmith.tokens.encode import encode_prompt

_KEY = "question"  # as `tunesmith ask` and `load(...).chat` name it: samples depend on that


@dataclass(frozen=True, kw_only=True)
class HostedModel:
    """A model that a server offers.

    Attributes:
        name: Its id in requests.
        responder: Who answers; its recipe is what a request that says nothing gets.
        created: When its weights were written, in seconds since 1970.
        feedback: The file beside its run for what is thought of its answers; None: there is no run.
    """

    name: str
    responder: Responder
    created: int = 0
    feedback: Path | None = None

    @cached_property
    def rendering(self) -> str:
        """The hash of all that decides the ids: tokenizer and template."""
        tokenizer, template = self.responder.tokenizer, self.responder.template
        return hash_json([tokenizer.fingerprint, template.contract])

    @cached_property
    def beginning(self) -> list[int]:
        """The ids that every conversation without a system message of its own begins with."""
        texts = ("a", "b", "7 ?")
        try:
            prompts = [self._chat_prompt([Message(role="user", content=one)]) for one in texts]
        except TunesmithError:
            return []
        first, last = min(prompts), max(prompts)
        pairs = enumerate(zip(first, last, strict=False))
        return first[: next((place for place, (a, b) in pairs if a != b), len(first))]

    @cached_property
    def takes_conversations(self) -> bool:
        """Whether its template has place for more than one question."""
        roles: tuple[Role, ...] = ("user", "assistant", "user")
        try:
            self._chat_prompt([Message(role=role, content="a") for role in roles])
        except TunesmithError:
            return False
        return True

    @cached_property
    def takes_input(self) -> bool:
        """Whether its template has a place of its own for what an instruction is applied to."""
        apart = Message(role="user", content="a", input="b")
        below = Message(role="user", content=last_user_text([apart]) or "")
        try:
            return self._chat_prompt([apart]) != self._chat_prompt([below])
        except TunesmithError:
            return False

    @cached_property
    def tells_probabilities(self) -> bool:
        """Whether the decoding loop writes all its texts; transformers' own tells none."""
        model = self.responder.model
        return model.shared_row_limit is None and find_continuation_output(model) != "none"

    def to_json(self) -> dict[str, Any]:
        """The record of `/v1/models`."""
        return {
            "id": self.name,
            "object": "model",
            "created": self.created,
            "owned_by": "tunesmith",
            "takes_conversations": self.takes_conversations,
            "takes_input": self.takes_input,
            "takes_feedback": self.feedback is not None,
        }

    def prompts(self, request: ServedRequest, *, most: int) -> list[Prompt]:
        """What the model reads; one a conversation, or one a raw prompt.

        Args:
            request: What is asked.
            most: Tokens of a prompt.

        Raises:
            ApiError: The template cannot express it, or it leaves no room for an answer.
        """
        if request.num_likely is not None and not self.tells_probabilities:
            problem = f"logprobs: {self.name} cannot tell them. Leave it out."
            raise ApiError(problem, param="logprobs", code="unsupported_parameter")
        try:
            if request.is_chat:
                found = [self._chat_prompt(request.messages)]
            else:
                found = [self._raw_prompt(one) for one in request.prompts]
        except TunesmithError as error:
            param = "messages" if request.is_chat else "prompt"
            raise ApiError(str(error), param=param, code="not_expressible") from None
        return [self._with_room(ids, request, most) for ids in found]

    def answer_text(self, request: ServedRequest) -> AnswerText:
        """How an answer to a request is read: at a raw prompt as it stands, else as an answer."""
        own = self.responder.stops.texts
        return AnswerText(
            decode=self.responder.tokenizer.decode,
            stops=StopStrings(tuple(dict.fromkeys([*own, *request.stops]))),
            answer_of=self.responder.template.answer_of if request.is_chat else str,
        )

    def asked_text(
        self, prompt: Prompt, request: ServedRequest, number: int, told: GenerationListeners
    ) -> AskedText:
        """The text that is one answer to a request; what it leaves open is as it was measured."""
        given = {
            "max_new_tokens": request.max_new_tokens,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "seed": request.seed,
        }
        text = self.answer_text(request)
        return AskedText(
            prompt=replace(prompt, key=f"{_KEY} {number}" if number else _KEY),
            recipe=self.responder.recipe.model_copy(
                update={key: value for key, value in given.items() if value is not None}
            ),
            listeners=replace(
                told, is_over=text.stops.watch(text.decode) if text.stops.texts else None
            ),
        )

    def _chat_prompt(self, messages: Sequence[Message]) -> list[int]:
        question = OpenQuestion(example_id=_KEY, messages=messages)
        return list(self.responder.prompt_of(question).ids)

    def _raw_prompt(self, given: RawPrompt) -> list[int]:
        """A text as the tokenizer reads it, behind what it puts in front; ids as they are."""
        tokenizer = self.responder.tokenizer
        if isinstance(given, str):
            begin = tokenizer.texts.begin or ""
            text = given if given.startswith(begin) else begin + given
            segment = Segment(text=text, is_content=False, is_trained=False)
            ids: list[int] = encode_prompt((segment,), tokenizer).tolist()
        else:
            ids = list(given)
        known = self.responder.model.num_known_tokens
        if any(not 0 <= one < known for one in ids if not isinstance(given, str)):
            problem = f"prompt: a token id is not within 0 and {known - 1:,}"
            raise ApiError(problem, param="prompt", code="invalid_value")
        refuse_beyond(ids, tokenizer, num_known=known)
        return ids

    def _with_room(self, ids: list[int], request: ServedRequest, most: int) -> Prompt:
        param = "messages" if request.is_chat else "prompt"
        if not ids:
            raise ApiError(f"{param}: no token to start from", param=param, code="invalid_value")
        context = self.responder.model.context_tokens
        longest = most if context is None else min(most, context - 1)
        if len(ids) > longest:
            raise ApiError(
                f"{param}: the prompt is {len(ids):,} tokens, and {self.name} reads at most "
                f"{longest:,}. Shorten it.",
                param=param,
                code="context_length_exceeded",
            )
        room = None if context is None else context - len(ids)
        return Prompt(ids=ids, key=_KEY, room=room)


def waiting_model(name: str) -> dict[str, Any]:
    """The record of a run's model that is not in memory yet."""
    record = {"id": name, "object": "model", "created": 0, "owned_by": "tunesmith"}
    return {**record, "takes_feedback": True}
