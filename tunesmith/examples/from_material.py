"""The material of one source -> examples in order, and in their place what was dropped."""

import itertools
from collections.abc import Iterable, Iterator

from tunesmith.examples.example import Example
from tunesmith.examples.from_threads import threads_to_examples
from tunesmith.examples.shapes import to_example
from tunesmith.recipe.recipe import SourceRecipe
from tunesmith.sources.material import Material, Thread
from tunesmith.sources.row import Dropped, Row


def to_examples(
    material: Iterable[Material | Dropped], source: SourceRecipe
) -> Iterator[Example | Dropped]:
    """Turn each piece into the examples it holds.

    Args:
        material: As `read_source` yields it.
        source: What the recipe says of it: `fields` for rows, `staff` for threads.
    """
    fields = {str(ours): theirs for ours, theirs in source.fields.items()}
    pieces = iter(material)
    for piece in pieces:
        if isinstance(piece, Dropped):
            yield piece
        elif isinstance(piece, Row):
            yield to_example(piece, fields)
        elif isinstance(piece, Thread):  # a source of threads holds nothing else
            yield from threads_to_examples(itertools.chain([piece], pieces), source)
        else:
            raise AssertionError(f"nothing reads {type(piece).__name__} yet")
