"""Requests to a teacher -> their replies in order; what failed is Dropped with its reason.

Every request of a round is a function of the seed and of what was accepted so far, and outcomes
are taken in the order of the requests. So the same calls are asked again after a kill, and the
cache answers them.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tunesmith.endpoints.chat_request import AnyCaller, ChatFailure, ChatReply, ChatRequest, Outcome
from tunesmith.examples.example import Example
from tunesmith.examples.row_seed import row_seed
from tunesmith.recipe.teacher_recipe import TeacherRecipe
from tunesmith.sources.row import Dropped, RowError
from tunesmith.teacher.filters import CUT
from tunesmith.teacher.parse import read_object
from tunesmith.teacher.prompts import TeacherPrompt, find_prompt

NO_REPLY = "no reply"  # begins the reason of every call that failed
_DEFAULT_COUNT = 100
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TeacherRequest:
    """A request, and the prompt whose version its pairs keep."""

    request: ChatRequest
    prompt: TeacherPrompt


class Teacher:
    """A model that is asked in the words of one recipe."""

    def __init__(self, caller: AnyCaller, recipe: TeacherRecipe) -> None:
        self._caller = caller
        self.recipe = recipe

    @property
    def name(self) -> str:
        """The model's name."""
        return self._caller.endpoint.name

    @property
    def num_wanted(self) -> int | None:
        """Pairs to accept; None: all there are."""
        return num_wanted(self.recipe)

    def question(
        self, name: str, values: dict[str, str], *, salt: str, is_sampled: bool = True
    ) -> TeacherRequest:
        """A request in the words of a prompt.

        Args:
            name: Of the prompt, without its version.
            values: What it is filled with; texts of others are fenced here.
            salt: What tells this question from others with the same words.
            is_sampled: False where the likeliest short reply is wanted.
        """
        prompt = find_prompt(name, self.recipe.language)
        request = ChatRequest(
            messages=prompt.messages(values),
            purpose=f"teacher/{prompt.name}",
            max_tokens=self.recipe.max_tokens,
            temperature=self.recipe.temperature if is_sampled else 0.0,
            seed=row_seed(self.recipe.seed, {}, salt=salt) % 2**31,
            is_json=True,
        )
        return TeacherRequest(request=request, prompt=prompt)

    def fenced(self, text: str, *, name: str) -> str:
        """A text between lines that it does not hold, in the manner of a prompt."""
        return find_prompt(name, self.recipe.language).fenced(text)

    def ask(self, questions: Sequence[TeacherRequest]) -> Iterator[Outcome]:
        """The outcomes in order; what was not begun is taken back when the caller stops early."""
        outcomes = self._caller.ask_all([question.request for question in questions])
        try:
            yield from outcomes
        finally:
            if isinstance(outcomes, Generator):
                outcomes.close()

    def read(
        self,
        questions: Sequence[TeacherRequest],
        read: Callable[[ChatReply], T],
    ) -> Iterator[tuple[int, ChatReply | None, T | Dropped]]:
        """Ask, and read each reply.

        Args:
            questions: Of one round.
            read: Makes something of a reply; its RowError is the reason why nothing came of it.

        Yields:
            The question's place, the reply if there was one, and what was read or why not.
        """
        for place, outcome in enumerate(self.ask(questions)):
            if isinstance(outcome, ChatFailure):
                yield place, None, self._failed(outcome)
                continue
            try:
                yield place, outcome, read(outcome)
            except RowError as error:
                yield place, outcome, self.refused(outcome, error, text=outcome.text)

    def refused(self, reply: ChatReply, error: RowError, *, text: str) -> Dropped:
        """A candidate that was left out, with its call and what is wrong with it."""
        return Dropped.of(error, source=self.place(reply.call_id), text=text)

    def place(self, call_id: str) -> str:
        """Where something came from: `teacher/llama3:4f2a...`."""
        return f"teacher/{self.name}:{short_call_id(call_id)}"

    def tags(self, prompt: TeacherPrompt, reply: ChatReply, *more: str) -> tuple[str, ...]:
        """What a pair keeps of its making: teacher, prompt and its version, call."""
        named = (
            f"teacher: {self.name}",
            f"prompt: {prompt.name}",
            f"call: {short_call_id(reply.call_id)}",
        )
        return (*named, *more)

    def _failed(self, failure: ChatFailure) -> Dropped:
        fault = RowError(f"{NO_REPLY}: {failure.reason}", failure.detail)
        return Dropped.of(fault, source=self.place(failure.call_id))


def num_wanted(recipe: TeacherRecipe) -> int | None:
    """Pairs to accept; None: all that the material holds, which seeds do not limit."""
    is_open = recipe.count is None and recipe.task == "self-instruct"
    return _DEFAULT_COUNT if is_open else recipe.count


def short_call_id(call_id: str) -> str:
    """The beginning of a call's name, which tells it from all others and can be read."""
    return call_id[:16]


def whole_object(reply: ChatReply) -> dict[str, object]:
    """The object of a reply.

    Raises:
        RowError: There is none, maybe because the reply was cut off.
    """
    try:
        return read_object(reply.text)
    except RowError:
        if reply.finish_reason == "length":
            raise RowError(CUT, "the reply ends at max_tokens before its JSON does") from None
        raise


@dataclass(frozen=True, slots=True)
class KeptPair:
    """A pair that stays as it was, or whose rewriting failed."""

    example: Example


@dataclass(frozen=True, slots=True)
class ImprovedPair:
    """A better answer in the place of a weak one; both are kept."""

    before: Example
    after: Example
    reason: str
    call: str


Taught = Example | KeptPair | ImprovedPair | Dropped
Teaching = Generator[Taught, None, None]
