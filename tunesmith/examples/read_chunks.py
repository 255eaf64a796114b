"""The sources of a recipe -> clean examples in chunks, in order: the one way in for every command.

Batches are cleaned by worker processes where there are many. They grow from a single piece on, so
that whoever wants few rows waits for few; where one batch ends and the next begins changes nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

from tunesmith.errors import TunesmithError
from tunesmith.examples.batch import ByHand, MaterialBatch, clean_batch
from tunesmith.examples.edits.edited_chunks import EditPlan, edited_chunks
from tunesmith.examples.example import Example
from tunesmith.examples.leave_out import read_leave_out
from tunesmith.examples.open_sources import Opened, made_examples, open_sources, weigh_sources
from tunesmith.examples.splitting.collection import Chunk
from tunesmith.examples.splitting.fingerprints import MAX_BATCH
from tunesmith.recipe.recipe import ExamplesRecipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.material import Material
from tunesmith.sources.row import Dropped, Row
from tunesmith.workers import num_useful_workers, work_in_interpreters

NUM_ALONE = 24  # batches that are cleaned here before processes are started, which takes 1 s

T = TypeVar("T")


def read_chunks(
    sources: Sequence[SourceRecipe],
    recipe: ExamplesRecipe,
    *,
    folder: Path,
    has_groups: bool = False,
    edits: EditPlan | None = None,
) -> Iterator[Chunk]:
    """Open all sources at once; read, convert and clean while the caller iterates.

    Sources with a weight are read twice, first to count them; of each passes what its weight
    allows.

    Args:
        sources: From the recipe.
        recipe: How to clean.
        folder: The recipe's; paths are relative to it.
        has_groups: Whether the lines name the groups that the sources name.
        edits: What a person has changed; those examples come last.

    Raises:
        TunesmithError: As `read_leave_out` does; as `open_sources` does, and in the midst of a
            source, after what was read of it.
    """
    leave_out, plan = read_leave_out(recipe.leave_out, folder), edits or EditPlan()
    by_hand = ByHand(leave_out=leave_out, edited=plan.ids, restored=plan.restored)
    opened = open_sources(sources, folder=folder)
    chunks = _cleaned(_batches(opened, recipe, folder, has_groups, by_hand))
    return edited_chunks(chunks, plan, leave_out, has_groups=has_groups) if plan else chunks


def chunk_examples(parts: Sequence[tuple[SourceRecipe, Iterable[Example]]]) -> Iterator[Chunk]:
    """Chunks of examples that are clean already, such as a run's own.

    Args:
        parts: Examples, and a source that names their split in `use_as`.
    """
    sizes = _sizes()
    batches = (
        MaterialBatch(pieces=pieces, is_made=True, source=source, recipe=None)
        for source, examples in parts
        for pieces in _batched(examples, sizes)
    )
    return _cleaned(batches)


def _cleaned(batches: Iterator[MaterialBatch]) -> Iterator[Chunk]:
    """Clean batches, alone while they are few; an error comes after all that was read before it."""
    num_workers = num_useful_workers()
    errors: list[TunesmithError] = []
    batches = _until_error(batches, errors)
    yield from map(clean_batch, islice(batches, NUM_ALONE) if num_workers > 1 else batches)
    following = next(batches, None)
    if following is not None:
        rest = chain([following], batches)
        yield from work_in_interpreters(clean_batch, rest, num_workers=num_workers)
    for error in errors:
        raise error


def _until_error(items: Iterator[T], errors: list[TunesmithError]) -> Iterator[T]:
    try:
        for item in items:  # noqa: UP028 - `yield from` would close them with this
            yield item
    except TunesmithError as error:
        errors.append(error)


def _batches(
    opened: Sequence[Opened],
    recipe: ExamplesRecipe,
    folder: Path,
    has_groups: bool,
    by_hand: ByHand,
) -> Iterator[MaterialBatch]:
    """Plain rows are made into examples batch by batch, all other material with its source."""
    weights = weigh_sources([one.source for one in opened], folder=folder)
    sizes = _sizes()
    for index, one in enumerate(opened):
        source, material = one.source, one.material
        batch = partial(_batch, one, recipe, has_groups, by_hand)
        rest: Iterator[Material | Dropped] = material
        for pieces in _batched(material, sizes) if _stays_row(source) else ():
            rows = [piece for piece in pieces if isinstance(piece, Row | Dropped)]
            if len(rows) < len(pieces):
                rest = chain(pieces, material)
                break
            yield batch(rows, is_made=False)
        made = made_examples(
            source, rest, folder=folder, index=index, weights=weights, not_read=one.not_read
        )
        for items in _batched(made, sizes):
            yield batch(items, is_made=True)
        if one.not_read:
            yield batch((), is_made=True)


def _batch(
    opened: Opened,
    recipe: ExamplesRecipe,
    has_groups: bool,
    by_hand: ByHand,
    pieces: Sequence[Row | Example | Dropped],
    *,
    is_made: bool,
) -> MaterialBatch:
    """A batch of a source, with what was passed over since the last."""
    return MaterialBatch(
        pieces=pieces,
        is_made=is_made,
        source=opened.source,
        recipe=recipe,
        has_groups=has_groups,
        not_read=opened.not_read.take(),
        by_hand=by_hand,
    )


def _stays_row(source: SourceRecipe) -> bool:
    """Whether each row becomes an example by itself, whatever stands around it."""
    return not source.is_prompted and source.weight is None


def _sizes() -> Iterator[int]:
    size = 1
    while True:
        yield size
        size = min(2 * size, MAX_BATCH)


def _batched(items: Iterable[T], sizes: Iterator[int]) -> Iterator[list[T]]:
    """Lists of items; of what is read before an error too."""
    iterator, errors = iter(items), list[TunesmithError]()
    read = _until_error(iterator, errors)
    for size in sizes:
        batch = list(islice(read, size))
        if not batch:
            break
        yield batch
    for error in errors:
        raise error
