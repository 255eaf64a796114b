"""Examples -> the same, cleaned and without repeated ones; what goes out has its reason.

`clean_example` looks at one example alone, so that it can run in other processes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tunesmith.examples.answers import ANSWER_REASONS, answer_fault
from tunesmith.examples.characters import CONTROL_CHARACTERS, character_fault
from tunesmith.examples.example import Example, last_user_text
from tunesmith.examples.language import WRONG_LANGUAGE, language_fault
from tunesmith.examples.redaction.redact import redact, redact_dropped
from tunesmith.recipe.recipe import ExamplesRecipe
from tunesmith.sources.lines import excerpt
from tunesmith.sources.row import Dropped

EXACT_DUPLICATE = "exact duplicate"
# Reasons of this room: left out on purpose, which `examples.max_bad` does not count.
CLEANED = frozenset({*ANSWER_REASONS, CONTROL_CHARACTERS, WRONG_LANGUAGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanedExample:
    """An example that may stay, or why not; and how much was hidden in it, by kind."""

    item: Example | Dropped
    redacted: Counter[str] = field(default_factory=Counter)


def clean_example(item: Example | Dropped, recipe: ExamplesRecipe) -> CleanedExample:
    """Hide what the recipe names, then drop the example if a filter finds a fault.

    What was dropped before passes through too, for its text and detail may hold secrets.
    Nothing is counted of what is dropped: it is not in the data set.
    """
    if isinstance(item, Dropped):
        return CleanedExample(item=redact_dropped(item, recipe.redact, seed=recipe.seed))
    example, redacted = redact(item, recipe.redact, seed=recipe.seed)
    fault = (
        character_fault(example)
        or answer_fault(example)
        or language_fault(example, recipe.language)
    )
    if fault is not None:
        reason, detail = fault
        return CleanedExample(item=_dropped(example, reason, detail))
    return CleanedExample(item=example, redacted=redacted)


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
    return _dropped(example, EXACT_DUPLICATE, f"the same conversation as {first}")


def _dropped(example: Example, reason: str, detail: str) -> Dropped:
    text = excerpt(last_user_text(example.messages) or example.reference)
    return Dropped(source=example.source, reason=reason, detail=detail, text=text)
