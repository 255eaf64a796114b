"""A batch -> its share of the step's loss, or how well each of its targets is predicted."""

import contextlib

import torch
from torch.nn import functional

from tunesmith.models.forward import LanguageModel, trained_logits, trained_states
from tunesmith.models.heads.head import Targets
from tunesmith.models.heads.predictions import Predictions, predictions
from tunesmith.models.heads.tiled_loss import shared_loss
from tunesmith.tokens.collate import Batch

_NARROW = (torch.bfloat16, torch.float16)


def precision_context(
    device: torch.device, precision: str
) -> contextlib.AbstractContextManager[object]:
    """Mixed precision for a forward pass; the weights themselves stay fp32."""
    if precision == "bf16":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return contextlib.nullcontext()


def batch_loss(
    model: LanguageModel, batch: Batch, *, num_targets: int, precision: str
) -> torch.Tensor:
    """Cross-entropy summed over the batch, in nats, divided by the targets of the whole step.

    Returns:
        A scalar, fp32 (fp64 for an fp64 model), that gradients flow from.
    """
    head = model.tiled_head
    with precision_context(batch.ids.device, precision):
        if head is not None:
            states = trained_states(model, batch)
            return shared_loss(
                head,
                states,
                _targets(batch),
                share=1 / num_targets,
                dtype=_product_dtype(model, precision),
            )
        logits = _wide(trained_logits(model, batch))
    return functional.cross_entropy(logits, batch.targets, reduction="sum") / num_targets


@torch.no_grad()
def target_predictions(model: LanguageModel, batch: Batch, *, precision: str) -> Predictions:
    """Nats of each target, and whether it is the model's first choice; (N,) each."""
    head = model.tiled_head
    with precision_context(batch.ids.device, precision):
        if head is not None:
            states = trained_states(model, batch)
            dtype = _product_dtype(model, precision)
            return predictions(head, states, _targets(batch), dtype=dtype)
        logits = _wide(trained_logits(model, batch))
    nats = functional.cross_entropy(logits, batch.targets, reduction="none")
    return Predictions(nats=nats, is_correct=logits.argmax(dim=-1) == batch.targets)


def _targets(batch: Batch) -> Targets:
    return Targets(ids=batch.targets, places=batch.target_places)


def _product_dtype(model: LanguageModel, precision: str) -> torch.dtype:
    return torch.bfloat16 if precision == "bf16" else next(model.network.parameters()).dtype


def _wide(logits: torch.Tensor) -> torch.Tensor:
    return logits.float() if logits.dtype in _NARROW else logits
