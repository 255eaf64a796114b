"""Connected components, by union-find: rows that belong together -> groups, each in one split.

Rows join a group through what they share: a prompt, all their words, a source's own group, or
by resembling each other. Nothing that has a split moves to another one: a row that would join
two splits is dropped instead.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from tunesmith.examples.splitting.collection import Collection, Rows
from tunesmith.examples.splitting.duplicates import Duplicates, Flags, LeftOut, first_of_equal
from tunesmith.examples.splitting.fingerprints import Uint64s
from tunesmith.examples.splitting.split import NO_SPLIT, PLACES, TEST, VALIDATION, SplitArray

BRIDGES_SPLITS = "bridges splits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The kept rows in groups, their connected components.

    Attributes:
        first: (rows,) the first member of each row's group.
        splits: (rows,) places in SPLITS; NO_SIDE where no member has one yet.
        left_out: The rows that were dropped rather than join two splits.
    """

    first: Rows
    splits: SplitArray
    left_out: dict[int, LeftOut]


def make_groups(
    collection: Collection, duplicates: Duplicates, splits: SplitArray, rank: Rows
) -> Groups:
    """Join what belongs together.

    Args:
        collection: Finished.
        duplicates: What is kept, and which of it resembles what.
        splits: (rows,) where rows have to lie; NO_SIDE where that is open.
        rank: (rows,) the order in which rows join; those with a split come first, test before
            validation before train, so that of two that cannot both stay test's does.
    """
    first = np.arange(collection.num_rows, dtype=np.int64)
    result = splits.copy()
    # Nobody may add rows to a test set that the recipe names.
    is_closed = (collection.named == VALIDATION) | (collection.named == TEST)
    joining = _UnionFind(splits, is_closed)
    for row, nodes in _links(collection, duplicates, rank):
        joining.add(row, nodes)
    for row in joining.rows:
        root = joining.find(row)
        first[row] = joining.first[root]
        result[row] = joining.split[root]
    return Groups(first=first, splits=result, left_out=joining.left_out)


@dataclass(slots=True)
class _UnionFind:
    """Union-find over rows and over what they share (numbers from the rows' on)."""

    splits: SplitArray
    is_closed: Flags
    parent: dict[int, int] = field(default_factory=dict)
    split: dict[int, int] = field(default_factory=dict)
    first: dict[int, int] = field(default_factory=dict)  # row of a group, by its root
    closed: set[int] = field(default_factory=set)
    rows: list[int] = field(default_factory=list)
    left_out: dict[int, LeftOut] = field(default_factory=dict)

    def find(self, node: int) -> int:
        parent = self.parent
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def add(self, row: int, nodes: Sequence[int]) -> None:
        """Let a row join all it is linked with, or drop it."""
        own = int(self.splits[row])
        witnesses = {self.find(node): node for node in nodes if node in self.parent}
        roots = sorted(witnesses, key=self.first.__getitem__)
        taken = {self.split[root]: root for root in reversed(roots) if self.split[root] != NO_SPLIT}
        is_closed = not self.closed.isdisjoint(roots)
        if len({own, *taken} - {NO_SPLIT}) > 1 or (own == NO_SPLIT and is_closed):
            self.left_out[row] = self._why_left_out(
                own, {split: witnesses[taken[split]] for split in taken}
            )
            return
        self.rows.append(row)
        self.parent[row] = row
        self.first[row] = self.first[roots[0]] if roots else row
        self.split[row] = own if own != NO_SPLIT else next(iter(taken), NO_SPLIT)
        if is_closed or self.is_closed[row]:
            self.closed.add(row)
        for node in (*roots, *nodes):
            if node in self.parent or node >= len(self.splits):
                self.parent[node] = row

    def _why_left_out(self, own: int, witnesses: dict[int, int]) -> LeftOut:
        """Say which splits would meet; a witness is a row there, or what is shared with one."""
        splits = sorted(set(witnesses) - {own})
        names = [PLACES[split] for split in splits]
        if own != NO_SPLIT:
            words = f"lies in {PLACES[own]} and belongs with {' and '.join(names)}:"
        elif len(splits) == 1:
            words = f"belongs with what the recipe itself puts into {names[0]}:"
        else:
            words = f"would join {' and '.join(names)}:"
        nodes = [witnesses[split] for split in splits]
        others = (n if n < len(self.splits) else self.first[self.find(n)] for n in nodes)
        return LeftOut(reason=BRIDGES_SPLITS, others=tuple(others), words=words)


def _links(
    collection: Collection, duplicates: Duplicates, rank: Rows
) -> Iterator[tuple[int, list[int]]]:
    """Each linked row, by rank, with the rows before it and the shared things it is linked to."""
    rows, nodes = _all_links(collection, duplicates, rank)
    order = np.lexsort((nodes, rank[rows]))
    rows, nodes = rows[order], nodes[order]
    starts = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]][: len(rows)])
    ends = np.r_[starts[1:], len(rows)]
    for start, end in zip(starts.tolist(), ends.tolist(), strict=False):
        yield int(rows[start]), nodes[start:end].tolist()


def _all_links(collection: Collection, duplicates: Duplicates, rank: Rows) -> tuple[Rows, Rows]:
    kept = np.flatnonzero(duplicates.is_kept)
    rows, nodes = [], []
    for number, keys in enumerate((collection.prompts, collection.wholes, collection.groups), 1):
        shared = _shared(keys, kept if number < 3 else kept[keys[kept] != 0], rank)
        rows.append(shared[0])
        nodes.append(shared[1] + number * collection.num_rows)
    one, two = duplicates.pairs.first, duplicates.pairs.second
    is_in_order = rank[one] < rank[two]
    rows += [np.where(is_in_order, two, one), np.where(is_in_order, one, two)]
    nodes += [np.where(is_in_order, one, two)] * 2  # the earlier row is linked with itself
    return np.concatenate(rows), np.concatenate(nodes)


def _shared(keys: Uint64s, rows: Rows, rank: Rows) -> tuple[Rows, Rows]:
    """The rows whose key another one has too, and the first of those that have it."""
    first = first_of_equal(keys[rows], rank[rows])
    is_shared = np.bincount(first, minlength=len(rows))[first] > 1
    return rows[is_shared], rows[first[is_shared]]
