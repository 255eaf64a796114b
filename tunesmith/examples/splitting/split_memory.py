"""Which split each example fell to <-> `splits.jsonl`, which the next preparation reads.

A line is `{"id", "group", "split", "asked"}`: the first member of its group, and the seed and
shares the split was drawn with. Recipes in one folder share the file: what one holds out, another
with the same seed and shares does not train on. Lines are added, none is changed.
"""

import contextlib
import fcntl
import os
from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tunesmith.errors import DataError
from tunesmith.examples.splitting.fingerprints import Uint64s
from tunesmith.examples.splitting.split import NO_SPLIT, SPLITS, SplitArray
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
        ids, splits = array("Q"), array("b")
        for file in files:
            for example_id, split in self._read(file):
                ids.append(example_id)
                splits.append(split)
        self._ids, first = np.unique(np.array(ids, dtype=np.uint64), return_index=True)
        self._splits = np.array(splits, dtype=np.int8)[first]

    def _read(self, file: Path) -> Iterator[tuple[int, int]]:
        number = 0
        for number, line in enumerate(read_json_lines(file), start=1):
            try:
                example = int(line["id"], 16), SPLITS.index(line["split"])
                if line["asked"] == self.asked:
                    yield example
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

    def split_of(self, example_id: str) -> int:
        """Where one example lay before."""
        return int(self.splits(np.array([int(example_id, 16)], dtype=np.uint64))[0])

    def add(self, ids: Uint64s, groups: Uint64s, splits: SplitArray) -> None:
        """Write down those that are new, below what stands there.

        Raises:
            DiskFullError: There is no space; the old file stands.
        """
        new = np.flatnonzero(self.splits(ids) == NO_SPLIT)
        if not len(new):
            return
        with atomic_file(self.path) as stream:
            if self.path.is_file():
                with self.path.open("rb") as old:
                    for line in old:
                        stream.write(line if line.endswith(b"\n") else line + b"\n")
            for row in new.tolist():
                record = {
                    "id": f"{ids[row]:016x}",
                    "group": f"{groups[row]:016x}",
                    "split": SPLITS[splits[row]],
                    "asked": self.asked,
                }
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
