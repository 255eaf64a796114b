"""General texts, base and tuned -> how well each predicts them, and how far the two are apart.

P positions with a next token, V vocabulary. KL(tuned || base) is what tuned expects at a position
against what base expects there, in nats: 0 for equal models, whatever the text goes on with. Base
reads first; its log-probabilities are kept until tuned has read the same, so that only one model
is in memory. Where the vocabulary is large they are kept for the first texts only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch.nn import functional

from tunesmith.evaluation.probes.forgetting import TextShift
from tunesmith.evaluation.probes.items import GeneralText
from tunesmith.models.forward import LanguageModel, trained_logits
from tunesmith.templates.template import Segment
from tunesmith.templates.text_template import begin_text
from tunesmith.tokens.collate import collate
from tunesmith.tokens.encode import EncodedExample, encode_rows
from tunesmith.tokens.tokenizer import Tokenizer

_KEPT_BYTES = 256 * 2**20


@dataclass(slots=True, kw_only=True)
class BaseReading:
    """What base expects of each text: nats, and log-probabilities while there is room."""

    nats: list[float] = field(default_factory=list)
    expected: list[torch.Tensor] = field(default_factory=list)  # (P, V) fp32, of the first texts


def encode_texts(texts: Sequence[GeneralText], tokenizer: Tokenizer) -> list[EncodedExample]:
    """A row a text; all of it counts."""
    return encode_rows(
        [
            tuple(
                Segment(text=text, is_content=is_content, is_trained=is_content)
                for text, is_content in (
                    (begin_text(tokenizer.texts, one.text), False),
                    (one.text, True),
                )
                if text
            )
            for one in texts
        ],
        tokenizer,
    )


def tokens_per_character(texts: Sequence[GeneralText], rows: Sequence[EncodedExample]) -> float:
    """How finely a tokenizer cuts these texts; above 1 where it knows no words of a language."""
    return sum(int(row.is_trained.sum()) for row in rows) / sum(len(one.text) for one in texts)


def read_as_base(model: LanguageModel, rows: Sequence[EncodedExample]) -> BaseReading:
    """Let base read the texts."""
    reading, room = BaseReading(), _KEPT_BYTES
    for row in rows:
        expected, targets = _expected(model, row)
        reading.nats.append(_nats_of(expected, targets))
        room -= expected.nbytes
        if room >= 0:
            reading.expected.append(expected.cpu())
    return reading


def read_as_tuned(
    model: LanguageModel,
    texts: Sequence[GeneralText],
    rows: Sequence[EncodedExample],
    base: BaseReading,
) -> list[TextShift]:
    """Let tuned read what base has read, and compare."""
    found = []
    for place, (text, row) in enumerate(zip(texts, rows, strict=True)):
        expected, targets = _expected(model, row)
        divergence = None
        if place < len(base.expected):
            other = base.expected[place].to(expected.device)
            divergence = float((expected.exp() * (expected - other)).sum(dtype=torch.float64))
        found.append(
            TextShift(
                text_id=text.text_id,
                num_tokens=len(targets),
                base=base.nats[place],
                tuned=_nats_of(expected, targets),
                divergence=divergence,
            )
        )
    return found


@torch.no_grad()
def _expected(model: LanguageModel, row: EncodedExample) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probabilities of the next token at each position, (P, V) fp32, and what it is, (P,)."""
    batch = collate([row]).to(model.device)
    was_training = model.network.training
    model.network.eval()
    try:
        logits = trained_logits(model, batch)
    finally:
        model.network.train(was_training)
    return functional.log_softmax(logits.float(), dim=-1), batch.targets


def _nats_of(expected: torch.Tensor, targets: torch.Tensor) -> float:
    return -float(expected.gather(1, targets[:, None]).sum(dtype=torch.float64))
