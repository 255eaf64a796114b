"""Training examples before a question -> a prompt that shows what is wanted.

Would a good prompt have been enough? A template with turns shows the examples as earlier
turns; another writes them one below the other, each question with its answer, as plain text.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest

from tunesmith.errors import DataError, RecipeError
from tunesmith.examples.example import Example, Message
from tunesmith.templates.template import Rendering, Segment, Template

_BETWEEN = "\n\n"
_OPENING_LENGTH = 24  # characters that tell a next question from an answer
_TURNS = (
    Message(role="user", content="a"),
    Message(role="assistant", content="b"),
    Message(role="user", content="c"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shots:
    """Examples to show, in their order; the last ones go where not all of them fit."""

    template: Template
    examples: tuple[Example, ...]

    def render_prompt(
        self, messages: Sequence[Message], *, fits: Callable[[Rendering], bool]
    ) -> Rendering:
        """Lay out as many examples as fit, and the question below them.

        A template may express a question and refuse it below others; then fewer are shown.
        """
        for count in range(len(self.examples), 0, -1):
            try:
                rendering = self._render(self.examples[:count], messages)
            except (DataError, RecipeError):
                continue
            if fits(rendering):
                return rendering
        return self.template.render_prompt(messages)

    def cut_text(self, answer: str) -> tuple[str, bool]:
        """An answer without the next question that the model goes on to ask, and whether it did."""
        if has_turns(self.template):
            return answer, False
        ends = [answer.find(stop) for stop in self._openings()]
        found = [end for end in ends if end >= 0]
        return (answer[: min(found)].rstrip(), True) if found else (answer, False)

    def _render(self, examples: Sequence[Example], messages: Sequence[Message]) -> Rendering:
        if has_turns(self.template):
            return self.template.render_prompt(_as_turns(examples, messages))
        pieces: list[Segment] = []
        for example in examples:
            prompt = self.template.render_prompt(example.prompt)
            pieces += self._without_begin(prompt) if pieces else prompt
            pieces += [_read(example.reference, is_content=True), _read(_BETWEEN)]
        return (*pieces, *self._without_begin(self.template.render_prompt(messages)))

    def _without_begin(self, prompt: Rendering) -> Rendering:
        """A prompt in the middle of a text: the begin token stands at the text's start alone."""
        begin = str(self.template.contract.get("begin") or "").strip()
        is_begun = begin and prompt and not prompt[0].is_content
        if is_begun and prompt[0].text.strip() == begin:
            return prompt[1:]
        return prompt

    def _openings(self) -> list[str]:
        """What begins the next question: headers, the template's first words, a blank line."""
        first = self._without_begin(self.template.render_prompt(_TURNS[:1]))[0]
        opening = [] if first.is_content else [_BETWEEN + first.text.lstrip()[:_OPENING_LENGTH]]
        return [*self.template.markers, *opening] or [_BETWEEN]


def has_turns(template: Template) -> bool:
    """Whether a template can express more than one question."""
    try:
        template.render_prompt(_TURNS)
    except DataError:
        return False
    return template.name != "plain"  # renders the newest message, whatever stands before it


def choose_shots(examples: Iterable[Example], count: int) -> tuple[Example, ...]:
    """Training examples to show: one question and one answer each, drawn by their hash."""
    shown = (example for example in examples if example.is_single_turn)
    return tuple(nsmallest(count, shown, key=lambda example: example.id))


def _as_turns(examples: Sequence[Example], messages: Sequence[Message]) -> list[Message]:
    """The examples between the system message and the question."""
    is_led = bool(messages) and messages[0].role == "system"
    lead, rest = (messages[:1], messages[1:]) if is_led else ((), messages)
    return [*lead, *(m for example in examples for m in example.messages), *rest]


def _read(text: str, *, is_content: bool = False) -> Segment:
    return Segment(text=text, is_content=is_content, is_trained=False)
