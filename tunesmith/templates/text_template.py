"""A layout of headers around one question -> a template that works on any tokenizer.

Serves the templates without turns of their own: alpaca, question-answer, concatenate. The
begin text stands in front as the tokenizer's own post-processor sets it, the end token is
trained after the answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tunesmith.errors import DataError
from tunesmith.examples.example import Message
from tunesmith.templates.template import Rendering, Segment, TokenizerTexts


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLayout:
    """What a text template writes.

    `lay_out(system, instruction, input)` gives the prompt as (text, is content) pairs;
    `jinja` is the same for messages without `input`, as a Jinja expression over the texts
    `system` (none if absent) and `instruction`; `markers` are the lines that set its parts apart,
    which in content would forge a turn; `description` says in a few words what it is, for lists.
    """

    name: str
    lay_out: Callable[[str | None, str, str], Sequence[tuple[str, bool]]]
    jinja: str
    markers: tuple[str, ...]
    has_system: bool
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTemplate:
    """One instruction, one response, laid out as text.

    `plugin` is what the contract says of the package that offers the layout, if one does.
    """

    layout: TextLayout
    texts: TokenizerTexts
    system: str | None
    train_on: str
    plugin: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """The name a recipe uses."""
        return self.layout.name

    def render(self, messages: Sequence[Message]) -> tuple[Rendering, ...]:
        """Lay out one instruction and its response; the response and the end are trained.

        Raises:
            DataError: There are several turns, or something that has no place here.
        """
        *asked, answer = messages
        if answer.role != "assistant":
            raise DataError(f"the last message is the {answer.role}'s, not the assistant's")
        if answer.is_trained is False and self.train_on == "response":
            raise DataError("no assistant turn is to be trained")
        prompt = self._prompt(asked, is_trained=self.train_on == "all")
        is_trained = answer.is_trained is not False
        response = (
            Segment(text=answer.content, is_content=True, is_trained=is_trained),
            _written(self.texts.end_token, is_trained),
        )
        return ((*prompt, *(segment for segment in response if segment.text)),)

    def render_prompt(self, messages: Sequence[Message]) -> Rendering:
        """Lay out the instruction, up to where the response starts."""
        return self._prompt(messages, is_trained=False)

    def answer_of(self, completion: str) -> str:
        """The completion itself: nothing is written around a response."""
        return completion

    @property
    def stop_tokens(self) -> tuple[str, ...]:
        """The tokenizer's end token."""
        return (self.texts.end_token,)

    @property
    def markers(self) -> tuple[str, ...]:
        """The header lines."""
        return self.layout.markers

    @property
    def chat_template(self) -> str:
        """The same layout in Jinja, for transformers."""
        return _CHAT_TEMPLATE.format(
            name=self.name,
            system=jinja_literal(self.system),
            prompt=self.layout.jinja,
            begin=jinja_begin(self.texts),
            end=jinja_literal(self.texts.end_token),
        )

    @property
    def contract(self) -> dict[str, Any]:
        """All that decides the rendering, as JSON."""
        return {
            "name": self.name,
            "options": {},
            "system": self.system,
            "train_on": self.train_on,
            "text": None,
            "begin": self.texts.begin,
            "stop_tokens": list(self.stop_tokens),
            **({"plugin": dict(self.plugin)} if self.plugin else {}),
        }

    def _prompt(self, messages: Sequence[Message], *, is_trained: bool) -> Rendering:
        system, user = self._single_turn(messages)
        pieces = [
            piece for piece in self.layout.lay_out(system, user.content, user.input) if piece[0]
        ]
        first = pieces[0][0] if pieces else ""
        if begin := begin_text(self.texts, first):
            pieces.insert(0, (begin, False))
        return tuple(
            [
                Segment(text=text, is_content=True, is_trained=is_trained)
                if is_content
                else _written(text, is_trained)
                for text, is_content in pieces
            ]
        )

    def _single_turn(self, messages: Sequence[Message]) -> tuple[str | None, Message]:
        system = self.system
        if messages and messages[0].role == "system":
            if not self.layout.has_system:
                raise DataError(
                    f"template '{self.name}' has no place for a system prompt",
                    cure="Use template chatml or alpaca.",
                )
            system, messages = messages[0].content, messages[1:]
        roles = [message.role for message in messages]
        if roles == ["user"]:
            return system, messages[0]
        if not roles:
            raise DataError(
                f"template '{self.name}' needs an instruction; this is plain text",
                cure="Use template plain.",
            )
        raise DataError(
            f"template '{self.name}' has one turn; this conversation has {', '.join(roles)}",
            cure="Use template chatml, phi3 or chat.",
        )


@lru_cache(maxsize=256)
def _written(text: str, is_trained: bool) -> Segment:
    """A template's own text; the same few come with every row."""
    return Segment(text=text, is_content=False, is_trained=is_trained)


def begin_text(texts: TokenizerTexts, first: str) -> str:
    """What stands in front of a text that begins with `first`.

    Sentencepiece tokenizers put a space before a text, though not before a space.
    """
    begin = texts.begin or ""
    is_spaced = begin.endswith(" ") and (not first or first.startswith(" "))
    return begin[:-1] if is_spaced else begin


def jinja_literal(text: str | None) -> str:
    """A text as a Jinja expression."""
    if text is None:
        return "none"
    for plain, escaped in (("\\", "\\\\"), ("'", "\\'"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(plain, escaped)
    return f"'{text}'"


def jinja_begin(texts: TokenizerTexts) -> str:
    """`begin_text` as a Jinja expression over the text `prompt`."""
    begin = texts.begin or ""
    if not begin.endswith(" "):
        return jinja_literal(begin)
    shorter = jinja_literal(begin[:-1])
    condition = "not prompt or prompt.startswith(' ')"
    return f"({shorter} if {condition} else {jinja_literal(begin)})"


_CHAT_TEMPLATE = """\
{{#- Tunesmith's template '{name}': one instruction, one response. -#}}
{{%- set system = {system} -%}}
{{%- set turns = messages -%}}
{{%- if messages[0]['role'] == 'system' -%}}
{{%- set system = messages[0]['content'] -%}}
{{%- set turns = messages[1:] -%}}
{{%- endif -%}}
{{%- if turns | length > 2 or turns[0]['role'] != 'user' -%}}
{{{{- raise_exception("template '{name}' has one turn: an instruction and its response") -}}}}
{{%- endif -%}}
{{%- set instruction = turns[0]['content'] -%}}
{{%- set prompt = {prompt} -%}}
{{{{- {begin} + prompt -}}}}
{{%- if turns | length == 2 -%}}
{{{{- turns[1]['content'] + {end} -}}}}
{{%- endif -%}}
"""
