"""A tokenizer, a model's limits and a budget of tokens -> the probes that are asked, encoded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from tunesmith.evaluation.probes.items import (
    PROBE_LANGUAGES,
    GeneralText,
    Probe,
    ProbeLanguage,
    general_texts,
    probes,
)
from tunesmith.evaluation.probes.likelihood import encode_probes, num_read
from tunesmith.evaluation.probes.text_shift import encode_texts, tokens_per_character
from tunesmith.tokens.encode import EncodedExample
from tunesmith.tokens.tokenizer import Tokenizer

MOST_TOKENS_PER_CHARACTER = 1.5  # beyond, a tokenizer spells a language in bytes
_PORTIONS = (1, 2, 4)  # all probes, every second, every fourth; below, differences drown


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingLimits:
    """What a model can read: tokens of a text (None is any), and ids below `num_known`."""

    context: int | None
    num_known: int | None

    def hold(self, row: EncodedExample) -> bool:
        """Whether the model can read a row."""
        is_short = self.context is None or len(row.ids) <= self.context
        return is_short and (self.num_known is None or int(np.max(row.ids)) < self.num_known)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSet:
    """Probes and general texts, encoded.

    Attributes:
        languages: That the tokenizer has words for.
        spelled: Those it has none for, with its tokens a character; they are left out.
        every: 1 where all probes are asked, 2 where every second is; None: the texts alone.
        asked: The probes.
        rows: A row a choice, in their order.
        texts: The general texts.
        text_rows: A row a text.
        num_unread: Probes and texts that the model cannot read, which are not among them.
        num_tokens: That one model reads for all of it.
    """

    languages: tuple[ProbeLanguage, ...]
    spelled: dict[ProbeLanguage, float]
    every: int | None
    asked: tuple[Probe, ...]
    rows: tuple[EncodedExample, ...]
    texts: tuple[GeneralText, ...]
    text_rows: tuple[EncodedExample, ...]
    num_unread: int
    num_tokens: int


def choose_probes(tokenizer: Tokenizer, limits: ReadingLimits, *, budget: float | None) -> ProbeSet:
    """All probes and texts, or as large a part as a budget allows; the texts where none does.

    Args:
        tokenizer: Of both models.
        limits: Of the base model.
        budget: Tokens that one model may read; None is any number.
    """
    found = _texts_alone(tokenizer, limits)
    room = inf if budget is None else budget - found.num_tokens
    if room <= 0:
        return found
    whole = _with_probes(found, tokenizer, limits, every=1)
    for every in _PORTIONS:
        if (whole.num_tokens - found.num_tokens) / every <= room:
            return whole if every == 1 else _with_probes(found, tokenizer, limits, every=every)
    return found


def _texts_alone(tokenizer: Tokenizer, limits: ReadingLimits) -> ProbeSet:
    rows = {name: encode_texts(general_texts(name), tokenizer) for name in PROBE_LANGUAGES}
    fineness = {name: tokens_per_character(general_texts(name), rows[name]) for name in rows}
    languages = [name for name in rows if fineness[name] <= MOST_TOKENS_PER_CHARACTER]
    all_read = [
        pair for name in languages for pair in zip(general_texts(name), rows[name], strict=True)
    ]
    read = [(text, row) for text, row in all_read if limits.hold(row)]
    return ProbeSet(
        languages=tuple(languages),
        spelled={name: tokens for name, tokens in fineness.items() if name not in languages},
        every=None,
        asked=(),
        rows=(),
        texts=tuple(text for text, _ in read),
        text_rows=tuple(row for _, row in read),
        num_unread=len(all_read) - len(read),
        num_tokens=sum(len(row.ids) for _, row in read),
    )


def _with_probes(
    texts: ProbeSet, tokenizer: Tokenizer, limits: ReadingLimits, *, every: int
) -> ProbeSet:
    all_asked = [one for language in texts.languages for one in probes(language, every=every)]
    asked, rows = _readable_probes(all_asked, tokenizer, limits)
    return replace(
        texts,
        every=every,
        asked=tuple(asked),
        rows=tuple(rows),
        num_unread=texts.num_unread + len(all_asked) - len(asked),
        num_tokens=texts.num_tokens + num_read(rows),
    )


def _readable_probes(
    asked: Sequence[Probe], tokenizer: Tokenizer, limits: ReadingLimits
) -> tuple[list[Probe], list[EncodedExample]]:
    """The probes of which the model can read every choice, and their rows."""
    waiting = iter(encode_probes(asked, tokenizer))
    kept: list[Probe] = []
    rows: list[EncodedExample] = []
    for one in asked:
        own = [next(waiting) for _ in one.choices]
        if all(map(limits.hold, own)):
            kept.append(one)
            rows += own
    return kept, rows
