"""Examples of a split -> their encoded rows; what cannot be trained or scored has its reason."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from tunesmith.errors import DataError
from tunesmith.examples.example import Example, last_user_text
from tunesmith.sources.row import Dropped, RowError
from tunesmith.stages.preparing.answerable import MISFIT, TOO_LONG, prompt_tokens
from tunesmith.stages.preparing.misfits import misfit
from tunesmith.stages.preparing.pair_rows import pair_renderings, room_for_both
from tunesmith.stages.responders.renderer import Renderer as HowToRender
from tunesmith.templates.template import Rendering, Template
from tunesmith.templates.wrapped import wrapped_marker
from tunesmith.tokens.beyond import refuse_beyond
from tunesmith.tokens.encode import EncodedExample, encode_rows

ROWS_AT_ONCE = 512
_SHOWN = 200
_NO_TRAINED_TOKEN = "no trained token"

EncodedRow = tuple[str, EncodedExample]


@dataclass(slots=True)
class EncodeCount:
    """What was encoded, the examples that left no row, and rows that carry a marker already.

    `lengths` counts rows by their tokens; there are no more lengths than `max_tokens`.
    `in_part` examples keep the rows of some turns only, `in_pieces` texts became several rows;
    `longest_prompt` is that of a test row,
    in tokens; `takers` are the templates that would take the rows which this one refuses.
    """

    rows: int = 0
    lost: int = 0
    in_part: int = 0
    in_pieces: int = 0
    tokens: int = 0
    trained_tokens: int = 0
    longest_prompt: int = 0
    wrapped: Counter[str] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)
    takers: Counter[str] = field(default_factory=Counter)

    def add(self, other: "EncodeCount") -> None:
        """Count what another has counted."""
        self.rows += other.rows
        self.lost += other.lost
        self.in_part += other.in_part
        self.in_pieces += other.in_pieces
        self.tokens += other.tokens
        self.trained_tokens += other.trained_tokens
        self.longest_prompt = max(self.longest_prompt, other.longest_prompt)
        self.wrapped += other.wrapped
        self.lengths += other.lengths
        self.takers += other.takers

    def take(self, row: EncodedExample, *, is_first: bool = True) -> None:
        """Count a row; of a preference, which has two, it is the first that counts."""
        self.rows += is_first
        self.tokens += len(row.ids)
        self.lengths[len(row.ids)] += 1
        self.trained_tokens += int(np.count_nonzero(row.is_trained[1:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleEncoder:
    """Renders and encodes examples in chunks, and keeps to the length that a recipe sets.

    Attributes:
        how: Template and tokenizer.
        max_tokens: Of a row.
        num_known: Tokens that the model knows; None if it does not say.
        when_too_long: drop, cut-context or error.
        drop: Told of every example that is left out, once.
        count: Grows as rows pass.
        is_tested: The examples are answered and scored later, so each is here whole or not.
        is_paired: Each is a preference: two rows, its chosen answer's and its rejected one's.
        context: Tokens that the model reads, prompt and answer; None is no limit.
        others: Templates that are asked about what this one refuses, by name.
    """

    how: HowToRender
    max_tokens: int
    num_known: int | None = None
    when_too_long: str
    drop: Callable[[Dropped], None]
    count: EncodeCount
    is_tested: bool = False
    is_paired: bool = False
    context: int | None = None
    others: Mapping[str, Template] = field(default_factory=dict)

    def encode(self, examples: Iterator[Example]) -> Iterator[list[EncodedRow]]:
        """Encode examples in order: the rows of each, none where it is left out.

        A template that rewrites history gives a row a turn; where some of them do not fit, the
        others are trained on, but nothing is scored in part.

        Raises:
            DataError: A row is too long and the recipe says `error`.
            RefusedError: A row has a token that the model does not know.
        """
        while chunk := list(islice(examples, ROWS_AT_ONCE)):
            yield from self._encode_chunk(chunk)

    def _encode_chunk(self, examples: Sequence[Example]) -> Iterator[list[EncodedRow]]:
        rendered = [self._rendered(example) for example in examples]
        texts = [text for one in rendered if not isinstance(one, RowError) for text in one]
        encoded = iter(self._encode_rendered(texts))
        for example, one in zip(examples, rendered, strict=True):
            if isinstance(one, RowError):
                yield self._told(example, [], one)
            else:
                yield self._told(example, *self._fitting(example, islice(encoded, len(one))))

    def _fitting(
        self, example: Example, encoded: Iterable[EncodedExample | RowError]
    ) -> tuple[list[EncodedExample], RowError | None]:
        """The rows of an example that can be kept, and why the first of the others cannot."""
        rows: list[EncodedExample] = []
        fault: RowError | None = None
        made = list(encoded)
        for row, limit in zip(made, self._limits(made), strict=True):
            fitting = row if isinstance(row, RowError) else self._fit(example, row, limit)
            if isinstance(fitting, RowError):
                fault = fault or fitting
                continue
            self.count.in_pieces += len(fitting) > 1
            for one in fitting:
                refuse_beyond(one.ids, self.how.tokenizer, num_known=self.num_known)
            rows += fitting
        if self.is_tested and fault is None:
            fault = self._unanswerable(example)
        return ([] if self.is_paired and fault is not None else rows), fault

    def _limits(self, made: Sequence[EncodedExample | RowError]) -> list[int]:
        """Tokens that each row of an example may have."""
        rows = [row for row in made if not isinstance(row, RowError)]
        if self.is_paired and len(rows) == len(made):
            return room_for_both(rows, self.max_tokens)
        return [self.max_tokens] * len(made)

    def _told(
        self, example: Example, rows: Sequence[EncodedExample], fault: RowError | None
    ) -> list[EncodedRow]:
        """Count the rows of an example, or drop it."""
        if fault is not None and (self.is_tested or not rows):
            self.count.lost += 1
            self.drop(_dropped(example, fault))
            return []
        self.count.in_part += fault is not None
        for place, row in enumerate(rows):
            self.count.take(row, is_first=not (self.is_paired and place))
        example_id = example.id
        return [(example_id, row) for row in rows]

    def _unanswerable(self, example: Example) -> RowError | None:
        try:
            num_tokens = prompt_tokens(example, self.how, context=self.context)
        except RowError as fault:
            return fault
        self.count.longest_prompt = max(self.count.longest_prompt, num_tokens)
        return None

    def _encode_rendered(self, texts: Sequence[Rendering]) -> list[EncodedExample | RowError]:
        """All rows at once; one by one only where a row of the chunk cannot be trained."""
        try:
            return list(encode_rows(texts, self.how.tokenizer))
        except DataError:
            return [self._encode_row(text) for text in texts]

    def _encode_row(self, text: Rendering) -> EncodedExample | RowError:
        try:
            return encode_rows([text], self.how.tokenizer)[0]
        except DataError as error:
            return RowError(_NO_TRAINED_TOKEN, str(error))

    def _rendered(self, example: Example) -> Sequence[Rendering] | RowError:
        try:
            renderings: Sequence[Rendering] = (
                pair_renderings(example, self.how.template)
                if self.is_paired
                else self.how.template.render(example.messages)
            )
        except DataError as error:
            self.count.takers.update(
                name for name, other in self.others.items() if not misfit(other, example)
            )
            return RowError(MISFIT, str(error))
        marker = wrapped_marker(self.how.template, example.messages)
        if marker is not None:
            self.count.wrapped[marker] += 1
        return renderings

    def _fit(
        self, example: Example, row: EncodedExample, limit: int
    ) -> list[EncodedExample] | RowError:
        length = len(row.ids)
        if length <= limit:
            return [row]
        longest = length - limit + self.max_tokens  # of a preference, perhaps the other answer's
        detail = f"{longest:,} tokens, training.max_tokens is {self.max_tokens:,}"
        if self.when_too_long == "error":
            raise DataError(
                f"too long: {detail}",
                where=example.source,
                cure="Raise training.max_tokens, or set training.when_too_long to drop.",
            )
        has_begin = row.ids[0] == self.how.tokenizer.hf.bos_token_id
        if self.how.template.name == "plain" and limit > has_begin + 1:
            return cut_pieces(row, limit, keep=int(has_begin))
        if self.when_too_long == "drop":
            return RowError(TOO_LONG, detail)
        if self.is_tested and self.context is not None and length > self.context:
            detail = f"{length:,} tokens, the model reads {self.context:,}; no question is cut"
            return RowError(TOO_LONG, detail)
        cut = cut_context(row, limit, keep=int(has_begin))
        return RowError(TOO_LONG, detail) if cut is None else [cut]


def cut_pieces(row: EncodedExample, limit: int, *, keep: int) -> list[EncodedExample]:
    """Cut a row into pieces, each behind its `keep` begin tokens; every token is trained once.

    A piece begins with the last token of the one before, which it reads and does not train on:
    the first token of a row is never a target.
    """
    pieces = [EncodedExample(ids=row.ids[:limit], is_trained=row.is_trained[:limit])]
    size = limit - keep - 1
    for start in range(limit, len(row.ids), size):
        places = np.r_[0:keep, start - 1 : min(start + size, len(row.ids))]
        is_trained = row.is_trained[places]
        is_trained[: keep + 1] = False
        if is_trained.any():
            pieces.append(EncodedExample(ids=row.ids[places], is_trained=is_trained))
    return pieces


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


def _dropped(example: Example, fault: RowError) -> Dropped:
    text = last_user_text(example.messages) or example.reference
    dropped = Dropped.of(fault, source=example.source)
    return replace(dropped, text=text[:_SHOWN])  # with a line break at its end
