"""Targets -> which tokens are hit where, and sums over them in a fixed order."""

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch.nn import functional

from tunesmith.models.heads.head import Targets
from tunesmith.models.heads.online_softmax import wide


class Hits:
    """Where the targets stand; equal ones of a place are joined and counted.

    Sums over them are made in a fixed order, which adding at repeated places has not.

    Attributes:
        ids: (hits,) the token of each, ascending.
        places: (hits,) where it is predicted.
        times: (hits,) how many targets it is.
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
        """Tiles of the vocabulary, and which hits stand in each."""
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
        return sums(rows, pulls[order], counts.cumsum(0) - counts)


def sums(rows: torch.Tensor, factors: torch.Tensor, firsts: torch.Tensor) -> torch.Tensor:
    """Weighted sums of consecutive rows; `firsts` says where each begins."""
    each = torch.arange(len(rows), device=rows.device)
    return functional.embedding_bag(each, rows, firsts, mode="sum", per_sample_weights=factors)
