"""The material of one source -> examples in order, and in their place what was dropped."""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

from tunesmith.examples.columns.column_plan import column_choice
from tunesmith.examples.conversion.accounting import placed
from tunesmith.examples.conversion.from_pages import question_example, section_examples
from tunesmith.examples.conversion.from_threads import threads_to_examples
from tunesmith.examples.conversion.nested_rows import holds_rows, nested_rows
from tunesmith.examples.conversion.shapes import RowReader
from tunesmith.examples.example import Example
from tunesmith.examples.promptsource.prompted import prompted_examples
from tunesmith.examples.tasks.task_examples import task_examples
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.material import AnsweredQuestion, Material, Section, Thread
from tunesmith.sources.not_read import NotReadCount
from tunesmith.sources.row import Dropped, Row
from tunesmith.sources.source_sums import SourceSum, taken


def to_examples(
    material: Iterable[Material | Dropped],
    source: SourceRecipe,
    *,
    folder: Path = Path(),
    not_read: NotReadCount | None = None,
) -> Iterator[Example | Dropped]:
    """Turn each piece into the examples it holds.

    Args:
        material: As `read_source` yields it.
        source: What the recipe says of it: `fields`, or a prompt template, for rows; `subject`
            for documents; `staff` for threads.
        folder: The recipe's; paths are relative to it.
        not_read: Grows by the columns of rows that no example is made of.

    Raises:
        MissingError: There is no file of prompt templates.
        RecipeError: It holds none that can run, or `columns` or `labels` do not fit the task.
    """
    count = NotReadCount() if not_read is None else not_read
    total = count.sums.of(source.path or source.hub or "")
    pieces = taken(material, total)
    if source.prompts is not None:
        made = prompted_examples(pieces, source, folder=folder, not_read=count)
    elif source.task is not None:
        made = task_examples(pieces, source, folder=folder, not_read=count)
    else:
        made = _examples(pieces, source, count)
    return _counted(made, total)


def _counted(made: Iterator[Example | Dropped], total: SourceSum) -> Iterator[Example | Dropped]:
    for item in made:
        total.num_made += 1
        yield item


def _examples(
    material: Iterable[Material | Dropped], source: SourceRecipe, not_read: NotReadCount
) -> Iterator[Example | Dropped]:
    total = not_read.sums.of(source.path or source.hub or "")
    reader = RowReader(column_choice(source), not_read=not_read, total=total)
    pieces = iter(material)
    for piece in pieces:
        if isinstance(piece, Row) and not holds_rows(piece):
            yield reader.read(piece)
        elif isinstance(piece, Row):
            yield from _row_examples(piece, reader)
        else:
            yield from placed(_text_examples(piece, pieces, source), total, piece)


def _text_examples(
    piece: Material | Dropped, following: Iterator[Material | Dropped], source: SourceRecipe
) -> Iterator[Example | Dropped]:
    """The examples of a piece that is no row."""
    if isinstance(piece, Dropped):
        yield piece
    elif isinstance(piece, AnsweredQuestion):
        yield question_example(piece)
    elif isinstance(piece, Section):
        yield from section_examples(piece, subject=source.subject)
    elif isinstance(piece, Thread):  # a source of threads holds nothing else
        yield from threads_to_examples(itertools.chain([piece], following), source)
    else:
        raise AssertionError(f"nothing reads {type(piece).__name__} yet")


def _row_examples(row: Row, reader: RowReader) -> Iterator[Example | Dropped]:
    for one in nested_rows(row):
        if isinstance(one, Row):
            yield reader.read(one)
        elif isinstance(one, Dropped):
            reader.total.drop_text(one.num_characters)
            yield one
        else:
            reader.not_read.add(one)
            reader.total.pass_over(one.text)
