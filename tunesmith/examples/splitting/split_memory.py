"""Which split each example fell to <-> `splits.jsonl`, which the next preparation reads.

A line is `{"id", "group", "split", "asked"}`: the first member of its group, and the seed and
shares the split was drawn with. Recipes in one folder share the file: what one holds out, another
with the same seed and shares does not train on. Lines are added, none is changed: a row of a test
set that a fresh one took the place of has a second line, with the split `retired test`.
"""

import contextlib
import fcntl
import os
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tunesmith.errors import DataError
from tunesmith.examples.splitting.fingerprints import Uint64s
from tunesmith.examples.splitting.split import NO_SPLIT, PLACES, RETIRED, TEST, SplitArray
from tunesmith.files import atomic_file, json_line, read_json_lines
from tunesmith.recipe.recipe import ExamplesRecipe


class SplitMemory:
    """What `splits.jsonl` says for one seed and one pair of shares."""

    def __init__(self, path: Path, recipe: ExamplesRecipe, *, also: Path | None = None) -> None:
        """Read what is there.

        Args:
            path: What `add` adds to.
            recipe: Its seed and shares.
            also: A file that is only read, for a folder in which nothing can be written.

        Raises:
            DataError: A line is none of ours.
        """
        self.path = path
        self.asked = asked_words(recipe)
        files = [file for file in (also, path) if file is not None and file.is_file()]
        ids, splits, others = array("Q"), array("b"), array("Q")
        for file in files:
            for example_id, split, is_ours in self._read(file):
                if is_ours:
                    ids.append(example_id)
                    splits.append(split)
                else:
                    others.append(example_id)
        every, places = np.array(ids, dtype=np.uint64), np.array(splits, dtype=np.int8)
        self._ids, first = np.unique(every, return_index=True)
        self._splits = places[first]
        self._splits[np.isin(self._ids, every[places == RETIRED])] = RETIRED
        self._others = np.unique(np.array(others, dtype=np.uint64))

    def _read(self, file: Path) -> Iterator[tuple[int, int, bool]]:
        number = 0
        for number, line in enumerate(read_json_lines(file), start=1):
            try:
                example = int(line["id"], 16), PLACES.index(line["split"])
                yield *example, line["asked"] == self.asked
            except (KeyError, TypeError, ValueError):
                raise _foreign(file, number) from None
        if not number and file.stat().st_size:
            raise _foreign(file, 1)

    def splits(self, ids: Uint64s) -> SplitArray:
        """Where examples lay before; NO_SIDE where they are new."""
        places = np.searchsorted(self._ids, ids)
        places[places == len(self._ids)] = 0
        result = np.full(len(ids), NO_SPLIT, dtype=np.int8)
        if len(self._ids):
            is_known = self._ids[places] == ids
            result[is_known] = self._splits[places[is_known]]
        return result

    def are_used(self, ids: Uint64s) -> npt.NDArray[np.bool_]:
        """Whether any recipe of the folder has had them in a split, by any seed and shares."""
        used: npt.NDArray[np.bool_] = (self.splits(ids) != NO_SPLIT) | np.isin(ids, self._others)
        return used

    def ids_in(self, split: int) -> Uint64s:
        """The examples that are remembered in a split, by its place in PLACES."""
        found: Uint64s = self._ids[self._splits == split]
        return found

    def split_of(self, example_id: str) -> int:
        """Where one example lay before."""
        return int(self.splits(np.array([int(example_id, 16)], dtype=np.uint64))[0])

    def add(self, ids: Uint64s, groups: Uint64s, splits: SplitArray) -> None:
        """Write down those that are new, below what stands there.

        Raises:
            DiskFullError: There is no space; the old file stands.
        """
        new = np.flatnonzero(self.splits(ids) == NO_SPLIT)
        self._append((ids[row], groups[row], splits[row]) for row in new.tolist())

    def replace_test_set(self, ids: Uint64s, groups: Uint64s) -> None:
        """Write down a fresh test set of new examples, and retire the old one.

        Raises:
            DiskFullError: There is no space; the old file stands.
        """
        old = [(one, one, RETIRED) for one in self.ids_in(TEST)]
        self._append([*old, *((*pair, TEST) for pair in zip(ids, groups, strict=True))])

    def _append(self, lines: Iterable[tuple[np.uint64, np.uint64, int]]) -> None:
        new = [*lines]
        if not new:
            return
        with atomic_file(self.path) as stream:
            if self.path.is_file():
                with self.path.open("rb") as old:
                    for line in old:
                        stream.write(line if line.endswith(b"\n") else line + b"\n")
            for example_id, group, split in new:
                record = {"id": f"{example_id:016x}", "group": f"{group:016x}"}
                record |= {"split": PLACES[split], "asked": self.asked}
                stream.write(json_line(record))


def _foreign(file: Path, number: int) -> DataError:
    return DataError(
        "not a line that Tunesmith wrote",
        where=f"{file}:{number}",
        cure="Restore the file, or move it away to draw all splits anew.",
    )


@contextlib.contextmanager
def memory_lock(path: Path) -> Iterator[None]:
    """Let one process at a time add to a file; where the system has no locks, all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def asked_words(recipe: ExamplesRecipe) -> str:
    """What a draw depends on: another seed or another share is another draw."""
    shares = recipe.split
    return f"seed {recipe.seed}: validation {shares.validation:g}, test {shares.test:g}"
