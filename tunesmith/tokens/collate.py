"""Encoded rows -> one Batch: the examples of a micro-batch end to end, without padding.

B examples, T tokens of all of them together, N trained tokens. A target is predicted at
the position before it, so `targets[i]` follows `ids[trained_positions[i]]`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
import torch

from tunesmith.tokens.encode import EncodedExample


class Span(NamedTuple):
    """Where one example stands in the row."""

    start: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Several examples in one row.

    Attributes:
        ids: (T,) int64.
        positions: (T,) int64; each example counts from 0.
        spans: B places in the row, in order, covering it.
        trained_positions: (N,) int64, ascending; the head runs only here.
        targets: (N,) int64, the token to predict at each trained position.
        target_examples: (N,) int64, which of the B examples a target belongs to.
    """

    ids: torch.Tensor
    positions: torch.Tensor
    spans: tuple[Span, ...]
    trained_positions: torch.Tensor
    targets: torch.Tensor
    target_examples: torch.Tensor

    @property
    def num_targets(self) -> int:
        """Trained tokens of this batch."""
        return len(self.targets)

    def to(self, device: torch.device) -> Self:
        """The same batch on another device, copied asynchronously where that is possible."""
        if device.type == "cpu":
            return self
        names = ("ids", "positions", "trained_positions", "targets", "target_examples")
        moved = {
            name: getattr(self, name).pin_memory().to(device, non_blocking=True)
            if device.type == "cuda"
            else getattr(self, name).to(device)
            for name in names
        }
        return replace(self, **moved)


def collate(examples: Sequence[EncodedExample]) -> Batch:
    """Lay examples end to end. The first token of an example is never a target."""
    lengths = [len(example.ids) for example in examples]
    starts = np.cumsum([0, *lengths[:-1]])
    ids = np.concatenate([example.ids for example in examples]).astype(np.int64)
    is_target = np.concatenate([example.is_trained for example in examples])
    is_target[starts] = False
    target_places = np.flatnonzero(is_target)
    owners = np.repeat(np.arange(len(examples)), lengths)
    return Batch(
        ids=torch.from_numpy(ids),
        positions=torch.from_numpy(np.concatenate([np.arange(length) for length in lengths])),
        spans=tuple(Span(int(s), n) for s, n in zip(starts, lengths, strict=True)),
        trained_positions=torch.from_numpy(target_places - 1),
        targets=torch.from_numpy(ids[target_places]),
        target_examples=torch.from_numpy(owners[target_places]),
    )
