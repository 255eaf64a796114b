"""The sources of a recipe -> a collection; what stays of it -> lines; the rest -> Dropped."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

import orjson

from tunesmith.examples.batch import MaterialBatch, clean_batch
from tunesmith.examples.example import Example, last_user_text
from tunesmith.examples.read_examples import (
    Opened,
    ReadCount,
    made_examples,
    open_sources,
    weigh_sources,
)
from tunesmith.examples.splitting.collection import Chunk, Collection
from tunesmith.examples.splitting.duplicates import LeftOut
from tunesmith.examples.splitting.fingerprints import MAX_BATCH
from tunesmith.recipe.recipe import ExamplesRecipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.lines import excerpt
from tunesmith.sources.row import Dropped, Row
from tunesmith.workers import num_useful_workers, work_in_interpreters

NUM_ALONE = 16  # batches that are cleaned here before processes are started, which takes 1 s

Drop = Callable[[Dropped], None]
T = TypeVar("T")


def collect(
    collection: Collection,
    sources: Sequence[SourceRecipe],
    recipe: ExamplesRecipe,
    *,
    folder: Path,
    count: ReadCount,
    drop: Drop,
) -> Iterator[int]:
    """Open all sources at once; read, convert and clean while the caller iterates.

    Args:
        collection: Takes the examples up; it is finished in the end.
        sources: From the recipe.
        recipe: How to clean.
        folder: The recipe's; paths are relative to it.
        count: Grows.
        drop: Told of what is left out, in order.

    Yields:
        How many pieces were read since the last time.

    Raises:
        TunesmithError: As `read_examples` does.
    """
    opened = open_sources(sources, folder=folder)
    return _collect(collection, _batches(opened, recipe, folder), count, drop)


def collect_examples(
    collection: Collection, parts: Sequence[tuple[SourceRecipe, Iterable[Example]]]
) -> None:
    """Take up examples that are clean already, such as a run's own; then finish.

    Args:
        collection: Takes them up.
        parts: Examples, and a source that names their split in `use_as`.
    """
    batches = (
        MaterialBatch(pieces=pieces, is_made=True, source=source, recipe=None)
        for source, examples in parts
        for pieces in _batched(examples)
    )
    for chunk in _cleaned(batches):
        collection.add(chunk)
    collection.finish()


def write_rows(
    collection: Collection,
    left_out: dict[int, LeftOut],
    write: Callable[[int, bytes], None],
    *,
    count: ReadCount,
    drop: Drop,
) -> None:
    """Pass through all rows in order.

    Args:
        collection: Finished.
        left_out: Rows that are left out after all.
        write: Told of each row that stays, with its line.
        count: What is left out moves from kept to dropped; what stays, what was hidden in it.
        drop: Told of what is left out.
    """
    for row, line in enumerate(collection.lines()):
        if row in left_out:
            item = _dropped(collection, line, left_out[row])
            count.lose(item)
            drop(item)
        else:
            count.redacted.update(collection.redacted.get(row, {}))
            write(row, line)


def source_of(collection: Collection, row: int) -> str:
    """Where a row came from."""
    source: str = orjson.loads(collection.line(row))["source"]
    return source


def with_group(line: bytes, group: str) -> bytes:
    """A line with the name of its group."""
    return b'%b,"group":"%b"}\n' % (line[:-2], group.encode())


def _cleaned(batches: Iterator[MaterialBatch]) -> Iterator[Chunk]:
    """Clean batches, alone while they are few."""
    num_workers = num_useful_workers()
    yield from map(clean_batch, islice(batches, NUM_ALONE) if num_workers > 1 else batches)
    following = next(batches, None)
    if following is not None:
        rest = chain([following], batches)
        yield from work_in_interpreters(clean_batch, rest, num_workers=num_workers)


def _collect(
    collection: Collection, batches: Iterator[MaterialBatch], count: ReadCount, drop: Drop
) -> Iterator[int]:
    for chunk in _cleaned(batches):
        for item in chunk.dropped:
            count.add(item)
            drop(item)
        count.add_kept(chunk.kept_by_source, chunk.removed)
        collection.add(chunk)
        yield chunk.num_read
    collection.finish()


def _batches(
    opened: Sequence[Opened], recipe: ExamplesRecipe, folder: Path
) -> Iterator[MaterialBatch]:
    """Plain rows are made into examples batch by batch, all other material with its source."""
    weights = weigh_sources([source for source, _ in opened], folder=folder)
    for index, (source, material) in enumerate(opened):
        stays_row = _stays_row(source)
        rest = material
        while stays_row and (pieces := list(islice(material, MAX_BATCH))):
            rows = [piece for piece in pieces if isinstance(piece, Row | Dropped)]
            if len(rows) < len(pieces):
                rest = chain(pieces, material)
                break
            yield MaterialBatch(pieces=rows, is_made=False, source=source, recipe=recipe)
        made = made_examples((source, rest), folder=folder, index=index, weights=weights)
        for items in _batched(made):
            yield MaterialBatch(pieces=items, is_made=True, source=source, recipe=recipe)


def _stays_row(source: SourceRecipe) -> bool:
    """Whether each row becomes an example by itself, whatever stands around it."""
    return not source.is_prompted and source.weight is None


def _batched(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, MAX_BATCH)):
        yield batch


def _dropped(collection: Collection, line: bytes, why: LeftOut) -> Dropped:
    record = orjson.loads(line)
    example = Example.from_json(record)
    places = " and ".join(source_of(collection, row) for row in why.others)
    return Dropped(
        source=example.source,
        reason=why.reason,
        detail=f"{why.words} {places}",
        text=excerpt(last_user_text(example.messages) or example.reference),
    )
