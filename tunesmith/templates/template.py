"""The words of this package: Segment, Rendering, Template.

A template turns messages into segments of text, each marked as content (written by a
person) or template text, and as trained or not. Joined, the segments are the text that
the model reads. Nothing searches for an answer afterwards.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tunesmith.examples.example import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A piece of rendered text: content or template text, trained or not.

    Control tokens are recognised only in template text (`is_content=False`); in content
    the same characters are ordinary text.
    """

    text: str
    is_content: bool
    is_trained: bool


Rendering = tuple[Segment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenizerTexts:
    """What a template has to know of a tokenizer, as text.

    `begin` is what the tokenizer's own post-processor puts in front of a text (None if
    nothing); `begin_token` and `end_token` are the named special tokens that a chat
    template sees as `bos_token` and `eos_token`; `control_tokens` are all added tokens
    that are not only whitespace; `named_tokens` are all variables that transformers gives
    a chat template (`bos_token`, `pad_token`...). `is_seamless` says whether the ids of a
    rendering stay the same when its borders of training are taken away; without it every
    rendering counts as seamless.
    """

    begin: str | None
    begin_token: str | None
    end_token: str
    control_tokens: frozenset[str]
    chat_template: str | None
    named_tokens: tuple[tuple[str, str], ...] = ()
    is_seamless: Callable[[Rendering], bool] | None = field(default=None, compare=False, repr=False)


class Template(Protocol):
    """Messages -> segments."""

    @property
    def name(self) -> str:
        """The name a recipe uses."""

    def render(self, messages: Sequence[Message]) -> tuple[Rendering, ...]:
        """Lay out a whole conversation, answers included.

        Returns:
            One rendering a row; more than one where the template rewrites history, so
            that each turn is a row of its own. Every assistant turn that is to be trained
            is trained in exactly one of them.

        Raises:
            DataError: This template cannot express this conversation exactly; says why.
        """

    def render_prompt(self, messages: Sequence[Message]) -> Rendering:
        """Lay out the messages before an answer, up to where generation starts.

        For every assistant turn this is what precedes the trained text in `render`.
        """

    def answer_of(self, completion: str) -> str:
        """Take off what the template itself writes around an answer (leads, trailing marks)."""

    @property
    def stop_tokens(self) -> tuple[str, ...]:
        """Control tokens that end an answer; the tokenizer's end token is always one."""

    @property
    def markers(self) -> tuple[str, ...]:
        """What the template writes to set turns apart; in content it would forge a turn."""

    @property
    def chat_template(self) -> str:
        """Jinja text with which transformers renders the same prompts; for the saved model."""

    @property
    def contract(self) -> dict[str, Any]:
        """All that decides the rendering, as JSON: written to `model/tunesmith.json`."""
