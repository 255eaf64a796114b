"""Micro-batches -> one update of the weights, as if they were one batch.

The loss is a sum over tokens divided by the tokens of the whole step. The mean of
micro-batch means would weigh a token of a short answer above one of a long answer, and
would change with the micro-batch size.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from tunesmith.errors import TunesmithError
from tunesmith.models.forward import LanguageModel
from tunesmith.tokens.collate import Batch
from tunesmith.training.distributed import Ranks
from tunesmith.training.loss import batch_loss
from tunesmith.training.optimizer import Optimizer
from tunesmith.training.resources.out_of_memory import OutOfMemory, naming_memory_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What one update of the weights did.

    Attributes:
        loss: Nats per trained token, or per pair, before the update.
        grad_norm: L2 norm of the whole gradient, before clipping.
        num_targets: What it was divided by: trained tokens of the step, on all ranks, or pairs.
    """

    loss: float
    grad_norm: float
    num_targets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRules:
    """What is the same for every step of a training.

    Attributes:
        precision: fp32, or bf16 autocast.
        max_grad_norm: Gradients longer than this are shortened to it; None leaves them.
        ranks: The processes that share a step.
    """

    precision: str
    max_grad_norm: float | None
    ranks: Ranks


def accumulate_gradients(
    model: LanguageModel, batches: Iterable[Batch], *, num_targets: int, precision: str
) -> torch.Tensor:
    """Add the gradients of this rank's micro-batches; returns their share of the loss, a scalar.

    Args:
        model: Its gradients are added to.
        batches: This rank's micro-batches.
        num_targets: Trained tokens of the whole step, on all ranks, or its pairs: what every
            sum is divided by.
        precision: fp32 or bf16.
    """
    total = torch.zeros((), device=model.device)
    with naming_memory_errors():
        for batch in batches:
            loss = batch_loss(model, batch, num_targets=num_targets, precision=precision)
            loss.backward()
            total += loss.detach()
    return total


def train_step(
    model: LanguageModel,
    batches: Sequence[Batch],
    *,
    optimizer: Optimizer,
    num_targets: int,
    rules: StepRules,
) -> StepResult:
    """Update the weights once, as if the micro-batches of all ranks were one batch.

    A loss or gradient that is not finite leaves the weights as they were; the caller sees
    it in the result, the same on every rank.
    """
    optimizer.zero_grad()
    total = accumulate_gradients(model, batches, num_targets=num_targets, precision=rules.precision)
    parameters = optimizer.parameters
    rules.ranks.sum_gradients(parameters)
    loss = float(rules.ranks.sum_vector(total))
    norm = torch.nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])
    grad_norm = float(norm)
    if math.isfinite(loss) and math.isfinite(grad_norm):
        limit = rules.max_grad_norm
        too_long_by = norm / limit if limit is not None and grad_norm > limit else None
        _update_weights(optimizer, too_long_by)
    return StepResult(loss=loss, grad_norm=grad_norm, num_targets=num_targets)


def _update_weights(optimizer: Optimizer, divisor: torch.Tensor | None) -> None:
    """The first update allocates two moments a weight; no smaller batch would make them fit."""
    try:
        with naming_memory_errors():
            optimizer.step(divisor)
    except OutOfMemory as error:
        raise TunesmithError(
            "the optimiser's moments do not fit into memory",
            cure="Use method: lora, or a smaller model.",
        ) from error
