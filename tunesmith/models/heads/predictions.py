"""Last hidden states and targets -> how well each is predicted, without holding the logits."""

from dataclasses import dataclass

import torch

from tunesmith.models.heads.head import Head, Targets, is_within, tiles
from tunesmith.models.heads.online_softmax import OnlineArgmax, OnlineLogSumExp


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """How well each target is predicted: nats (N,) and whether it is the likeliest token (N,)."""

    nats: torch.Tensor
    is_correct: torch.Tensor


@torch.no_grad()
def predictions(
    head: Head, hidden: torch.Tensor, targets: Targets, *, dtype: torch.dtype
) -> Predictions:
    """Nats and correctness of each target, without holding the logits."""
    hidden = hidden.to(dtype)
    totals, likeliest = OnlineLogSumExp(hidden), OnlineArgmax(hidden)
    chosen = totals.values.new_empty(len(targets.ids))
    for columns in tiles(head, hidden):
        weight = head.module.weight[columns].to(dtype)
        logits = head.logits(hidden, weight, columns).to(chosen.dtype)
        likeliest.add(logits, columns)
        is_here = is_within(targets.ids, columns)
        at = targets.places[is_here], targets.ids[is_here] - columns.start
        chosen[is_here] = logits[at]
        totals.add(logits)
    return Predictions(
        nats=totals.values[targets.places] - chosen,
        is_correct=likeliest.ids[targets.places] == targets.ids,
    )
