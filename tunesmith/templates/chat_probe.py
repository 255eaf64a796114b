"""A chat template and a short conversation -> how the template writes an answer.

Finds the stop token, the lead and tail around an answer and the marks between turns, once,
when the template is chosen; so a template that cannot be handled is refused before any row.
"""

import re
from dataclasses import replace

from tunesmith.errors import DataError, RecipeError
from tunesmith.examples.example import Message
from tunesmith.sandbox.compiled_template import CompiledTemplate
from tunesmith.templates.chat_template import ChatTemplate
from tunesmith.templates.clock import is_date_name
from tunesmith.templates.template import Rendering, TokenizerTexts

_MARKUP = re.compile(r"<<?/?[^<>\s]+>>?|\[/?[A-Z_]{2,}\]")
_HEADING = re.compile(r"(?m)^(#+ [\w ]+:|[\w ]{2,30}:)")
_THINKING = ("<think>", "</think>")  # people write these themselves, for answers with thinking
_UNKNOWN = re.compile(r"'(\w+)' is undefined")
_CLOCK_CURE = (
    "A template asks for the date by strftime_now('%Y-%m-%d'), which other tools know too."
)
_ASKED = Message(role="user", content="Hello there")
_ANSWERED = Message(role="assistant", content="General greetings")
_SYSTEM = Message(role="system", content="Be brief")


def chat_template(
    name: str,
    compiled: CompiledTemplate,
    *,
    texts: TokenizerTexts,
    system: str | None = None,
    train_on: str = "response",
    options: dict[str, bool | int | str] | None = None,
) -> ChatTemplate:
    """A chat template that is known to work with this tokenizer.

    Raises:
        RecipeError: The template cannot render even a short conversation, or its answers
            have no exact beginning.
    """
    template = ChatTemplate(
        name=name,
        compiled=compiled,
        texts=texts,
        system=system,
        train_on="response",
        options=options or {},
        named_texts={},
    )
    try:
        template = _with_begin(template)
        after = _around(_probe(template))[1]
        template = replace(template, stop_token=_first_control(after, texts))
        row = _probe(template)
    except DataError as error:
        unknown = _UNKNOWN.search(error.message)
        cure = _CLOCK_CURE if unknown and is_date_name(unknown[1]) else error.cure
        raise RecipeError(error.message, where=error.where, cure=cure) from None
    lead, tail = _around(row)
    return replace(
        template,
        train_on=train_on,
        lead=lead,
        tail=tail.removesuffix(template.stop_tokens[0]),
        own_markers=_markers(row, texts),
    )


def _with_begin(template: ChatTemplate) -> ChatTemplate:
    """Let `bos_token` be empty where the tokenizer names none but the template writes it.

    Transformers refuses such a pair; the saved chat template defines the variable.
    """
    try:
        _probe(template)
    except DataError as error:
        if template.texts.begin_token is None and "'bos_token' is undefined" in error.message:
            return replace(template, named_texts={"bos_token": ""})
        raise
    return template


def _probe(template: ChatTemplate) -> Rendering:
    """A short conversation; with a system prompt if the template insists on one."""
    try:
        return template.render([_ASKED, _ANSWERED])[0]
    except DataError as error:
        try:
            return template.render([_SYSTEM, _ASKED, _ANSWERED])[0]
        except DataError:
            raise error from None


def _around(row: Rendering) -> tuple[str, str]:
    """The trained template text before and after the answer's content."""
    last = max((i for i, segment in enumerate(row) if segment.is_content), default=-1)
    before = (segment.text for segment in row[:last] if segment.is_trained)
    after = (segment.text for segment in row[last + 1 :] if segment.is_trained)
    return "".join(before), "".join(after)


def _first_control(text: str, texts: TokenizerTexts) -> str | None:
    found = [(text.find(token), -len(token), token) for token in texts.control_tokens]
    return min((entry for entry in found if entry[0] >= 0), default=(0, 0, None))[2]


def _markers(row: Rendering, texts: TokenizerTexts) -> tuple[str, ...]:
    """Markup and control tokens of the template; where it has none, its headings."""
    written = [segment.text for segment in row if not segment.is_content]
    joined = "".join(written)
    found = {match.group() for text in written for match in _MARKUP.finditer(text)}
    found |= {token for token in texts.control_tokens if token in joined}
    found -= {texts.begin_token, texts.end_token, *_THINKING}
    if not found:
        found = {match.group() for text in written for match in _HEADING.finditer(text)}
    return tuple(sorted(found))
