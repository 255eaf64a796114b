"""Examples and a model -> completions, in batches of similar length, as they are finished."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tunesmith.examples.example import Message
from tunesmith.generation.generate import Continuation, Prompt, generate
from tunesmith.models.forward import LanguageModel
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.templates.template import Template
from tunesmith.tokens.encode import encode_prompt
from tunesmith.tokens.tokenizer import Tokenizer

_PROMPTS_AT_ONCE = 16
TOO_LONG = "prompt longer than the model's context"


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
class Question:
    """Messages that wait for an answer, and the id to file it under."""

    example_id: str
    messages: Sequence[Message]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """A model with everything it needs to answer.

    Attributes:
        name: What its completions are filed under.
        model: The weights.
        tokenizer: Its tokenizer.
        template: How it is asked.
        recipe: Length, temperature, batch size.
    """

    name: str
    model: LanguageModel
    tokenizer: Tokenizer
    template: Template
    recipe: GenerationRecipe

    @property
    def stop_ids(self) -> list[int]:
        """Ids that end an answer."""
        return list(self.tokenizer.stop_ids(self.template.stop_tokens))

    def prompt_of(self, question: Question) -> Prompt:
        """The ids that generation starts from."""
        rendered = self.template.render_prompt(question.messages)
        ids = encode_prompt(rendered, self.tokenizer).tolist()
        return Prompt(ids=ids, key=question.example_id)

    def text_of(self, continuation: Continuation) -> str:
        """A continuation as the answer a person reads."""
        return self.template.answer_of(self.tokenizer.decode(continuation.ids))


def answer_all(
    speaker: Speaker,
    questions: Sequence[Question],
    *,
    on_answer: Callable[[int], None] = lambda _: None,
) -> Iterator[Completion]:
    """Answer questions, shortest prompts first; each batch is yielded as it is done.

    Args:
        speaker: Who answers.
        questions: In any order; the completions come in another.
        on_answer: Told how many more are done.

    Raises:
        DataError: The template cannot express a question.
    """
    prompts = [(question, speaker.prompt_of(question)) for question in questions]
    fitting = [pair for pair in prompts if _fits(speaker, pair[1])]
    for question, prompt in prompts:
        if not _fits(speaker, prompt):
            yield _failure(speaker, question)
            on_answer(1)
    fitting.sort(key=lambda pair: len(pair[1].ids))
    size = speaker.recipe.batch
    at_once = size if isinstance(size, int) else _PROMPTS_AT_ONCE
    for start in range(0, len(fitting), at_once):
        batch = fitting[start : start + at_once]
        yield from _answer_batch(speaker, batch)
        on_answer(len(batch))


def _answer_batch(
    speaker: Speaker, batch: Sequence[tuple[Question, Prompt]]
) -> Iterator[Completion]:
    continuations = generate(
        speaker.model,
        [prompt for _, prompt in batch],
        recipe=speaker.recipe,
        stop_ids=speaker.stop_ids,
    )
    for (question, _), continuation in zip(batch, continuations, strict=True):
        yield Completion(
            example_id=question.example_id,
            model=speaker.name,
            text=speaker.text_of(continuation),
            num_tokens=len(continuation.ids),
            finish_reason=continuation.finish_reason,
            has_near_tie=continuation.has_near_tie,
        )


def _fits(speaker: Speaker, prompt: Prompt) -> bool:
    context = speaker.model.context_tokens
    return context is None or len(prompt.ids) + speaker.recipe.max_new_tokens <= context


def _failure(speaker: Speaker, question: Question) -> Completion:
    return Completion(
        example_id=question.example_id,
        model=speaker.name,
        text="",
        num_tokens=0,
        finish_reason=TOO_LONG,
    )
