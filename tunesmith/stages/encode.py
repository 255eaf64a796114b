"""Examples of a split -> its token store; what cannot be trained on is dropped with a reason."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from tunesmith.errors import DataError
from tunesmith.examples.example import Example, last_user_text
from tunesmith.sources.row import Dropped
from tunesmith.stages.rendering import Rendering as HowToRender
from tunesmith.templates.template import Rendering
from tunesmith.templates.wrapped import wrapped_marker
from tunesmith.tokens.beyond import refuse_beyond
from tunesmith.tokens.encode import EncodedExample, encode_rows

ROWS_AT_ONCE = 512
_SHOWN = 200

EncodedRow = tuple[str, EncodedExample]


@dataclass(slots=True)
class EncodeCount:
    """What was encoded, the examples that left no row, and rows that carry a marker already.

    `lengths` counts rows by their tokens; there are no more lengths than `max_tokens`.
    """

    rows: int = 0
    lost: int = 0
    tokens: int = 0
    trained_tokens: int = 0
    wrapped: Counter[str] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)

    def add(self, other: "EncodeCount") -> None:
        """Count what another has counted."""
        self.rows += other.rows
        self.lost += other.lost
        self.tokens += other.tokens
        self.trained_tokens += other.trained_tokens
        self.wrapped += other.wrapped
        self.lengths += other.lengths


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """Renders and encodes examples in chunks, and keeps to the length that a recipe sets.

    Attributes:
        how: Template and tokenizer.
        max_tokens: Of a row.
        num_known: Tokens that the model knows; None if it does not say.
        when_too_long: drop, cut-context or error.
        drop: Told of every row that is left out.
        count: Grows as rows pass.
    """

    how: HowToRender
    max_tokens: int
    num_known: int | None = None
    when_too_long: str
    drop: Callable[[Dropped], None]
    count: EncodeCount

    def encode(self, examples: Iterator[Example]) -> Iterator[EncodedRow]:
        """Encode examples in order; one example may give several rows.

        Raises:
            DataError: A row is too long and the recipe says `error`.
            RefusedError: A row has a token that the model does not know.
        """
        while chunk := list(islice(examples, ROWS_AT_ONCE)):
            yield from self._encode_chunk(chunk)

    def _encode_chunk(self, examples: Sequence[Example]) -> Iterator[EncodedRow]:
        rendered: list[tuple[Example, Rendering]] = []
        for example in examples:
            rendered += [(example, rendering) for rendering in self._render(example)]
        left = {id(example) for example in examples}
        encoded = self._encode_rendered(rendered)
        for (example, _), row in zip(rendered, encoded, strict=True):
            fitting = self._fit(example, row) if row is not None else None
            if fitting is not None:
                refuse_beyond(fitting.ids, self.how.tokenizer, num_known=self.num_known)
                left.discard(id(example))
                self.count.rows += 1
                self.count.tokens += len(fitting.ids)
                self.count.lengths[len(fitting.ids)] += 1
                self.count.trained_tokens += int(np.count_nonzero(fitting.is_trained[1:]))
                yield example.id, fitting
        self.count.lost += len(left)

    def _encode_rendered(
        self, rendered: Sequence[tuple[Example, Rendering]]
    ) -> list[EncodedExample | None]:
        """All rows at once; one by one only where a row of the chunk cannot be trained."""
        try:
            return list(encode_rows([text for _, text in rendered], self.how.tokenizer))
        except DataError:
            return [self._encode_row(example, text) for example, text in rendered]

    def _encode_row(self, example: Example, rendering: Rendering) -> EncodedExample | None:
        try:
            return encode_rows([rendering], self.how.tokenizer)[0]
        except DataError as error:
            self.drop(_dropped(example, "no trained token", str(error)))
            return None

    def _render(self, example: Example) -> Sequence[Rendering]:
        try:
            renderings = self.how.template.render(example.messages)
        except DataError as error:
            self.drop(_dropped(example, "does not fit the template", str(error)))
            return ()
        marker = wrapped_marker(self.how.template, example.messages)
        if marker is not None:
            self.count.wrapped[marker] += 1
        return renderings

    def _fit(self, example: Example, row: EncodedExample) -> EncodedExample | None:
        limit = self.max_tokens
        if len(row.ids) <= limit:
            return row
        detail = f"{len(row.ids):,} tokens, training.max_tokens is {limit:,}"
        if self.when_too_long == "error":
            raise DataError(
                f"too long: {detail}",
                where=example.source,
                cure="Raise training.max_tokens, or set training.when_too_long to drop.",
            )
        has_begin = row.ids[0] == self.how.tokenizer.hf.bos_token_id
        cut = cut_context(row, limit, keep=int(has_begin))
        if self.when_too_long == "cut-context" and cut is not None:
            return cut
        self.drop(_dropped(example, "too long", detail))
        return None


def cut_context(row: EncodedExample, limit: int, *, keep: int) -> EncodedExample | None:
    """Shorten a row at the front, behind its `keep` begin tokens; never a trained token.

    Returns:
        None where even the trained tokens and what lies between them do not fit.
    """
    excess = len(row.ids) - limit
    first_trained = int(np.argmax(row.is_trained))
    if keep + excess > first_trained - 1:
        return None
    keep_place = np.r_[0:keep, keep + excess : len(row.ids)]
    return EncodedExample(ids=row.ids[keep_place], is_trained=row.is_trained[keep_place])


def _dropped(example: Example, reason: str, detail: str) -> Dropped:
    text = (last_user_text(example.messages) or example.reference)[:_SHOWN]
    return Dropped(source=example.source, reason=reason, detail=detail, text=text)
