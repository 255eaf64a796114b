"""A batch -> its share of the step's loss, or how well each of its targets is predicted.

Of preferences, the loss is that of direct preference optimisation (DPO, arXiv 2305.18290), the
sigmoid form that TRL's DPOTrainer has by default. P pairs, N targets.
"""

import contextlib

import torch
from torch.nn import functional

from tunesmith.models.forward import LanguageModel, trained_logits, trained_states
from tunesmith.models.heads.head import Targets
from tunesmith.models.heads.predictions import Predictions, predictions
from tunesmith.models.heads.target_nats import target_nats
from tunesmith.models.heads.tiled_loss import shared_loss
from tunesmith.tokens.collate import Batch, PairTerms

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

    Of preferences: -log sigmoid of each pair's margin, divided by the pairs of the whole step.

    Returns:
        A scalar, fp32 (fp64 for an fp64 model, or for pairs), that gradients flow from.
    """
    if batch.pairs is not None:
        margins = _margins(_nats(model, batch, precision=precision), batch, batch.pairs)
        return -functional.logsigmoid(margins).sum() / num_targets
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


def _nats(model: LanguageModel, batch: Batch, *, precision: str) -> torch.Tensor:
    """Nats of each target, (N,), which gradients flow through."""
    head = model.tiled_head
    with precision_context(batch.ids.device, precision):
        if head is not None:
            states = trained_states(model, batch)
            dtype = _product_dtype(model, precision)
            return target_nats(head, states, _targets(batch), dtype=dtype)
        logits = _wide(trained_logits(model, batch))
    return functional.cross_entropy(logits, batch.targets, reduction="none")


def _margins(nats: torch.Tensor, batch: Batch, pairs: PairTerms) -> torch.Tensor:
    """How much surer of the chosen answer the model has become than of the rejected one, (P,).

    An answer's log-probability is the sum over its trained tokens, in a fixed order.
    """
    counts = torch.bincount(batch.target_examples, minlength=len(pairs.reference)).tolist()
    parts = nats.to(pairs.reference.dtype).split(counts)
    gained = -torch.stack([part.sum() for part in parts]) - pairs.reference
    return pairs.beta * (gained[0::2] - gained[1::2])


def _targets(batch: Batch) -> Targets:
    return Targets(ids=batch.targets, places=batch.target_places)


def _product_dtype(model: LanguageModel, precision: str) -> torch.dtype:
    return torch.bfloat16 if precision == "bf16" else next(model.network.parameters()).dtype


def _wide(logits: torch.Tensor) -> torch.Tensor:
    return logits.float() if logits.dtype in _NARROW else logits
