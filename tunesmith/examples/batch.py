"""A batch of raw material -> a chunk of clean examples with their fingerprints.

What one batch gives depends on nothing outside it, so batches may be worked on in any process.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tunesmith.examples.clean import CleanedExample, clean_example
from tunesmith.examples.example import Example, drop_example
from tunesmith.examples.from_material import to_examples
from tunesmith.examples.leave_out import LEFT_OUT, TakenOut
from tunesmith.examples.read_count import removed_markers
from tunesmith.examples.splitting.collection import Chunk
from tunesmith.examples.splitting.fingerprints import fingerprints
from tunesmith.examples.splitting.split import NO_SPLIT, SPLITS
from tunesmith.files import json_line
from tunesmith.recipe.recipe import ExamplesRecipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.not_read import NotReadCount
from tunesmith.sources.row import Dropped, Row, RowError, source_name


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
        leave_out: What a person took out, by id.
    """

    pieces: Sequence[Row | Example | Dropped]
    is_made: bool
    source: SourceRecipe
    recipe: ExamplesRecipe | None
    has_groups: bool = False
    not_read: NotReadCount = field(default_factory=NotReadCount)
    leave_out: Mapping[str, TakenOut] = field(default_factory=dict)


def clean_batch(batch: MaterialBatch) -> Chunk:
    """Make examples of rows, clean them, and take their fingerprints."""
    examples: list[Example] = []
    dropped: list[Dropped] = []
    dropped_at: list[int] = []
    redacted: dict[int, Counter[str]] = {}
    for read in _examples(batch):
        cleaned = _cleaned(read, batch)
        if isinstance(cleaned.item, Dropped):
            dropped.append(cleaned.item)
            dropped_at.append(len(examples))
            continue
        if cleaned.redacted:
            redacted[len(examples)] = cleaned.redacted
        examples.append(cleaned.item)
    records = [example.to_json() for example in examples]
    for record in () if batch.has_groups else records:
        record.pop("group", None)
    lines = [json_line(record) for record in records]
    return Chunk(
        lines=b"".join(lines),
        lengths=[len(line) for line in lines],
        prints=fingerprints(examples, [record["id"] for record in records]),
        named=[_named(example, batch.source) for example in examples],
        redacted=redacted,
        dropped=dropped,
        dropped_at=dropped_at,
        kept_by_source=Counter(source_name(example.source) for example in examples),
        removed=Counter(marker for example in examples for marker in removed_markers(example)),
        num_read=len(batch.pieces),
        not_read=batch.not_read,
    )


def _cleaned(read: Example | Dropped, batch: MaterialBatch) -> CleanedExample:
    """What stays of a piece: it is clean, and nobody took it out."""
    cleaned = clean_example(read, batch.recipe) if batch.recipe else CleanedExample(item=read)
    if not batch.leave_out or isinstance(cleaned.item, Dropped):
        return cleaned
    example = cleaned.item
    found = batch.leave_out.get(example.id)
    if found is None or found.source not in (None, example.source):
        return cleaned
    return CleanedExample(item=drop_example(example, RowError(LEFT_OUT, found.why)))


def _named(example: Example, source: SourceRecipe) -> int:
    """The split that is given, not drawn: what the recipe says goes before what the source says."""
    split = source.use_as or example.split
    return NO_SPLIT if split is None else SPLITS.index(split)


def _examples(batch: MaterialBatch) -> Iterator[Example | Dropped]:
    if batch.is_made:
        yield from (piece for piece in batch.pieces if not isinstance(piece, Row))
    else:
        rows = (piece for piece in batch.pieces if not isinstance(piece, Example))
        yield from to_examples(rows, batch.source, not_read=batch.not_read)
