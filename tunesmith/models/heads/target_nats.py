"""Last hidden states and targets -> nats of each target, which gradients flow through.

M places, H hidden, V vocabulary, N targets; a place may have several targets. For losses that
know what a target counts only when they have seen all of them: the logits are computed again for
the backward pass, a tile of the vocabulary at a time, and never held whole.
"""

from typing import Any

import torch

from tunesmith.models.heads.head import Head, Targets, is_within, tiles
from tunesmith.models.heads.online_softmax import OnlineLogSumExp
from tunesmith.models.heads.tiled_loss import sums_of_rows


def target_nats(
    head: Head, hidden: torch.Tensor, targets: Targets, *, dtype: torch.dtype
) -> torch.Tensor:
    """Nats of each target, (N,), at least fp32.

    Args:
        head: The output layer.
        hidden: (M, H).
        targets: N of them.
        dtype: Of the matrix products; sums and exponentials are at least fp32.
    """
    nats: torch.Tensor = _TargetNats.apply(  # type: ignore[no-untyped-call]
        hidden, head.module.weight, head.module.bias, (head, targets, dtype)
    )
    return nats


class _TargetNats(torch.autograd.Function):
    """Log-sum-exp less the target's logit; the backward pass computes each tile again."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        job: tuple[Head, Targets, torch.dtype],
    ) -> torch.Tensor:
        head, targets, dtype = job
        with torch.autocast(hidden.device.type, enabled=False):
            narrow = hidden.to(dtype)
            totals = OnlineLogSumExp(narrow)
            chosen = totals.values.new_empty(len(targets.ids))
            for columns in tiles(head, narrow):
                logits = head.logits(narrow, weight[columns].to(dtype), columns)
                is_here = is_within(targets.ids, columns)
                at = targets.places[is_here], targets.ids[is_here] - columns.start
                chosen[is_here] = logits[at].to(chosen.dtype)
                totals.add(logits)
        ctx.save_for_backward(hidden, weight, bias, totals.values)
        ctx.job = job
        return totals.values[targets.places] - chosen

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        hidden, weight, bias, totals = ctx.saved_tensors
        head, targets, dtype = ctx.job
        with torch.autocast(hidden.device.type, enabled=False):
            narrow = hidden.to(dtype)
            slopes = _Slopes(head, targets, totals, gradients[0].to(totals.dtype))
            of_hidden = torch.zeros_like(narrow, dtype=totals.dtype)
            of_weight = torch.empty_like(weight) if ctx.needs_input_grad[1] else None
            of_bias = (
                torch.empty_like(bias) if bias is not None and ctx.needs_input_grad[2] else None
            )
            for columns in tiles(head, narrow):
                rows = weight[columns].to(dtype)
                wide = slopes.of_tile(head.logits(narrow, rows, columns), columns)
                some = wide.to(dtype)
                of_hidden += some @ rows
                if of_weight is not None:
                    of_weight[columns] = some.T @ narrow
                if of_bias is not None:
                    of_bias[columns] = wide.sum(dim=0)
        return of_hidden.to(hidden.dtype), of_weight, of_bias, None


class _Slopes:
    """How the sum of weighted nats grows with each logit; equal targets of a place are joined."""

    def __init__(
        self, head: Head, targets: Targets, totals: torch.Tensor, weights: torch.Tensor
    ) -> None:
        self._head, self._totals = head, totals[:, None]
        num_places = len(totals)
        joined, inverse = (targets.ids * num_places + targets.places).unique(return_inverse=True)
        self._ids, self._places = joined // num_places, joined % num_places
        self._pulls = _ordered_sums(weights, inverse, len(joined))
        self._of_place = _ordered_sums(weights, targets.places, num_places)[:, None]

    def of_tile(self, logits: torch.Tensor, columns: slice) -> torch.Tensor:
        """(M, tile): each place's probabilities less its targets, by what those count."""
        logits = logits.to(self._totals.dtype)
        slopes = self._head.slopes(logits, logits.dtype)
        found = (logits - self._totals).exp_() * self._of_place
        is_here = is_within(self._ids, columns)
        found[self._places[is_here], self._ids[is_here] - columns.start] -= self._pulls[is_here]
        return found * slopes if isinstance(slopes, torch.Tensor) or slopes != 1.0 else found


def _ordered_sums(values: torch.Tensor, keys: torch.Tensor, num_keys: int) -> torch.Tensor:
    """Sums of the values of each key, in a fixed order on every device; (num_keys,)."""
    order = keys.argsort(stable=True)
    counts = torch.bincount(keys, minlength=num_keys)
    ones = torch.ones_like(values)[:, None]
    return sums_of_rows(ones, values[order], counts.cumsum(0) - counts)[:, 0]
