"""Last hidden states and targets -> loss and gradients, a tile of the vocabulary at a time.

M places, H hidden, V vocabulary, N targets; a place may have several targets. The logits of
one tile pass through everything that is done with them while they are in the processor's
cache; the whole (M, V) is never held in fp32. Cross-entropy is a sum, so its gradient is
known as soon as the log-sum-exp is, and both come out of the forward pass (as in
arXiv 2410.10989, which tiles over places instead).
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import nn
from transformers import PreTrainedModel

_TILE = {"cpu": 2**21, "cuda": 2**25, "mps": 2**24}  # logits at once; a CPU's fit its cache
_LOG2_E = math.log2(math.e)
_FEW_PLACES = 256  # up to which narrowed weights are kept too: there is memory for them
_PLACES = 1024  # rows at once; bounds the logits that are kept between the two passes


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A model's output layer: logits = cap(scale x (W h + b)).

    Attributes:
        module: The layer itself; whoever replaces it or hooks into it gets the plain path.
        scale: Of the logits (Cohere multiplies, Granite divides).
        softcap: Logits are bent into (-softcap, softcap) by tanh (Gemma 2 and 3).
    """

    module: nn.Linear
    scale: float = 1.0
    softcap: float | None = None

    def logits(self, hidden: torch.Tensor, weight: torch.Tensor, columns: slice) -> torch.Tensor:
        """Some columns of the logits, whose rows of the layer's matrix are `weight`.

        (M, H) and (tile, H) -> (M, tile), in the dtype of both.
        """
        logits = hidden @ weight.T
        if self.module.bias is not None:
            logits += self.module.bias[columns].to(hidden.dtype)
        if self.scale != 1.0:
            logits *= self.scale
        if self.softcap is not None:
            logits = torch.tanh(logits / self.softcap) * self.softcap
        return logits

    def unbent(self, gradient: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        """A gradient of the logits, taken back through cap and scale; changes it in place."""
        if self.softcap is not None:
            gradient *= 1 - (logits / self.softcap) ** 2
        if self.scale != 1.0:
            gradient *= self.scale
        return gradient


class Targets(NamedTuple):
    """What is to be predicted: `ids[i]` at row `places[i]` of the hidden states; (N,) int64."""

    ids: torch.Tensor
    places: torch.Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """How well each target is predicted: nats (N,) and whether it is the likeliest token (N,)."""

    nats: torch.Tensor
    is_correct: torch.Tensor


def describe_head(network: PreTrainedModel) -> Head | None:
    """The output layer as its family's code uses it; None where it is no plain linear layer."""
    module = network.get_output_embeddings()
    config = network.config.get_text_config()
    if type(module) is not nn.Linear or _is_hooked(module):
        return None
    multiplied = getattr(network, "logit_scale", None)
    divided = getattr(config, "logits_scaling", None)
    scale = (multiplied if isinstance(multiplied, float) else 1.0) / (divided or 1.0)
    softcap = getattr(config, "final_logit_softcapping", None)
    return Head(module=module, scale=scale, softcap=softcap)


def is_untouched(head: Head, network: PreTrainedModel) -> bool:
    """Whether the layer is still the model's own: no adapter around it, no hook in it."""
    return network.get_output_embeddings() is head.module and not _is_hooked(head.module)


def _is_hooked(module: nn.Module) -> bool:
    hooks = (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks)
    return any(hooks)


def shared_loss(
    head: Head, hidden: torch.Tensor, targets: Targets, *, share: float, dtype: torch.dtype
) -> torch.Tensor:
    """`share` times the summed cross-entropy in nats; a scalar that gradients flow from.

    Args:
        head: The output layer.
        hidden: (M, H); every row has a target.
        targets: N of them.
        share: What a target counts, e.g. one over the targets of the whole step.
        dtype: Of the matrix products; sums and exponentials are at least fp32.
    """
    job = _Job(head=head, targets=targets, share=share, dtype=dtype)
    parameters = (head.module.weight, head.module.bias)
    loss: torch.Tensor = _TiledLoss.apply(hidden, *parameters, job)  # type: ignore[no-untyped-call]
    return loss


@torch.no_grad()
def predictions(
    head: Head, hidden: torch.Tensor, targets: Targets, *, dtype: torch.dtype
) -> Predictions:
    """Nats and correctness of each target, without holding the logits."""
    hidden = hidden.to(dtype)
    totals = _RunningTotals(hidden)
    chosen = totals.values.new_empty(len(targets.ids))
    for columns in _tiles(head, hidden):
        weight = head.module.weight[columns].to(dtype)
        logits = head.logits(hidden, weight, columns).to(chosen.dtype)
        totals.add(logits)
        totals.compare(logits, columns)
        is_here = _is_within(targets.ids, columns)
        at = targets.places[is_here], targets.ids[is_here] - columns.start
        chosen[is_here] = logits[at]
    return Predictions(
        nats=totals.values[targets.places] - chosen,
        is_correct=totals.likeliest[targets.places] == targets.ids,
    )


class _Job(NamedTuple):
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
        job: _Job,
    ) -> torch.Tensor:
        with torch.autocast(hidden.device.type, enabled=False):
            gradients = _Gradients(weight, bias, ctx.needs_input_grad)
            narrow = hidden.to(job.dtype)
            total = torch.zeros((), dtype=_wide(job.dtype), device=hidden.device)
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


class _Gradients:
    """Gradients as they are collected: of some places at a time, of a tile of the vocabulary."""

    def __init__(
        self, weight: torch.Tensor, bias: torch.Tensor | None, is_wanted: tuple[bool, ...]
    ) -> None:
        self.of_hidden: list[torch.Tensor] = []
        self.of_weight = torch.empty_like(weight) if is_wanted[1] else None
        self.of_bias = torch.empty_like(bias) if bias is not None and is_wanted[2] else None

    def add(self, of_logits: torch.Tensor, hidden: torch.Tensor, columns: slice) -> None:
        """Add what some places say of the output layer's rows `columns`."""
        if self.of_weight is not None:
            self._put(self.of_weight[columns], of_logits.T @ hidden)
        if self.of_bias is not None:
            self._put(self.of_bias[columns], of_logits.sum(dim=0))

    def _put(self, whole: torch.Tensor, piece: torch.Tensor) -> None:
        if self.of_hidden:
            whole += piece
        else:
            whole.copy_(piece)  # the first places: nothing stands there yet


def _rows_nats(job: _Job, hidden: torch.Tensor, gradients: _Gradients) -> torch.Tensor:
    """Summed nats of some places, and their gradients: each place's softmax less its targets."""
    head, targets = job.head, job.targets
    totals = _RunningTotals(hidden)
    weights = _Weights(head, hidden.dtype, is_kept=len(hidden) <= _FEW_PLACES)
    tiles = []
    for columns in _tiles(head, hidden):
        logits = head.logits(hidden, weights.of(columns), columns)
        totals.add(logits.to(totals.values.dtype))
        tiles.append((columns, logits))
    nats = totals.values[targets.places].sum()
    counts = torch.bincount(targets.places, minlength=len(hidden)).to(nats.dtype)
    shift = (totals.values - (counts * job.share).log())[:, None]
    hits = _Hits(targets, nats.dtype, tiles=[columns for columns, _ in tiles])
    of_hidden = torch.zeros_like(hidden, dtype=nats.dtype)
    for place, (columns, logits) in enumerate(tiles):
        wide = logits.to(nats.dtype)
        rows, targeted, times = hits.in_tile(place)
        nats -= (wide[rows, targeted] * times).sum()
        of_logits = _exponential(wide - shift)  # (M, tile): count x share x probability
        of_logits[rows, targeted] -= times * job.share
        narrow = head.unbent(of_logits, wide).to(hidden.dtype)
        of_hidden += narrow @ weights.of(columns)
        gradients.add(narrow, hidden, columns)
    gradients.of_hidden.append(of_hidden)
    return nats


class _Weights:
    """Rows of the output layer's matrix in the products' dtype, kept from pass to pass or not."""

    def __init__(self, head: Head, dtype: torch.dtype, *, is_kept: bool) -> None:
        self._whole = head.module.weight
        self._dtype = dtype
        self._is_kept = is_kept
        self._kept: dict[int, torch.Tensor] = {}

    def of(self, columns: slice) -> torch.Tensor:
        """Those of a tile of the vocabulary, (tile, H)."""
        kept = self._kept.get(columns.start)
        if kept is not None:
            return kept
        narrow = self._whole[columns].to(self._dtype)
        if self._is_kept:
            self._kept[columns.start] = narrow
        return narrow


class _RunningTotals:
    """Log-sum-exp of each place's logits, a tile at a time; and the likeliest token on demand."""

    def __init__(self, hidden: torch.Tensor) -> None:
        shape, dtype = (len(hidden),), _wide(hidden.dtype)
        self.values = torch.full(shape, -math.inf, dtype=dtype, device=hidden.device)
        self.likeliest = torch.zeros(shape, dtype=torch.int64, device=hidden.device)
        self._highest = self.values.clone()

    def add(self, logits: torch.Tensor) -> None:
        """Take a tile into the totals."""
        highest = logits.amax(dim=1, keepdim=True)
        powers = _exponential(logits - highest).sum(dim=1)
        self.values = torch.logaddexp(self.values, highest[:, 0] + powers.log())

    def compare(self, logits: torch.Tensor, columns: slice) -> None:
        """Note a tile's likeliest token where none before was likelier; the first of equals."""
        highest, places = logits.max(dim=1)
        is_higher = highest > self._highest
        self._highest = torch.where(is_higher, highest, self._highest)
        self.likeliest = torch.where(is_higher, places + columns.start, self.likeliest)


class _Hits:
    """Where targets stand in each tile; equal ones of a place are joined and counted.

    Adding at repeated places has no fixed order.
    """

    def __init__(self, targets: Targets, dtype: torch.dtype, *, tiles: list[slice]) -> None:
        num_places = int(targets.places.max()) + 1
        joined, counts = (targets.ids * num_places + targets.places).unique(return_counts=True)
        ids, self._rows = joined // num_places, joined % num_places
        self._columns = ids - ids // tiles[0].stop * tiles[0].stop
        self._counts = counts.to(dtype)
        edges = torch.tensor([0, *(tile.stop for tile in tiles)], device=ids.device)
        self._edges = torch.searchsorted(ids, edges).tolist()

    def in_tile(self, place: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Rows, columns within the tile, and how many targets stand there."""
        part = slice(self._edges[place], self._edges[place + 1])
        return self._rows[part], self._columns[part], self._counts[part]


def _exponential(values: torch.Tensor) -> torch.Tensor:
    """exp, in place. On the CPU torch's exp2 takes a third of its exp's time (torch 2.13)."""
    return values.mul_(_LOG2_E).exp2_()


def _at_rows(targets: Targets, rows: slice) -> Targets:
    is_here = _is_within(targets.places, rows)
    return Targets(ids=targets.ids[is_here], places=targets.places[is_here] - rows.start)


def _is_within(values: torch.Tensor, bounds: slice) -> torch.Tensor:
    inside: torch.Tensor = (values >= bounds.start) & (values < bounds.stop)
    return inside


def _tiles(head: Head, hidden: torch.Tensor) -> list[slice]:
    size = head.module.out_features
    width = max(1, _TILE[hidden.device.type] // len(hidden))
    return [slice(start, min(start + width, size)) for start in range(0, size, width)]


def _wide(dtype: torch.dtype) -> torch.dtype:
    return torch.promote_types(dtype, torch.float32)
