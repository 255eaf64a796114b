"""Last hidden states and targets -> loss and gradients, a tile of the vocabulary at a time.

M places, H hidden, V vocabulary, N targets; a place may have several targets. The logits of
one tile pass through everything that is done with them while they are in the processor's
cache; the whole (M, V) is never held in fp32. Cross-entropy is a sum, so its gradient is
known as soon as the log-sum-exp is, and both come out of the forward pass (as in
arXiv 2410.10989, which tiles over places instead).
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch.nn import functional

from tunesmith.models.heads.head import Head, Targets, is_within, tiles
from tunesmith.models.heads.online_softmax import OnlineSoftmax, Tile, wide

_PLACES = 1024  # rows at once; bounds the powers that are kept until the log-sum-exp is known


def shared_loss(
    head: Head, hidden: torch.Tensor, targets: Targets, *, share: float, dtype: torch.dtype
) -> torch.Tensor:
    """`share` times the summed cross-entropy in nats; a scalar that gradients flow from.

    Args:
        head: The output layer.
        hidden: (M, H); every row has a target. There may be none.
        targets: N of them.
        share: What a target counts, e.g. one over the targets of the whole step.
        dtype: Of the matrix products; sums and exponentials are at least fp32.
    """
    job = _LossTerms(head=head, targets=targets, share=share, dtype=dtype)
    parameters = (head.module.weight, head.module.bias)
    if not len(hidden):  # nothing is predicted: 0, and zeros for whatever learns
        return torch.stack(
            [one[:0].sum() for one in (hidden, *parameters) if one is not None]
        ).sum()
    loss: torch.Tensor = _TiledLoss.apply(hidden, *parameters, job)  # type: ignore[no-untyped-call]
    return loss


class _LossTerms(NamedTuple):
    """What the loss is made of besides tensors that learn."""

    head: Head
    targets: Targets
    share: float
    dtype: torch.dtype


class _TiledLoss(torch.autograd.Function):
    """The loss; its gradients are made in the forward pass, while the logits are at hand."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        job: _LossTerms,
    ) -> torch.Tensor:
        with torch.autocast(hidden.device.type, enabled=False):
            gradients = _Gradients(weight, bias, ctx.needs_input_grad)
            narrow = hidden.to(job.dtype)
            total = torch.zeros((), dtype=wide(job.dtype), device=hidden.device)
            for start in range(0, len(hidden), _PLACES):
                rows = slice(start, start + _PLACES)
                some = job._replace(targets=_at_rows(job.targets, rows))
                total += _rows_nats(some, narrow[rows], gradients)
        of_hidden = torch.cat(gradients.of_hidden).to(hidden.dtype)
        ctx.save_for_backward(of_hidden, gradients.of_weight, gradients.of_bias)
        return total * job.share

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        found = ctx.saved_tensors
        scale = gradients[0]
        if scale != 1:  # rarely; a product would read them all again
            found = tuple(None if gradient is None else gradient * scale for gradient in found)
        return *found, None


class _TargetCounts:
    """Where the targets stand; equal ones of a place are joined and counted.

    Sums over them are made in a fixed order, which adding at repeated places has not.

    Attributes:
        ids: (targets,) the token of each, ascending.
        places: (targets,) where it is predicted.
        times: (targets,) how many targets it is.
        num_of_place: (M,) targets of each place.
        tokens: Which are hit, ascending.
        first_of_token: From which hit on each of them.
    """

    def __init__(self, targets: Targets, hidden: torch.Tensor) -> None:
        num_places, dtype = len(hidden), wide(hidden.dtype)
        joined, times = (targets.ids * num_places + targets.places).unique(return_counts=True)
        self.ids, self.places = joined // num_places, joined % num_places
        self.times = times.to(dtype)
        self.num_of_place = torch.bincount(targets.places, minlength=num_places).to(dtype)
        self.tokens, counts = self.ids.unique_consecutive(return_counts=True)
        self.first_of_token = counts.cumsum(0) - counts

    def by_tile(self, tiles: list[slice]) -> Iterator[tuple[slice, slice]]:
        """Tiles of the vocabulary, and which targets stand in each."""
        edges = torch.tensor([0, *(tile.stop for tile in tiles)], device=self.ids.device)
        bounds = pairwise(torch.searchsorted(self.ids, edges).tolist())
        return zip(tiles, (slice(first, last) for first, last in bounds), strict=True)

    def rows_of_places(
        self, weight: torch.Tensor, dtype: torch.dtype, pulls: torch.Tensor
    ) -> torch.Tensor:
        """Sums of the output rows, in the products' dtype, of each place's targets; (M, H)."""
        order = self.places.argsort(stable=True)
        counts = torch.bincount(self.places, minlength=len(self.num_of_place))
        rows = weight[self.ids[order]].to(dtype).to(pulls.dtype)
        return sums_of_rows(rows, pulls[order], counts.cumsum(0) - counts)


class _Gradients:
    """Gradients as they are collected: of some places at a time, of a tile of the vocabulary."""

    def __init__(
        self, weight: torch.Tensor, bias: torch.Tensor | None, is_wanted: tuple[bool, ...]
    ) -> None:
        self.of_hidden: list[torch.Tensor] = []
        self.of_weight = torch.empty_like(weight) if is_wanted[1] else None
        self.of_bias = torch.empty_like(bias) if bias is not None and is_wanted[2] else None

    @property
    def is_any_of_head(self) -> bool:
        """Whether the output layer learns."""
        return self.of_weight is not None or self.of_bias is not None

    def add(self, tile: Tile, hidden: torch.Tensor, factors: torch.Tensor) -> None:
        """Add what a tile's probabilities, powers times (M, 1) factors, say of its output rows."""
        if self.of_weight is not None:
            weighted = (hidden * factors).to(hidden.dtype)
            self._put(self.of_weight[tile.columns], tile.powers.T @ weighted)
        if self.of_bias is not None:
            self._put(self.of_bias[tile.columns], factors[:, 0] @ tile.powers.to(factors.dtype))

    def _put(self, whole: torch.Tensor, piece: torch.Tensor) -> None:
        if self.of_hidden:
            whole += piece
        else:
            whole.copy_(piece)  # the first places: nothing stands there yet

    def subtract(self, targets: _TargetCounts, hidden: torch.Tensor, pulls: torch.Tensor) -> None:
        """Take off what the targets say of their output rows; (targets,) pulls."""
        if self.of_weight is not None:
            rows = hidden[targets.places].to(pulls.dtype)
            self.of_weight[targets.tokens] -= sums_of_rows(rows, pulls, targets.first_of_token)
        if self.of_bias is not None:
            ones = torch.ones_like(pulls)[:, None]
            self.of_bias[targets.tokens] -= sums_of_rows(ones, pulls, targets.first_of_token)[:, 0]


def _rows_nats(job: _LossTerms, hidden: torch.Tensor, gradients: _Gradients) -> torch.Tensor:
    """Summed nats of some places, and their gradients: each place's softmax less its targets."""
    head, share = job.head, job.share
    softmax, targets = OnlineSoftmax(head, hidden), _TargetCounts(job.targets, hidden)
    kept, chosen = [], []
    for columns, part in targets.by_tile(tiles(head, hidden)):
        weight = head.module.weight[columns].to(hidden.dtype)
        logits = head.logits(hidden, weight, columns)
        chosen.append(logits[targets.places[part], targets.ids[part] - columns.start])
        tile = softmax.add(logits, weight, columns)
        if gradients.is_any_of_head:
            kept.append(tile)
    totals = softmax.totals[:, None]
    counted = targets.num_of_place[:, None] * share
    for tile in kept:
        gradients.add(tile, hidden, counted * (tile.highest - totals).exp())
    hit = torch.cat(chosen).to(totals.dtype)
    pulls = targets.times * share * head.slopes(hit, totals.dtype)
    gradients.subtract(targets, hidden, pulls)
    targeted = targets.rows_of_places(head.module.weight, hidden.dtype, pulls)
    gradients.of_hidden.append(counted * softmax.drawn - targeted)
    nats: torch.Tensor = (softmax.totals * targets.num_of_place).sum() - (hit * targets.times).sum()
    return nats


def _at_rows(targets: Targets, rows: slice) -> Targets:
    is_here = is_within(targets.places, rows)
    return Targets(ids=targets.ids[is_here], places=targets.places[is_here] - rows.start)


def sums_of_rows(rows: torch.Tensor, factors: torch.Tensor, firsts: torch.Tensor) -> torch.Tensor:
    """Weighted sums of consecutive rows; `firsts` says where each begins."""
    each = torch.arange(len(rows), device=rows.device)
    return functional.embedding_bag(each, rows, firsts, mode="sum", per_sample_weights=factors)
