"""A prefix tree: examples that begin alike -> spans in which each common beginning stands once.

Instruction data repeats itself: a preamble, a system prompt, the history of a conversation
that is unrolled turn by turn. In a causal model a token's state depends on nothing behind
it, so one copy serves all examples that begin with it, at any depth of nesting.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tunesmith.tokens.encode import IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixBranch:
    """Tokens [first, last) of an example, and the branches that go on from there.

    Attributes:
        example: Whose tokens these are; one of several where the branch is shared.
        first: Tokens before this branch, in its ancestors.
        last: Where the branch ends.
        children: Empty for the end of one example.
    """

    example: int
    first: int
    last: int
    children: "tuple[PrefixBranch, ...]" = ()

    @property
    def lowest(self) -> int:
        """The first example, in the batch's order, that this branch serves."""
        return min((child.lowest for child in self.children), default=self.example)


def common_beginnings(
    ids: Sequence[IntArray], *, smallest_saving: int | None
) -> list[PrefixBranch]:
    """Find what examples share; the branches stand in the examples' order.

    Every example keeps at least its last token to itself.

    Args:
        ids: Token ids of each example, at least one each.
        smallest_saving: A beginning is shared where that saves so many tokens; None is never.
    """
    if smallest_saving is None or len(ids) == 1:
        return [PrefixBranch(example=i, first=0, last=len(one)) for i, one in enumerate(ids)]
    ordered = sorted(range(len(ids)), key=lambda i: ids[i].astype(">i4").tobytes())
    group = _SortedExamples(ids=ids, ordered=ordered, smallest_saving=smallest_saving)
    return group.branches(0, len(ids), depth=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _SortedExamples:
    """Examples in the order of their ids, so that those that begin alike are neighbours."""

    ids: Sequence[IntArray]
    ordered: Sequence[int]
    smallest_saving: int

    def branches(self, start: int, stop: int, *, depth: int) -> list[PrefixBranch]:
        """The branches of the examples [start, stop), which agree in `depth` tokens."""
        found = []
        for begin, end in self._runs(start, stop, depth):
            found += self._branch(begin, end, depth)
        return sorted(found, key=lambda branch: branch.lowest)

    def _branch(self, start: int, stop: int, depth: int) -> list[PrefixBranch]:
        first = self.ordered[start]
        if stop - start == 1:
            return [PrefixBranch(example=first, first=depth, last=len(self.ids[first]))]
        last = self._agreement(start, stop)
        if (last - depth) * (stop - start - 1) >= self.smallest_saving:
            children = tuple(self.branches(start, stop, depth=last))
            return [PrefixBranch(example=first, first=depth, last=last, children=children)]
        parts = self._runs(start, stop, last)
        if len(parts) == 1:  # one example is the beginning of all others, which go on without it
            whole = PrefixBranch(example=first, first=depth, last=len(self.ids[first]))
            return [whole, *self._branch(start + 1, stop, depth)]
        return [branch for part in parts for branch in self._branch(*part, depth)]

    def _agreement(self, start: int, stop: int) -> int:
        """Tokens in which all of [start, stop) agree; each keeps its last one to itself."""
        one, other = self.ids[self.ordered[start]], self.ids[self.ordered[stop - 1]]
        shortest = min(len(self.ids[i]) for i in self.ordered[start:stop])
        length = shortest - 1
        differs = np.flatnonzero(one[:length] != other[:length])
        return int(differs[0]) if len(differs) else length

    def _runs(self, start: int, stop: int, place: int) -> list[tuple[int, int]]:
        """Neighbours with the same token at `place`."""
        tokens = np.array([self.ids[i][place] for i in self.ordered[start:stop]])
        borders: npt.NDArray[np.int64] = np.flatnonzero(np.diff(tokens)) + 1
        edges = [start, *(int(border) + start for border in borders), stop]
        return list(pairwise(edges))
