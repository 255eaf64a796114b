"""Probes and a model -> which are answered rightly, by how likely the choices are.

As the accuracy `acc_bytes` of lm-evaluation-harness: of a choice the nats are divided by its
bytes in UTF-8, since a longer choice is less likely for its length alone. Choices that are
equally likely share the point, so a model that knows nothing earns what guessing would.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from tunesmith.evaluation.probes.items import Probe
from tunesmith.models.forward import LanguageModel
from tunesmith.templates.template import Rendering, Segment
from tunesmith.templates.text_template import begin_text
from tunesmith.tokens.collate import collate
from tunesmith.tokens.encode import EncodedExample, encode_rows
from tunesmith.tokens.store import TokenStore, write_store
from tunesmith.tokens.tokenizer import Tokenizer
from tunesmith.training.distributed import Ranks
from tunesmith.training.feed import Feed
from tunesmith.training.validate import row_losses

ROWS_AT_ONCE = 45  # those of three passages
_USUAL_SAVING = 16
_EQUAL = 1e-9


def encode_probes(asked: Sequence[Probe], tokenizer: Tokenizer) -> list[EncodedExample]:
    """A row a choice, behind the beginning; only the choice counts."""
    rows = [_rendering(one.beginning, choice, tokenizer) for one in asked for choice in one.choices]
    return encode_rows(rows, tokenizer)


def num_read(rows: Sequence[EncodedExample]) -> int:
    """Tokens that a model reads for these rows, beginnings in common once."""
    groups = (rows[i : i + ROWS_AT_ONCE] for i in range(0, len(rows), ROWS_AT_ONCE))
    return sum(len(collate(group, smallest_saving=_USUAL_SAVING).ids) for group in groups)


def grade_probes(
    model: LanguageModel,
    asked: Sequence[Probe],
    rows: Sequence[EncodedExample],
    *,
    on_row: Callable[[], None] = lambda: None,
) -> list[float]:
    """The points of each probe, 0 to 100.

    Args:
        model: Who is asked.
        asked: The probes.
        rows: What `encode_probes` made of them.
        on_row: Told of every row that is done.
    """
    nats = _nats(model, rows, on_row)
    points = []
    for one in asked:
        costs = [next(nats) / len(choice.encode()) for choice in one.choices]
        best = [place for place, cost in enumerate(costs) if cost <= min(costs) + _EQUAL]
        points.append(100.0 / len(best) if 0 in best else 0.0)
    return points


def chance(asked: Sequence[Probe]) -> float:
    """What guessing earns, 0 to 100."""
    return sum(100.0 / len(one.choices) for one in asked) / len(asked)


def _rendering(beginning: str, choice: str, tokenizer: Tokenizer) -> Rendering:
    begin = begin_text(tokenizer.texts, beginning)
    parts = (
        Segment(text=begin, is_content=False, is_trained=False),
        Segment(text=beginning, is_content=True, is_trained=False),
        Segment(text=choice, is_content=True, is_trained=True),
    )
    return tuple(part for part in parts if part.text)


def _nats(
    model: LanguageModel, rows: Sequence[EncodedExample], on_row: Callable[[], None]
) -> Iterator[float]:
    with TemporaryDirectory(prefix="tunesmith-") as folder:
        path = Path(folder) / "probes.arrow"
        write_store(path, ((str(i), row) for i, row in enumerate(rows)), key="probes")
        feed = Feed(
            store=TokenStore(path, key="probes"),
            rows_of_step=lambda _: [],
            micro_batch=ROWS_AT_ONCE,
            shared_row_limit=model.shared_row_limit,
            device=torch.device(model.device),
            ranks=Ranks(),
            smallest_saving=model.smallest_saving,
        )
        for row in row_losses(model, feed, precision="fp32"):
            on_row()
            yield row.nats
