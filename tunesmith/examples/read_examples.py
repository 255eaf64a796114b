"""The sources of a recipe -> clean examples as they are read, and in their place what was dropped.

For whoever cannot wait for the end. Duplicates are found by the rule of `assign_splits`, applied
to all that was read so far whenever that has doubled. So it decides as preparing does, but for
rows that come before others whatever their place: those that `splits.jsonl` remembers, and those
of a test set. And beyond 1,000 long rows, of which not each is compared with each, a crowd of
alike ones may be searched in other places.
"""

import tempfile
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from tunesmith.errors import TunesmithError
from tunesmith.examples.clean import CleanedExample
from tunesmith.examples.collect import drop_collected
from tunesmith.examples.example import Example
from tunesmith.examples.read_chunks import read_chunks
from tunesmith.examples.splitting.assign import find_repeated
from tunesmith.examples.splitting.collection import Chunk, Collection
from tunesmith.examples.splitting.duplicates import LeftOut
from tunesmith.recipe.recipe import ExamplesRecipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.not_read import NotReadCount
from tunesmith.sources.row import Dropped

MAX_WAITING = 10_000  # dropped pieces that wait for their place; beyond, they come before it


def read_examples(
    sources: Sequence[SourceRecipe],
    recipe: ExamplesRecipe,
    *,
    folder: Path,
    not_read: NotReadCount | None = None,
) -> Iterator[CleanedExample]:
    """Open all sources at once, and read them while the caller iterates.

    Memory does not grow with the rows but for what is needed to know them again.

    Args:
        sources: From the recipe.
        recipe: How to clean, and its two thresholds.
        folder: The recipe's; paths are relative to it.
        not_read: Grows by what is passed over on purpose.

    Raises:
        TunesmithError: As `read_chunks` does.
    """
    chunks = read_chunks(sources, recipe, folder=folder, has_groups=True)
    return _decided(chunks, recipe, NotReadCount() if not_read is None else not_read)


def _decided(
    chunks: Iterator[Chunk], recipe: ExamplesRecipe, not_read: NotReadCount
) -> Iterator[CleanedExample]:
    with Collection(Path(tempfile.gettempdir())) as collection:
        look = _Look(collection, recipe)
        num_read = num_seen = 0
        try:
            for chunk in chunks:
                not_read.update(chunk.not_read)
                yield from look.take(chunk)
                num_read += chunk.num_read
                if num_read >= 2 * num_seen:
                    yield from look.decided()
                    num_seen = num_read
        except TunesmithError:
            yield from look.decided()
            raise
        yield from look.decided()


@dataclass(slots=True)
class _Look:
    """What was read, and how much of it has been decided."""

    collection: Collection
    recipe: ExamplesRecipe
    num_decided: int = 0
    waiting: deque[tuple[int, Dropped]] = field(default_factory=deque)  # with the rows before it

    def take(self, chunk: Chunk) -> Iterator[CleanedExample]:
        """Take a chunk up; what was dropped is let go where too much of it waits."""
        for place, item in zip(chunk.dropped_at, chunk.dropped, strict=True):
            self.waiting.append((self.collection.num_rows + place, item))
        self.collection.add(chunk)
        if len(self.waiting) > MAX_WAITING:
            yield from self._dropped_before(self.collection.num_rows)

    def decided(self) -> Iterator[CleanedExample]:
        """What was taken up since the last time, in order."""
        if self.num_decided < self.collection.num_rows:
            self.collection.finish()
            left_out = find_repeated(self.collection, self.recipe)
            for row in range(self.num_decided, self.collection.num_rows):
                yield from self._dropped_before(row)
                yield self._row(row, left_out.get(row))
            self.num_decided = self.collection.num_rows
        yield from self._dropped_before(self.collection.num_rows)

    def _dropped_before(self, row: int) -> Iterator[CleanedExample]:
        while self.waiting and self.waiting[0][0] <= row:
            yield CleanedExample(item=self.waiting.popleft()[1])

    def _row(self, row: int, why: LeftOut | None) -> CleanedExample:
        line = self.collection.line(row)
        if why is not None:
            return CleanedExample(item=drop_collected(self.collection, line, why))
        redacted = self.collection.redacted.get(row, Counter())
        return CleanedExample(item=Example.from_json(orjson.loads(line)), redacted=redacted)
