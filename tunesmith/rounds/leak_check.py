"""Rows that are about to be trained and a test set -> those that may be, those that would leak it.

The same comparison that keeps splits apart: equal conversations, equal but for case and
punctuation, one prompt, one group, or word triples in common. Characters that are not seen, and
other forms of the same letters, hide nothing: both sides are compared in Unicode's compatibility
form without them.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tunesmith.examples.example import Example, drop_example
from tunesmith.examples.read_chunks import chunk_examples
from tunesmith.examples.splitting.collection import Collection
from tunesmith.examples.splitting.overlap import find_overlaps
from tunesmith.recipe.recipe import ExamplesRecipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.row import Dropped, RowError

LEAK = "would leak a test row"


def refuse_test_rows(
    rows: Sequence[Example], test: Iterable[Example], recipe: ExamplesRecipe | None = None
) -> tuple[list[Example], list[Dropped]]:
    """Part rows that a test row stands in, in some form, from those that may be trained.

    Args:
        rows: Corrected, taught or added examples.
        test: The test set.
        recipe: From which similarity on rows belong together; the defaults, if not given.

    Returns:
        The rows that may be trained, in order; and the others, each with what it shares.
    """
    plain, held = [_plain(one) for one in rows], [_plain(one) for one in test]
    if not plain or not held:
        return [*rows], []
    parts = [
        (SourceRecipe(path="test", use_as="test"), held),
        (SourceRecipe(path="train", use_as="train"), plain),
    ]
    with TemporaryDirectory() as passing, Collection(Path(passing)) as collection:
        collection.add_all(chunk_examples(parts))
        found = find_overlaps(collection, collection.named, recipe or ExamplesRecipe())
    fresh, refused = [], []
    for place, one in enumerate(rows, start=len(held)):
        if place in found:
            refused.append(drop_example(one, RowError(LEAK, f"{found[place].words} a test row")))
        else:
            fresh.append(one)
    return fresh, refused


def _plain(example: Example) -> Example:
    messages = (
        replace(one, content=_seen(one.content), input=_seen(one.input)) for one in example.messages
    )
    return replace(example, messages=tuple(messages))


def _seen(text: str) -> str:
    """A text without characters that are not seen, in Unicode's compatibility form."""
    if text.isascii():
        return text
    folded = unicodedata.normalize("NFKC", text)
    return "".join(one for one in folded if unicodedata.category(one) not in ("Cf", "Cc"))
