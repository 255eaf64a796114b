"""Examples that are to be given away -> what in them should be hidden first, by kind.

Data that was prepared with every kind of redaction holds nothing that is found here.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tunesmith.examples.example import Example
from tunesmith.examples.redaction.redact import ALL_KINDS, redact, redact_name

MAX_PLACES = 3


@dataclass(slots=True)
class Leaks:
    """How many secrets of each kind were found, and where the first are, never what they say."""

    kinds: Counter[str] = field(default_factory=Counter)
    num_rows: int = 0
    places: list[str] = field(default_factory=list)


def find_leaks(examples: Iterable[Example], *, words: str = "") -> Leaks:
    """Look for whatever redaction would hide, also in kinds that the recipe left in clear.

    Args:
        examples: All that would go out, places and tags included.
        words: One more text that may not occur, such as the key the upload itself uses.
    """
    found = Leaks()
    for example in examples:
        _, counts = redact(example, ALL_KINDS)
        if redact_name(example.source, ALL_KINDS) != example.source:
            counts["file name"] += 1
        if words and any(words in one.content + one.input for one in example.messages):
            counts["secret"] += 1
        if counts:
            found.num_rows += 1
            found.kinds += counts
            if len(found.places) < MAX_PLACES:
                found.places.append(f"{example.id}: {', '.join(counts)}")
    return found
