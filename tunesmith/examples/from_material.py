"""The material of one source -> examples in order, and in their place what was dropped."""

from collections.abc import Iterable, Iterator

from tunesmith.examples.example import Example
from tunesmith.examples.from_pages import question_example, section_examples
from tunesmith.examples.shapes import to_example
from tunesmith.recipe.recipe import SourceRecipe
from tunesmith.sources.material import Material, Question, Section
from tunesmith.sources.row import Dropped, Row


def to_examples(
    material: Iterable[Material | Dropped], source: SourceRecipe
) -> Iterator[Example | Dropped]:
    """Turn each piece into the examples it holds.

    Args:
        material: As `read_source` yields it.
        source: What the recipe says of it: `fields` for rows, `subject` for documents.
    """
    fields = {str(ours): theirs for ours, theirs in source.fields.items()}
    for piece in material:
        if isinstance(piece, Dropped):
            yield piece
        elif isinstance(piece, Row):
            yield to_example(piece, fields)
        elif isinstance(piece, Question):
            yield question_example(piece)
        elif isinstance(piece, Section):
            yield from section_examples(piece, subject=source.subject)
        else:
            raise AssertionError(f"nothing reads {type(piece).__name__} yet")
