"""The material of one source -> examples in order, and in their place what was dropped."""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

from tunesmith.examples.columns.column_plan import column_choice
from tunesmith.examples.conversion.from_pages import question_example, section_examples
from tunesmith.examples.conversion.from_threads import threads_to_examples
from tunesmith.examples.conversion.nested_rows import holds_rows, nested_rows
from tunesmith.examples.conversion.prompted import prompted_examples
from tunesmith.examples.conversion.shapes import RowReader
from tunesmith.examples.example import Example
from tunesmith.examples.tasks.task_examples import task_examples
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.material import AnsweredQuestion, Material, Section, Thread
from tunesmith.sources.not_read import NotReadCount
from tunesmith.sources.row import Dropped, Row


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
    if source.prompts is not None:
        return prompted_examples(material, source, folder=folder)
    if source.task is not None:
        return task_examples(material, source, folder=folder, not_read=not_read)
    return _examples(material, source, not_read)


def _examples(
    material: Iterable[Material | Dropped], source: SourceRecipe, not_read: NotReadCount | None
) -> Iterator[Example | Dropped]:
    reader = RowReader(column_choice(source))
    pieces = iter(material)
    for piece in pieces:
        if isinstance(piece, Dropped):
            yield piece
        elif isinstance(piece, Row) and not holds_rows(piece):
            yield reader.read(piece)
        elif isinstance(piece, Row):
            yield from _row_examples(piece, reader)
        elif isinstance(piece, AnsweredQuestion):
            yield question_example(piece)
        elif isinstance(piece, Section):
            yield from section_examples(piece, subject=source.subject)
        elif isinstance(piece, Thread):  # a source of threads holds nothing else
            yield from threads_to_examples(itertools.chain([piece], pieces), source)
        else:
            raise AssertionError(f"nothing reads {type(piece).__name__} yet")
    if not_read is not None:
        not_read.update(reader.not_read)


def _row_examples(row: Row, reader: RowReader) -> Iterator[Example | Dropped]:
    for one in nested_rows(row):
        if isinstance(one, Row):
            yield reader.read(one)
        elif isinstance(one, Dropped):
            yield one
        else:
            reader.not_read.add(one)
