"""Held-out rows and a model -> loss and next-token accuracy, row by row or summed.

Memory does not grow with the number of rows: what is kept of a row is three numbers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from tunesmith.errors import TunesmithError
from tunesmith.models.forward import LanguageModel
from tunesmith.tokens.collate import Batch
from tunesmith.training.feed import Feed, ReferencePairs, prefetched
from tunesmith.training.loss import target_predictions
from tunesmith.training.resources.out_of_memory import OutOfMemory, naming_memory_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLoss:
    """How well a model predicts one row.

    Attributes:
        row: Index in the store.
        nats: Cross-entropy summed over the row's targets.
        num_targets: Tokens that count.
        num_correct: Of these, how many were the model's first choice.
        answers: The nats of each encoded row: of a preference, the chosen and the rejected one.
    """

    row: int
    nats: float
    num_targets: int
    num_correct: int
    answers: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """Loss in nats per token, accuracy 0 to 100, over all trained tokens of a split.

    Of preferences, both are per pair: accuracy is the share in which the chosen answer has gained
    more than the rejected one, `margin` by how much more, times beta, on average.
    """

    loss: float
    accuracy: float
    num_targets: int
    margin: float | None = None


def row_losses(
    model: LanguageModel, feed: Feed, *, precision: str, chosen: Sequence[int] | None = None
) -> Iterator[RowLoss]:
    """Measure this rank's share of the chosen rows, or of all, in the store's order.

    A batch that does not fit into memory is measured in halves; the numbers are the same.

    Raises:
        TunesmithError: One row alone does not fit.
    """
    rows = feed.ranks.share_of(range(len(feed.store)) if chosen is None else chosen)
    size = feed.micro_batch
    pieces = (feed.batches_of(rows[i : i + size]) for i in range(0, len(rows), size))
    was_training = model.network.training
    model.network.eval()
    try:
        for groups, batches in prefetched(pieces):
            for group, batch in zip(groups, batches, strict=True):
                yield from _measure_or_split(model, feed, batch, rows=group, precision=precision)
    finally:
        model.network.train(was_training)


def _measure_or_split(
    model: LanguageModel, feed: Feed, batch: Batch, *, rows: list[int], precision: str
) -> Iterator[RowLoss]:
    try:
        yield from list(_measure(model, batch, rows, feed.store.width, precision))
    except OutOfMemory as error:
        if len(rows) == 1:
            raise TunesmithError(
                "one example alone does not fit into memory",
                where=feed.store.example_id(rows[0]),
                cure="Lower training.max_tokens, or use a smaller model.",
            ) from error
        half = len(rows) // 2
        for part in (rows[:half], rows[half:]):
            groups, batches = feed.batches_of(part)
            for group, smaller in zip(groups, batches, strict=True):
                yield from _measure_or_split(model, feed, smaller, rows=group, precision=precision)


def validate(
    model: LanguageModel, feed: Feed, *, precision: str, chosen: Sequence[int] | None = None
) -> Validation:
    """Loss and accuracy over the chosen rows, or all, and all ranks, from sums over tokens."""
    if feed.pairs is not None:
        return _validate_pairs(model, feed, feed.pairs, precision=precision)
    nats, num_correct, num_targets = 0.0, 0, 0
    for measured in row_losses(model, feed, precision=precision, chosen=chosen):
        nats += measured.nats
        num_correct += measured.num_correct
        num_targets += measured.num_targets
    counted = torch.tensor([nats, num_correct, num_targets], dtype=torch.float64)
    sums = feed.ranks.sum_vector(counted.to(feed.device)).tolist()
    return Validation(
        loss=sums[0] / sums[2], accuracy=100.0 * sums[1] / sums[2], num_targets=round(sums[2])
    )


def _validate_pairs(
    model: LanguageModel, feed: Feed, pairs: ReferencePairs, *, precision: str
) -> Validation:
    sums = torch.zeros(5, dtype=torch.float64)  # pairs, loss, right, margin, targets
    for measured in row_losses(model, feed, precision=precision):
        chosen, rejected = -np.array(measured.answers) - pairs.log_probabilities[measured.row]
        margin = pairs.beta * float(chosen - rejected)
        loss = float(np.logaddexp(0.0, -margin))
        sums += torch.tensor(
            [1.0, loss, margin > 0, margin, measured.num_targets], dtype=sums.dtype
        )
    number, loss, right, margin, num_targets = feed.ranks.sum_vector(sums.to(feed.device)).tolist()
    return Validation(
        loss=loss / number,
        accuracy=100.0 * right / number,
        num_targets=round(num_targets),
        margin=margin / number,
    )


def _measure(
    model: LanguageModel, batch: Batch, rows: list[int], width: int, precision: str
) -> Iterator[RowLoss]:
    with naming_memory_errors():
        found = target_predictions(model, batch, precision=precision)
    nats, correct = found.nats.double(), found.is_correct
    zeros = torch.zeros(len(rows) * width, dtype=torch.float64, device=nats.device)
    nats_of = zeros.index_add(0, batch.target_examples, nats).tolist()
    correct_of = zeros.index_add(0, batch.target_examples, correct.double()).tolist()
    count_of = torch.bincount(batch.target_examples, minlength=len(zeros)).tolist()
    for index, row in enumerate(rows):
        answers = slice(index * width, (index + 1) * width)
        yield RowLoss(
            row=row,
            nats=sum(nats_of[answers]),
            num_targets=sum(count_of[answers]),
            num_correct=round(sum(correct_of[answers])),
            answers=tuple(nats_of[answers]),
        )
