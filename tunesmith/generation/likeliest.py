"""Hidden states -> the likeliest next token of each, exactly, from logits that need not be exact.

N states, V vocabulary, H hidden. The head is the largest product of a small model. In bf16 it
takes less than half the time, and how wrong it can be is known: by Cauchy and Schwarz
|hw - h'w'| <= |h - h'| |w| + |h'| |w - w'|, with the rounded h' and w'. Only tokens within
twice that bound of the best can be the best; two or three, whose logits are computed in fp32.
"""

from dataclasses import dataclass

import torch
from torch.nn import functional

from tunesmith.generation.sampling import NEAR_TIE

_BLOCK = 128  # logits whose maximum is taken first: finding its place is slow on a CPU
_MANY = 64  # candidates a state from which the fp32 head is faster
_ROWS = 4096  # of the head that are looked at together
_BF16_ROUNDING, _FP32_ROUNDING = 2.0**-8, 2.0**-23  # relative, each twice what it can be


@dataclass(frozen=True, slots=True, kw_only=True)
class LikeliestTokens:
    """The likeliest next token of each hidden state.

    Attributes:
        tokens: (N,) int64.
        is_near_tie: (N,) bool: whether the second best logit is within `NEAR_TIE`.
    """

    tokens: torch.Tensor
    is_near_tie: torch.Tensor


class RoundedHead:
    """A head without bias, and a copy of it in bf16 that finds the candidates."""

    def __init__(self, weight: torch.Tensor) -> None:
        self._weight = weight  # (V, H) fp32
        self._rounded = weight.bfloat16()
        pairs = list(zip(weight.split(_ROWS), self._rounded.split(_ROWS), strict=True))
        self._norm = max(float(exact.norm(dim=1).max()) for exact, _ in pairs)
        self._error = max(float((exact - near.float()).norm(dim=1).max()) for exact, near in pairs)

    def choose(self, hidden: torch.Tensor) -> LikeliestTokens:
        """The likeliest token after each of (N, H) states, as the fp32 head would choose."""
        rounded = hidden.bfloat16()
        near = functional.linear(rounded, self._rounded)  # (N, V), summed in fp32
        blocks = _block_maxima(near)
        rows, columns, _ = _candidates(near, blocks, self._bound(hidden, rounded, blocks))
        if len(rows) > _MANY * len(hidden):
            return likeliest(functional.linear(hidden, self._weight))
        exact = (hidden[rows] * self._weight[columns]).sum(dim=-1)
        return _best(rows, columns, exact, len(hidden))

    def _bound(
        self, hidden: torch.Tensor, rounded: torch.Tensor, blocks: torch.Tensor
    ) -> torch.Tensor:
        """How far from its exact value a logit near the best may lie, (N,) fp32."""
        back = rounded.float()
        size = back.norm(dim=-1)
        bound: torch.Tensor = (hidden - back).norm(dim=-1) * self._norm + size * self._error
        bound += hidden.shape[1] * _FP32_ROUNDING * size * self._norm
        bound += _BF16_ROUNDING * (blocks.amax(dim=-1).abs() + 2 * bound)
        return bound


def likeliest(logits: torch.Tensor) -> LikeliestTokens:
    """The best of (N, V) exact logits."""
    blocks = _block_maxima(logits)
    rows, columns, values = _candidates(logits, blocks, blocks.new_zeros(len(blocks)))
    return _best(rows, columns, values, len(logits))


def _block_maxima(logits: torch.Tensor) -> torch.Tensor:
    """(N, V) -> (N, blocks) fp32: the last block is what is left of the vocabulary."""
    whole = logits.shape[1] // _BLOCK * _BLOCK
    maxima = [logits[:, :whole].unflatten(1, (-1, _BLOCK)).amax(dim=-1)] if whole else []
    if whole < logits.shape[1]:
        maxima.append(logits[:, whole:].amax(dim=-1, keepdim=True))
    return torch.cat(maxima, dim=1).float()


def _candidates(
    logits: torch.Tensor, blocks: torch.Tensor, bound: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Rows, columns and values of the logits that are the best or nearly so.

    `bound` (N,) is how far each may lie from its exact value. A row of NaNs has none.
    """
    least = blocks.amax(dim=-1) - 2 * bound - NEAR_TIE
    rows, numbers = (blocks >= least[:, None]).nonzero(as_tuple=True)
    places = numbers[:, None] * _BLOCK + torch.arange(_BLOCK, device=logits.device)
    is_inside = places < logits.shape[1]
    values = logits[rows[:, None], places.clamp(max=logits.shape[1] - 1)].float()
    block, offset = ((values >= least[rows, None]) & is_inside).nonzero(as_tuple=True)
    return rows[block], places[block, offset], values[block, offset]


def _best(
    rows: torch.Tensor, columns: torch.Tensor, values: torch.Tensor, num_rows: int
) -> LikeliestTokens:
    """The first of the best candidates of each row; token 0 where all is NaN."""
    best = values.new_full((num_rows,), -torch.inf).scatter_reduce(0, rows, values, "amax")
    none = torch.iinfo(torch.int64).max
    places = columns.masked_fill(values < best[rows], none)
    tokens = columns.new_full((num_rows,), none).scatter_reduce(0, rows, places, "amin")
    is_near = (values > best[rows] - NEAR_TIE).long()
    num_near = columns.new_zeros(num_rows).scatter_add(0, rows, is_near)
    return LikeliestTokens(tokens=tokens.masked_fill(tokens == none, 0), is_near_tie=num_near > 1)
