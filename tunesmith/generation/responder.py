"""Examples and a model -> completions, in batches of similar length, as they are finished."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from tunesmith.errors import DataError, RecipeError
from tunesmith.examples.example import Message
from tunesmith.generation.few_shot import Shots
from tunesmith.generation.generate import Continuation, Prompt, generate_as_they_end
from tunesmith.generation.prompt import GenerationListeners
from tunesmith.generation.stop_strings import NO_STOPS, StopStrings
from tunesmith.models.forward import LanguageModel
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.templates.template import Rendering, Template
from tunesmith.tokens.beyond import refuse_beyond
from tunesmith.tokens.encode import encode_prompt
from tunesmith.tokens.tokenizer import Tokenizer

TOO_LONG = "prompt longer than the model's context"
NOT_EXPRESSED = "the template cannot express it"
EMPTY_PROMPT = "no token to start from"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What a model answered.

    Attributes:
        example_id: The example that was asked.
        model: `base`, `tuned`, or another model's name.
        text: Without what the template writes around an answer; empty where it failed.
        num_tokens: Generated, the one that stopped it left out.
        finish_reason: `stop`, `length`, or why there is no answer.
        has_near_tie: Another batch size may give another text (generation.generate).
    """

    example_id: str
    model: str
    text: str
    num_tokens: int
    finish_reason: str
    has_near_tie: bool = False

    def to_json(self) -> dict[str, Any]:
        """The record as it is written; the tie only where there is one."""
        record = asdict(self)
        if not self.has_near_tie:
            del record["has_near_tie"]
        return record


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """Messages that wait for an answer, and the id to file it under."""

    example_id: str
    messages: Sequence[Message]


@dataclass(frozen=True, slots=True, kw_only=True)
class Responder:
    """A model with everything it needs to answer.

    Attributes:
        name: What its completions are filed under.
        model: The weights.
        tokenizer: Its tokenizer.
        template: How it is asked.
        recipe: Length, temperature, batch size.
        shots: Examples that are shown before each question, if any are.
        stops: Strings at which an answer ends.
    """

    name: str
    model: LanguageModel
    tokenizer: Tokenizer
    template: Template
    recipe: GenerationRecipe
    shots: Shots | None = None
    stops: StopStrings = NO_STOPS

    @property
    def stop_ids(self) -> list[int]:
        """Ids that end an answer."""
        return list(self.tokenizer.stop_ids(self.template.stop_tokens))

    @property
    def is_over(self) -> Callable[[Sequence[int]], bool] | None:
        """Whether an answer's ids have come to one of the strings; None where there are none."""
        return self.stops.watch(self.tokenizer.decode) if self.stops.texts else None

    def prompt_of(self, question: OpenQuestion) -> Prompt:
        """The ids that generation starts from.

        Raises:
            RefusedError: The model does not know one of them.
        """
        if self.shots is None:
            rendered = self.template.render_prompt(question.messages)
        else:
            rendered = self.shots.render_prompt(question.messages, fits=self._fits)
        ids = encode_prompt(rendered, self.tokenizer).tolist()
        refuse_beyond(ids, self.tokenizer, num_known=self.model.num_known_tokens)
        return Prompt(ids=ids, key=question.example_id)

    def room_after(self, prompt: Prompt) -> int:
        """New tokens the answer may have: as asked, or as many as the context still holds."""
        context, wanted = self.model.context_tokens, self.recipe.max_new_tokens
        return wanted if context is None else min(wanted, context - len(prompt.ids))

    def text_of(self, continuation: Continuation) -> str:
        """A continuation as the answer a person reads."""
        return self._answer_of(continuation)[0]

    def finish_of(self, continuation: Continuation) -> str:
        """Why an answer ended; also where the model went on to a next question."""
        return "stop" if self._answer_of(continuation)[1] else continuation.finish_reason

    def _answer_of(self, continuation: Continuation) -> tuple[str, bool]:
        written, is_cut = self.stops.cut(self.tokenizer.decode(continuation.ids))
        text = self.template.answer_of(written)
        if self.shots is None or is_cut:
            return text, is_cut
        return self.shots.cut_text(text)

    def _fits(self, rendering: Rendering) -> bool:
        """Whether a prompt leaves room for a whole answer."""
        context = self.model.context_tokens
        num_tokens = len(encode_prompt(rendering, self.tokenizer))
        return context is None or num_tokens + self.recipe.max_new_tokens <= context


def answer_all(
    responder: Responder,
    questions: Sequence[OpenQuestion],
    *,
    on_answer: Callable[[int], None] = lambda _: None,
    is_lenient: bool = False,
) -> Iterator[Completion]:
    """Answer questions, shortest prompts first; each is yielded as it ends.

    A prompt near the end of the model's context gets as many new tokens as fit, whatever the
    rows beside it get.

    Args:
        responder: Who answers.
        questions: In any order; the completions come in another.
        on_answer: Told how many more are done.
        is_lenient: A question that the template cannot express has no answer, and says so;
            without it, that is an error.

    Raises:
        DataError: The template cannot express a question.
        RecipeError: It exceeds a limit while it tries.
    """
    asked = []
    for question in questions:
        prompt = _prompt(responder, question, is_lenient=is_lenient)
        if isinstance(prompt, Prompt):
            asked.append((question, prompt))
        else:
            yield _failure(responder, question, prompt)
            on_answer(1)
    asked.sort(key=lambda pair: len(pair[1].ids))
    endings = generate_as_they_end(
        responder.model,
        [prompt for _, prompt in asked],
        recipe=responder.recipe,
        stop_ids=responder.stop_ids,
        listeners=GenerationListeners(is_over=responder.is_over),
    )
    for number, continuation in endings:
        yield _completion(responder, asked[number][0], continuation)
        on_answer(1)


def _prompt(responder: Responder, question: OpenQuestion, *, is_lenient: bool) -> Prompt | str:
    """The prompt with the room behind it, or why there can be no answer."""
    try:
        prompt = responder.prompt_of(question)
    except (DataError, RecipeError):
        if is_lenient:
            return NOT_EXPRESSED
        raise
    if not prompt.ids:
        return EMPTY_PROMPT
    room = responder.room_after(prompt)
    return replace(prompt, room=room) if room > 0 else TOO_LONG


def _completion(
    responder: Responder, question: OpenQuestion, continuation: Continuation
) -> Completion:
    return Completion(
        example_id=question.example_id,
        model=responder.name,
        text=responder.text_of(continuation),
        num_tokens=len(continuation.ids),
        finish_reason=responder.finish_of(continuation),
        has_near_tie=continuation.first_near_tie is not None,
    )


def _failure(responder: Responder, question: OpenQuestion, reason: str) -> Completion:
    return Completion(
        example_id=question.example_id,
        model=responder.name,
        text="",
        num_tokens=0,
        finish_reason=reason,
    )
