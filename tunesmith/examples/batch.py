"""A batch of raw material -> a chunk of clean examples with their fingerprints.

What one batch gives depends on nothing outside it, so batches may be worked on in any process.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tunesmith.examples.clean import CleanedExample, clean_example
from tunesmith.examples.edits.held_row import HeldRow
from tunesmith.examples.example import Example, drop_example
from tunesmith.examples.from_material import to_examples
from tunesmith.examples.leave_out import TakenOut, taken_out
from tunesmith.examples.preference_rows import preference_fault
from tunesmith.examples.read_count import removed_markers
from tunesmith.examples.splitting.collection import Chunk
from tunesmith.examples.splitting.fingerprints import fingerprints
from tunesmith.examples.splitting.split import NO_SPLIT, SPLITS, Split
from tunesmith.files import json_line
from tunesmith.recipe.recipe import ExamplesRecipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.not_read import NotReadCount
from tunesmith.sources.row import Dropped, Row, RowError, source_name


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """What a person decided of single examples.

    Attributes:
        leave_out: What is taken out, by id.
        edited: Ids of examples with a change; they are held back until all has been read.
        restored: Of these, those that no filter drops.
    """

    leave_out: Mapping[str, TakenOut] = field(default_factory=dict)
    edited: frozenset[str] = frozenset()
    restored: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialBatch:
    """Raw material that one call makes examples of.

    Attributes:
        pieces: Rows, or examples that were made elsewhere.
        is_made: Which of both; dropped ones may stand among them.
        source: Where they come from.
        recipe: How to clean them; None: they are clean.
        has_groups: Whether the lines name the groups that the sources name.
        not_read: What was passed over before and between the pieces.
        by_hand: What a person decided.
    """

    pieces: Sequence[Row | Example | Dropped]
    is_made: bool
    source: SourceRecipe
    recipe: ExamplesRecipe | None
    has_groups: bool = False
    not_read: NotReadCount = field(default_factory=NotReadCount)
    by_hand: ByHand = field(default_factory=ByHand)


def clean_batch(batch: MaterialBatch) -> Chunk:
    """Make examples of rows, clean them, and take their fingerprints."""
    examples: list[Example] = []
    dropped: list[Dropped] = []
    dropped_at: list[int] = []
    redacted: dict[int, Counter[str]] = {}
    held: list[HeldRow] = []
    for read in _examples(batch):
        cleaned = _cleaned(read, batch)
        if isinstance(cleaned.item, Dropped):
            dropped.append(cleaned.item)
            dropped_at.append(len(examples))
            continue
        if batch.by_hand.edited and cleaned.item.id in batch.by_hand.edited:
            split = batch.source.use_as or cleaned.item.split
            example = replace(cleaned.item, split=split)
            held.append(HeldRow(example=example, redacted=cleaned.redacted))
            continue
        if cleaned.redacted:
            redacted[len(examples)] = cleaned.redacted
        examples.append(cleaned.item)
    chunk = chunk_of(examples, use_as=batch.source.use_as, has_groups=batch.has_groups)
    return replace(
        chunk,
        redacted=redacted,
        dropped=dropped,
        dropped_at=dropped_at,
        num_read=len(batch.pieces),
        not_read=batch.not_read,
        held=held,
    )


def chunk_of(
    examples: Sequence[Example], *, use_as: Split | None = None, has_groups: bool = False
) -> Chunk:
    """A chunk of clean examples alone.

    Args:
        examples: In order.
        use_as: The split that the recipe names for all of them.
        has_groups: Whether the lines name the groups that the sources name.
    """
    records = [example.to_json() for example in examples]
    for record in () if has_groups else records:
        record.pop("group", None)
    lines = [json_line(record) for record in records]
    return Chunk(
        lines=b"".join(lines),
        lengths=[len(line) for line in lines],
        prints=fingerprints(examples, [record["id"] for record in records]),
        named=[_named(example, use_as) for example in examples],
        redacted={},
        dropped=(),
        dropped_at=(),
        kept_by_source=Counter(source_name(example.source) for example in examples),
        removed=Counter(marker for example in examples for marker in removed_markers(example)),
        num_read=0,
        not_read=NotReadCount(),
    )


def _cleaned(read: Example | Dropped, batch: MaterialBatch) -> CleanedExample:
    """What stays of a piece: it is clean, and nobody took it out."""
    cleaned = CleanedExample(item=read)
    if batch.recipe:
        cleaned = clean_example(read, batch.recipe, restored=batch.by_hand.restored)
    if isinstance(cleaned.item, Dropped):
        return cleaned
    fault = preference_fault(cleaned.item, batch.source)
    if fault is not None:
        return CleanedExample(item=drop_example(cleaned.item, RowError(*fault)))
    leave_out = batch.by_hand.leave_out
    out = taken_out(cleaned.item, leave_out) if leave_out else None
    return CleanedExample(item=out) if out else cleaned


def _named(example: Example, use_as: Split | None) -> int:
    """The split that is given, not drawn: what the recipe says goes before what the source says."""
    split = use_as or example.split
    return NO_SPLIT if split is None else SPLITS.index(split)


def _examples(batch: MaterialBatch) -> Iterator[Example | Dropped]:
    if batch.is_made:
        yield from (piece for piece in batch.pieces if not isinstance(piece, Row))
    else:
        rows = (piece for piece in batch.pieces if not isinstance(piece, Example))
        yield from to_examples(rows, batch.source, not_read=batch.not_read)
