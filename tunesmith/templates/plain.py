"""Text -> the same text between begin and end, every token trained: the pretraining objective.

A prompt is the beginning of a text, to be continued.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tunesmith.errors import DataError
from tunesmith.examples.example import Message, last_user_text
from tunesmith.templates.template import Rendering, Segment, TokenizerTexts
from tunesmith.templates.text_template import begin_text, jinja_begin, jinja_literal


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainTemplate:
    """Plain text: a lone assistant message."""

    texts: TokenizerTexts

    @property
    def name(self) -> str:
        """The name a recipe uses."""
        return "plain"

    def render(self, messages: Sequence[Message]) -> tuple[Rendering, ...]:
        """Begin, the text, end; all of it trained.

        Raises:
            DataError: Somebody asks: this is not plain text.
        """
        if [message.role for message in messages] != ["assistant"]:
            roles = ", ".join(message.role for message in messages)
            raise DataError(
                f"template 'plain' takes text alone; this row has {roles}",
                cure="Use template concatenate, or another that knows questions.",
            )
        text = messages[0].content
        pieces = (
            (begin_text(self.texts, text), False),
            (text, True),
            (self.texts.end_token, False),
        )
        return (_segments(pieces, is_trained=True),)

    def render_prompt(self, messages: Sequence[Message]) -> Rendering:
        """Begin, and the text to be continued: the newest user message, if there is one."""
        text = last_user_text(messages)
        pieces = ((begin_text(self.texts, text), False), (text, True))
        return _segments(pieces, is_trained=False)

    def answer_of(self, completion: str) -> str:
        """The completion itself."""
        return completion

    @property
    def stop_tokens(self) -> tuple[str, ...]:
        """The tokenizer's end token."""
        return (self.texts.end_token,)

    @property
    def markers(self) -> tuple[str, ...]:
        """None: plain text has no turns."""
        return ()

    @property
    def chat_template(self) -> str:
        """The newest user message, to be continued, in Jinja for transformers."""
        return _CHAT_TEMPLATE.format(
            begin=jinja_begin(self.texts), end=jinja_literal(self.texts.end_token)
        )

    @property
    def contract(self) -> dict[str, Any]:
        """All that decides the rendering, as JSON."""
        return {
            "name": self.name,
            "options": {},
            "system": None,
            "train_on": "all",
            "text": None,
            "begin": self.texts.begin,
            "stop_tokens": list(self.stop_tokens),
        }


def _segments(pieces: Sequence[tuple[str, bool]], *, is_trained: bool) -> Rendering:
    return tuple(
        Segment(text=text, is_content=is_content, is_trained=is_trained)
        for text, is_content in pieces
        if text
    )


_CHAT_TEMPLATE = """\
{{#- Tunesmith's template 'plain': a text to be continued. -#}}
{{%- set prompt = messages[-1]['content'] -%}}
{{{{- {begin} + prompt -}}}}
{{%- if messages[-1]['role'] == 'assistant' -%}}
{{{{- {end} -}}}}
{{%- endif -%}}
"""
