"""Encoded rows -> one Batch: the examples of a micro-batch end to end, without padding.

B examples, T tokens in the row, M places where the head runs, N targets. A target is
predicted at the position before it. Where examples begin alike and sharing pays, the row
holds the common beginning once: then T is less than the examples' tokens, and a place may
have several targets.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
import torch

from tunesmith.tokens.encode import EncodedExample
from tunesmith.tokens.prefixes import PrefixBranch, common_beginnings

_TENSORS = (
    "ids",
    "positions",
    "trained_positions",
    "targets",
    "target_places",
    "target_examples",
)


class Span(NamedTuple):
    """A piece of the row: an example, or the part of examples that begins at `first`.

    `parent` is the index of the span that it continues; it sees that one, what that one
    continues, and itself. Spans stand in the row so that what continues a span follows it.
    """

    start: int
    length: int
    parent: int | None = None
    first: int = 0


class PairTerms(NamedTuple):
    """What a batch of preferences is learned by; its examples are chosen, rejected, chosen...

    `reference` holds the log-probability of each answer under the untuned model, (B,) float64.
    """

    reference: torch.Tensor
    beta: float


def path_of(spans: Sequence[Span], index: int) -> list[int]:
    """What a span sees: the spans it continues, the first one first, and itself."""
    parent = spans[index].parent
    return [index] if parent is None else [*path_of(spans, parent), index]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Several examples in one row.

    Attributes:
        ids: (T,) int64.
        positions: (T,) int64; each example counts from 0.
        spans: Places in the row, in order, covering it; without sharing one an example.
        trained_positions: (M,) int64, ascending; the head runs only here.
        targets: (N,) int64, the tokens to predict.
        target_places: (N,) int64, at which of the M places each is predicted.
        target_examples: (N,) int64, which of the B examples each belongs to.
        pairs: How the examples are compared with each other; None: each is learned by itself.
    """

    ids: torch.Tensor
    positions: torch.Tensor
    spans: tuple[Span, ...]
    trained_positions: torch.Tensor
    targets: torch.Tensor
    target_places: torch.Tensor
    target_examples: torch.Tensor
    pairs: PairTerms | None = None

    @property
    def num_targets(self) -> int:
        """Trained tokens of this batch."""
        return len(self.targets)

    def to(self, device: torch.device) -> Self:
        """The same batch on another device, copied asynchronously where that is possible."""
        if device.type == "cpu":
            return self
        moved = {
            name: getattr(self, name).pin_memory().to(device, non_blocking=True)
            if device.type == "cuda"
            else getattr(self, name).to(device)
            for name in _TENSORS
        }
        pairs = self.pairs and self.pairs._replace(reference=self.pairs.reference.to(device))
        return replace(self, **moved, pairs=pairs)


def collate(examples: Sequence[EncodedExample], *, smallest_saving: int | None = None) -> Batch:
    """Lay examples end to end. The first token of an example is never a target.

    Args:
        examples: At least one, of at least one token.
        smallest_saving: Tokens that sharing a beginning must save; None shares nothing.
    """
    branches = common_beginnings([e.ids for e in examples], smallest_saving=smallest_saving)
    row = _Row(examples)
    row.lay(branches)
    targets = [np.flatnonzero(example.is_trained[1:]) + 1 for example in examples]
    chosen = [example.ids[places] for example, places in zip(examples, targets, strict=True)]
    at = [row.places[i][places - 1] for i, places in enumerate(targets)]
    trained, target_places = np.unique(np.concatenate(at), return_inverse=True)
    owners = np.repeat(np.arange(len(examples)), [len(places) for places in targets])
    return Batch(
        ids=_tensor(np.concatenate(row.ids)),
        positions=_tensor(np.concatenate(row.positions)),
        spans=tuple(row.spans),
        trained_positions=_tensor(trained),
        targets=_tensor(np.concatenate(chosen)),
        target_places=_tensor(target_places),
        target_examples=_tensor(owners),
    )


class _Row:
    """A row as it grows, and for each example where its tokens stand in it."""

    def __init__(self, examples: Sequence[EncodedExample]) -> None:
        self._examples = examples
        self.ids: list[npt.NDArray[np.int32]] = []
        self.positions: list[npt.NDArray[np.int64]] = []
        self.spans: list[Span] = []
        self.places = [np.empty(len(example.ids), np.int64) for example in examples]

    def lay(self, branches: Sequence[PrefixBranch], parent: int | None = None) -> None:
        """Append branches, each followed by what continues it."""
        for branch in branches:
            length = branch.last - branch.first
            start = sum(self.spans[-1][:2]) if self.spans else 0
            index = len(self.spans)
            self.spans.append(Span(start, length, parent, branch.first))
            self.ids.append(self._examples[branch.example].ids[branch.first : branch.last])
            self.positions.append(np.arange(branch.first, branch.last))
            for example in _examples_of(branch):
                self.places[example][branch.first : branch.last] = np.arange(start, start + length)
            self.lay(branch.children, index)


def _examples_of(branch: PrefixBranch) -> Iterator[int]:
    if not branch.children:
        yield branch.example
    for child in branch.children:
        yield from _examples_of(child)


def _tensor(values: npt.NDArray[np.generic]) -> torch.Tensor:
    return torch.from_numpy(values.astype(np.int64, copy=False))
