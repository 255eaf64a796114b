"""Messages and a Jinja chat template -> segments, with exact borders of training.

A conversation is rendered as *text*, once more to see whose text is whose (`ownership`),
and around each answer to find its border: the answer begins where the prompt with the
generation prompt ends. Trained is what the answer's turn adds, up to the first stop token
that the template writes; where it writes none, the tokenizer's end token is appended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tunesmith.errors import DataError
from tunesmith.examples.example import Message
from tunesmith.sandbox.compiled_template import CompiledTemplate
from tunesmith.templates.ownership import Owned, TurnDict, cut, owned_pieces
from tunesmith.templates.template import Rendering, Segment, TokenizerTexts
from tunesmith.templates.text_template import jinja_literal

MAX_MESSAGES = 1000  # each answer is rendered by itself, so the work grows with the square


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedTurn:
    """Where an assistant turn stands in the rendering that ends with it.

    `text[start:end]` is trained; `is_ended` says that a stop token ends it.
    """

    text: str
    owned: Owned
    start: int
    end: int
    is_ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatTemplate:
    """A Jinja template, with the tokenizer's texts and the recipe's options.

    `stop_token`, `lead` and `tail` are what the template writes after and around an answer,
    as `chat_probe` found them; `plugin` is what the contract says of the package that offers
    the template, if one does; `date` is what the template's clock was set to, if it has one.
    """

    name: str
    compiled: CompiledTemplate
    texts: TokenizerTexts
    system: str | None
    train_on: str
    options: dict[str, bool | int | str]
    named_texts: dict[str, str]
    stop_token: str | None = None
    lead: str = ""
    tail: str = ""
    own_markers: tuple[str, ...] = field(default=())
    plugin: Mapping[str, Any] | None = None
    date: str | None = None

    def render(self, messages: Sequence[Message]) -> tuple[Rendering, ...]:
        """Lay out a conversation: one row, or a row a turn where one row would not be exact.

        Raises:
            DataError: The template refuses the conversation, or its answers have no border.
        """
        turns = self._turns(messages)
        offset = len(turns) - len(messages)
        answers = [i for i, turn in enumerate(turns) if turn["role"] == "assistant"]
        untrained = [i for i in answers if messages[i - offset].is_trained is False]
        trained = [i for i in answers if i not in untrained]
        if not trained:
            raise DataError("no assistant turn is to be trained")
        text = self._text(turns)
        owned = self._owned(turns, text)
        if self.train_on == "all":
            return (self._trained_whole(turns, owned, untrained),)
        found = [self._answer(turns, i, text, owned) for i in trained]
        row = self._one_row(text, owned, found)
        return (row,) if row is not None else tuple(self._own_row(answer) for answer in found)

    def render_prompt(self, messages: Sequence[Message]) -> Rendering:
        """Lay out the messages before an answer, with the generation prompt."""
        turns = self._turns(messages)
        text = self._text(turns, is_prompt=True)
        owned = owned_pieces(turns, text, lambda marked: self._text(marked, is_prompt=True))
        return _segments(owned, ())

    def answer_of(self, completion: str) -> str:
        """Take off the lead and the tail that the template writes around every answer."""
        answer = completion.removeprefix(self.lead)
        if "</think>" in self.lead and completion.lstrip().startswith("<think>"):
            answer = completion.rpartition("</think>")[2].lstrip("\n")
        for tail in (self.tail, self.tail.rstrip(), self.tail.strip()):
            if tail and answer.endswith(tail):
                return answer.removesuffix(tail)
        return answer

    @property
    def stop_tokens(self) -> tuple[str, ...]:
        """The template's own stop token, and the tokenizer's end token."""
        if self.stop_token in (None, self.texts.end_token):
            return (self.texts.end_token,)
        assert self.stop_token is not None
        return (self.stop_token, self.texts.end_token)

    @property
    def markers(self) -> tuple[str, ...]:
        """The marks between turns."""
        return self.own_markers

    @property
    def chat_template(self) -> str:
        """The Jinja text; what the recipe adds stands in front of it."""
        values = {**self.named_texts, **self.options}
        lines = [
            f"{{%- if {name} is not defined %}}"
            f"{{% set {name} = {_literal(value)} %}}{{% endif %}}\n"
            for name, value in values.items()
        ]
        if self.system is not None:
            first = f"[{{'role': 'system', 'content': {jinja_literal(self.system)}}}]"
            lines.append(
                "{%- if not messages or messages[0]['role'] != 'system' %}"
                f"{{% set messages = {first} + messages %}}{{% endif %}}\n"
            )
        return "".join(lines) + self.compiled.text

    @property
    def contract(self) -> dict[str, Any]:
        """All that decides the rendering, as JSON."""
        return {
            "name": self.name,
            "options": dict(self.options),
            "system": self.system,
            "train_on": self.train_on,
            "text": self.compiled.text,
            "begin": self.texts.begin_token,
            "stop_tokens": list(self.stop_tokens),
            **({"plugin": dict(self.plugin)} if self.plugin else {}),
            **({"date": self.date} if self.date else {}),
        }

    def _turns(self, messages: Sequence[Message]) -> list[TurnDict]:
        if len(messages) > MAX_MESSAGES:
            raise DataError(
                f"a conversation of {len(messages):,} messages is too long",
                cure=f"Cut it into conversations of at most {MAX_MESSAGES:,}.",
            )
        if [message.role for message in messages] == ["assistant"]:
            raise DataError(
                f"template '{self.name}' needs somebody who asks; this is plain text",
                cure="Use template plain.",
            )
        turns: list[TurnDict] = []
        if self.system is not None and (not messages or messages[0].role != "system"):
            turns.append({"role": "system", "content": self.system})
        for message in messages:
            parts = [part for part in (message.content, message.input) if part]
            turns.append({"role": message.role, "content": "\n\n".join(parts)})
        return turns

    def _text(self, turns: Sequence[TurnDict], *, is_prompt: bool = False) -> str:
        return self.compiled.render(
            {
                "tools": None,
                "documents": None,
                **_special_tokens(self.texts),
                **self.named_texts,
                **self.options,
                "messages": list(turns),
                "add_generation_prompt": is_prompt,
            }
        )

    def _owned(self, turns: Sequence[TurnDict], text: str) -> Owned:
        return owned_pieces(turns, text, self._text)

    def _answer(
        self, turns: Sequence[TurnDict], index: int, text: str, owned: Owned
    ) -> RenderedTurn:
        """The border and the end of the answer `turns[index]`; `text` is the whole rendering."""
        prompt = self._text(turns[:index], is_prompt=True)
        full = text if index == len(turns) - 1 else self._text(turns[: index + 1])
        if not full.startswith(prompt):
            raise self._no_border(prompt, full)
        if text.startswith(full):
            owned = cut(owned, [len(full)])
        else:
            owned = self._owned(turns[: index + 1], full)
        stop = _find(owned, self.stop_tokens, start=len(prompt), end=len(full))
        return RenderedTurn(
            text=full,
            owned=owned,
            start=len(prompt),
            end=len(full) if stop is None else stop,
            is_ended=stop is not None,
        )

    def _no_border(self, prompt: str, full: str) -> DataError:
        shared = next(
            (i for i, pair in enumerate(zip(prompt, full, strict=False)) if pair[0] != pair[1]),
            min(len(prompt), len(full)),
        )
        start = max(0, shared - 40)
        return DataError(
            f"the template writes {prompt[start:][:120]!r} where generation starts, but "
            f"{full[start:][:120]!r} in a conversation with the answer, so the answer has no "
            "exact beginning",
            where=self.compiled.where,
            cure="Set the template's variables in template.options (such as enable_thinking) "
            "so that both agree, or use another template.",
        )

    def _one_row(
        self, text: str, owned: Owned, answers: Sequence[RenderedTurn]
    ) -> Rendering | None:
        """The whole conversation in one row, if that changes no turn's text or ids."""
        if not all(answer.is_ended and text.startswith(answer.text) for answer in answers):
            return None
        spans = [(answer.start, answer.end) for answer in answers]
        if len(spans) > 1 and self.texts.is_seamless is not None:
            last = spans[-1][0]
            before = _segments(_head(owned, last), spans[:-1])
            if not self.texts.is_seamless(before):
                return None
        return _segments(owned, spans)

    def _own_row(self, answer: RenderedTurn) -> Rendering:
        row = _segments(_head(answer.owned, len(answer.text)), [(answer.start, answer.end)])
        return row if answer.is_ended else (*row, self._end())

    def _trained_whole(
        self, turns: Sequence[TurnDict], owned: Owned, untrained: Sequence[int]
    ) -> Rendering:
        text = "".join(piece for piece, _ in owned)
        spans = []
        start = 0
        for index in untrained:
            answer = self._answer(turns, index, text, owned)
            if not text.startswith(answer.text):
                raise DataError("the template rewrites a turn that is not to be trained")
            spans.append((start, answer.start))
            start = answer.end
        row = _segments(owned, [*spans, (start, len(text))])
        last = sum(len(piece) for piece, _ in _up_to_last_content(owned))
        is_ended = _find(owned, self.stop_tokens, start=last, end=len(text)) is not None
        is_open = turns[-1]["role"] == "assistant" and not is_ended
        return (*row, self._end()) if is_open and start < len(text) else row

    def _end(self) -> Segment:
        return Segment(text=self.texts.end_token, is_content=False, is_trained=True)


def _special_tokens(texts: TokenizerTexts) -> dict[str, str]:
    if texts.named_tokens:
        return dict(texts.named_tokens)
    named = {"bos_token": texts.begin_token, "eos_token": texts.end_token}
    return {name: text for name, text in named.items() if text is not None}


def _head(owned: Owned, length: int) -> Owned:
    """The pieces of the first `length` characters."""
    pieces = []
    for piece in cut(owned, [length]):
        if length <= 0:
            break
        pieces.append(piece)
        length -= len(piece[0])
    return tuple(pieces)


def _up_to_last_content(owned: Owned) -> Owned:
    last = max((i for i, piece in enumerate(owned) if piece[1]), default=-1)
    return owned[: last + 1]


def _find(owned: Owned, tokens: Sequence[str], *, start: int, end: int) -> int | None:
    """Where the first of `tokens` in template text between two positions ends."""
    position = 0
    for text, is_content in owned:
        if not is_content and position + len(text) > start:
            low, high = max(0, start - position), min(len(text), end - position)
            found = [(i, token) for token in tokens if (i := text.find(token, low, high)) >= 0]
            if found:
                first, token = min(found, key=lambda pair: (pair[0], -len(pair[1])))
                return position + first + len(token)
        position += len(text)
    return None


def _segments(owned: Owned, spans: Sequence[tuple[int, int]]) -> Rendering:
    """Pieces as segments; trained between the positions of each span."""
    segments = []
    position = 0
    for text, is_content in cut(owned, [edge for span in spans for edge in span]):
        is_trained = any(start <= position < end for start, end in spans)
        segments.append(Segment(text=text, is_content=is_content, is_trained=is_trained))
        position += len(text)
    return tuple(segments)


def _literal(value: bool | int | str) -> str:
    return str(value).lower() if isinstance(value, bool | int) else jinja_literal(value)
