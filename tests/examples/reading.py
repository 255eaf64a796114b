"""What a test's sources hold, as every command reads them, with nothing hidden in it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tunesmith.examples.example import Example
from tunesmith.examples.open_sources import made_examples, open_sources, weigh_sources
from tunesmith.examples.read_examples import read_examples
from tunesmith.recipe.recipe import ExamplesRecipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.row import Dropped

AS_IT_IS = ExamplesRecipe(redact=[], drop_near_duplicates=None)


def read_all(sources: Sequence[SourceRecipe], *, folder: Path) -> Iterator[Example | Dropped]:
    """Examples and what was dropped, in order; only what is said twice exactly is a duplicate."""
    return (read.item for read in read_examples(sources, AS_IT_IS, folder=folder))


def made_of(sources: Sequence[SourceRecipe], *, folder: Path) -> Iterator[Example | Dropped]:
    """The same before anything is cleaned or compared."""
    weights = weigh_sources(sources, folder=folder)
    for index, opened in enumerate(open_sources(sources, folder=folder)):
        yield from made_examples(
            opened.source, opened.material, folder=folder, index=index, weights=weights
        )
