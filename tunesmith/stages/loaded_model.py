"""A model's name or place -> a model in memory that answers, chats and streams."""

import threading
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import get_args

from tunesmith.errors import DataError, RecipeError
from tunesmith.examples.example import Message, Role
from tunesmith.files import given_path
from tunesmith.generation.responder import OpenQuestion, Responder, answer_all
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.responders.load_responder import named_responder
from tunesmith.stages.responders.streamed_answer import StreamedAnswer
from tunesmith.stages.results.answered import Answer

Turn = Message | Mapping[str, str]
_ANSWERED = ("stop", "length")
_EXAMPLE = '{"role": "user", "content": "..."}'


@dataclass(frozen=True, slots=True, repr=False)
class LoadedModel:
    """A model in memory, with the tokenizer and the template that it was tuned with."""

    responder: Responder
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        """What it was asked for by."""
        return self.responder.name

    def __repr__(self) -> str:
        return f"LoadedModel({self.name!r})"

    def answer(
        self,
        questions: Sequence[str | Sequence[Turn]],
        *,
        max_new_tokens: int | None = None,
        temperature: float | None = None,
        seed: int | None = None,
    ) -> list[Answer]:
        """Answer questions, in batches of similar length; as `tunesmith ask` does, one by one.

        Args:
            questions: Texts, or conversations that wait for an answer.
            max_new_tokens: Of an answer; 256 if not given.
            temperature: 0 if not given: always the likeliest token.
            seed: Another seed, other samples.

        Returns:
            An answer each, in the questions' order.

        Raises:
            DataError: The template cannot express a question.
            RecipeError: An option is wrong, or has no effect.
        """
        if not _is_list(questions):
            given = "one text" if isinstance(questions, str) else _kind(questions)
            cure = "Write answer(['...']), or chat([...]) for a conversation."
            problem = f"takes a list of questions, not {given}"
            raise RecipeError(problem, where="answer", cure=cure)
        asked = [_question(number, one) for number, one in enumerate(questions)]
        responder = self._sampling(max_new_tokens, temperature, seed)
        with self.lock:
            found = {one.example_id: Answer.of(one) for one in answer_all(responder, asked)}
        return [found[one.example_id] for one in asked]

    def chat(
        self,
        messages: Sequence[Turn],
        *,
        max_new_tokens: int | None = None,
        temperature: float | None = None,
        seed: int | None = None,
    ) -> str:
        """Answer a conversation.

        Args:
            messages: `{"role": "user", "content": "..."}` and so on; the last waits.
            max_new_tokens: Of the answer; 256 if not given.
            temperature: 0 if not given: always the likeliest token.
            seed: Another seed, other samples.

        Raises:
            DataError: The template cannot express it, or it leaves no room for an answer.
            RecipeError: An option is wrong, or has no effect.
        """
        (answer,) = self.answer(
            [messages], max_new_tokens=max_new_tokens, temperature=temperature, seed=seed
        )
        if answer.finish_reason not in _ANSWERED:
            cure = "Write fewer or shorter messages."
            raise DataError(f"no answer: {answer.finish_reason}", where=self.name, cure=cure)
        return answer.text

    def stream(
        self,
        messages: str | Sequence[Turn],
        *,
        max_new_tokens: int | None = None,
        temperature: float | None = None,
        seed: int | None = None,
    ) -> Iterator[str]:
        """Answer a text or a conversation piece by piece; the pieces joined are the answer.

        Args:
            messages: A text, or a conversation whose last message waits.
            max_new_tokens: Of the answer; 256 if not given.
            temperature: 0 if not given: always the likeliest token.
            seed: Another seed, other samples.

        Raises:
            DataError: The template cannot express it, or it leaves no room for an answer.
            RecipeError: An option is wrong, or has no effect.
        """
        responder = self._sampling(max_new_tokens, temperature, seed)
        prompt = responder.prompt_of(_question(0, messages))
        if not prompt.ids or responder.room_after(prompt) <= 0:
            cure = "Write fewer or shorter messages."
            raise DataError("no room for an answer", where=self.name, cure=cure)
        return _pieces(StreamedAnswer(responder, prompt, model_lock=self.lock))

    def _sampling(
        self, max_new_tokens: int | None, temperature: float | None, seed: int | None
    ) -> Responder:
        """The same model, answering as it is asked to."""
        recipe = generation_recipe(
            max_new_tokens=max_new_tokens, temperature=temperature, seed=seed
        )
        return replace(self.responder, recipe=recipe)


def load(name: str | Path) -> LoadedModel:
    """Load a model, to ask it many things.

    Args:
        name: starter, a run, a folder, or a model of the Hub.

    Raises:
        MissingError: There is no such model.
    """
    place = str(given_path(name, where="load"))
    return LoadedModel(named_responder(place, recipe=GenerationRecipe()))


def generation_recipe(**given: float | None) -> GenerationRecipe:
    """How to answer where there is no recipe; None is a key's default.

    Raises:
        RecipeError: A value is not allowed, or has no effect beside the others.
    """
    keys = {name: value for name, value in given.items() if value is not None}
    written: dict[str, object] = {"sources": [{"path": "-"}], "generation": keys}
    return recipe_from_mapping(written, name="options").generation


def turns(asked: str | Sequence[Turn]) -> tuple[Message, ...]:
    """A text or a conversation as messages.

    Raises:
        DataError: A message is no message, or there is none.
    """
    if isinstance(asked, str):
        return (Message(role="user", content=_content(asked, where="messages")),)
    if not _is_list(asked):
        problem, cure = f"takes a text or a list of messages, not {_kind(asked)}", f"[{_EXAMPLE}]"
        raise DataError(problem, where="messages", cure=f"For example: {cure}")
    found = tuple(_message(number, one) for number, one in enumerate(asked))
    if not found:
        raise DataError("a conversation without messages", where="messages")
    return found


def _is_list(given: object) -> bool:
    """Whether it has an order and parts that are questions: a list, a column of a table."""
    return isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping | Set)


def _kind(given: object) -> str:
    return f"one of type {type(given).__name__}"


def _question(number: int, asked: str | Sequence[Turn]) -> OpenQuestion:
    """The first is filed as `tunesmith ask` does: samples depend on that, so equal ones differ."""
    name = f"question {number}" if number else "question"
    return OpenQuestion(example_id=name, messages=turns(asked))


def _message(number: int, turn: Turn) -> Message:
    where = f"messages[{number}]"
    if isinstance(turn, Message):
        content = _content(turn.content, where=where)
        return replace(turn, role=_role(turn.role, where=where), content=content)
    if not isinstance(turn, Mapping) or not {"role", "content"} <= turn.keys():
        cure = f"For example: {_EXAMPLE}"
        raise DataError("a message has a role and a content", where=where, cure=cure)
    content = _content(turn["content"], where=where)
    return Message(role=_role(turn["role"], where=where), content=content)


def _role(given: object, *, where: str) -> Role:
    known: tuple[Role, ...] = get_args(Role)
    for role in known:
        if role == given:
            return role
    raise DataError(f"role {given!r} is unknown. Known: {', '.join(known)}", where=where)


def _content(given: object, *, where: str) -> str:
    """A text that a tokenizer can read: half of a character that takes two is none."""
    if not isinstance(given, str):
        raise DataError("the content is no text", where=where, cure=f"For example: {_EXAMPLE}")
    try:
        given.encode()
    except UnicodeEncodeError as error:
        found = f"U+{ord(given[error.start]):04X}"
        cure = "Read the text as UTF-8."
        raise DataError(
            f"the content holds half a character, {found}", where=where, cure=cure
        ) from None
    return given


def _pieces(answer: StreamedAnswer) -> Generator[str, None, None]:
    with closing(answer.pieces()) as pieces:
        yield from pieces
