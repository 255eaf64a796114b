"""Sources with weights -> a mix with these proportions, as large as it can be without repeats.

Each source is counted first and then thinned evenly, so that a file sorted by label keeps all
its labels. Memory does not grow with the rows. What is left out is dropped by name, and counted.
"""

import random
from collections.abc import Iterable, Iterator, Sequence

from tunesmith.examples.example import Example, drop_example
from tunesmith.sources.row import Dropped, RowError

OVER_WEIGHT = "over its weight"


def shares(available: Sequence[int], weights: Sequence[float]) -> list[int]:
    """How many examples of each source make the largest mix with these proportions.

    Args:
        available: Examples of each source, at least one.
        weights: Of the same sources; only their ratios count.

    Returns:
        Numbers within one of the exact proportions; one source at least is used up.
    """
    scale = min(count / weight for count, weight in zip(available, weights, strict=True))
    return [
        min(count, max(1, round(scale * weight)))
        for count, weight in zip(available, weights, strict=True)
    ]


def count_examples(items: Iterable[Example | Dropped]) -> int:
    """How many of them are examples."""
    return sum(isinstance(item, Example) for item in items)


def sample_examples(
    items: Iterable[Example | Dropped], *, keep: int, available: int, seed: str
) -> Iterator[Example | Dropped]:
    """Let exactly `keep` of the `available` examples pass, each equally likely.

    This is selection sampling (Knuth, volume 2, algorithm S): one number a row, in order. The
    draw depends on the seed and the number of rows alone.
    """
    generator = random.Random(seed)
    left = available
    for item in items:
        if isinstance(item, Dropped):
            yield item
            continue
        if generator.random() * left < keep:
            keep -= 1
            yield item
        else:
            detail = "the weights ask for fewer rows of this source"
            yield drop_example(item, RowError(OVER_WEIGHT, detail))
        left -= 1
