"""Examples -> the same without repeated ones, which come as Dropped and name the first."""

from collections.abc import Iterable, Iterator

from tunesmith.examples.example import Example, last_user_text
from tunesmith.sources.lines import preview
from tunesmith.sources.row import Dropped

EXACT_DUPLICATE = "exact duplicate"


def drop_exact_duplicates(
    items: Iterable[Example | Dropped],
) -> Iterator[Example | Dropped]:
    """Let the first of equal conversations pass; what was dropped before passes too.

    Memory grows with the number of different examples, by about 150 bytes each.
    """
    first_sources: dict[bytes, str] = {}
    for item in items:
        if isinstance(item, Dropped):
            yield item
            continue
        first = first_sources.setdefault(bytes.fromhex(item.id), item.source)
        yield item if first is item.source else _duplicate(item, first)


def _duplicate(example: Example, first: str) -> Dropped:
    return Dropped(
        source=example.source,
        reason=EXACT_DUPLICATE,
        detail=f"the same conversation as {first}",
        text=preview(last_user_text(example.messages) or example.reference),
    )
