"""An example -> the same, cleaned; or why it is left out, so that it can run in any process."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from tunesmith.examples.answers import ANSWER_REASONS, answer_fault
from tunesmith.examples.characters import CONTROL_CHARACTERS, character_fault
from tunesmith.examples.example import Example, drop_example
from tunesmith.examples.language import WRONG_LANGUAGE, language_fault
from tunesmith.examples.leave_out import LEFT_OUT
from tunesmith.examples.redaction.redact import redact, redact_dropped
from tunesmith.recipe.recipe import ExamplesRecipe
from tunesmith.sources.row import Dropped, RowError

# Reasons of this room: left out on purpose, which `examples.max_bad` does not count.
CLEANED = frozenset({*ANSWER_REASONS, CONTROL_CHARACTERS, WRONG_LANGUAGE, LEFT_OUT})


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanedExample:
    """An example that may stay, or why not; and how much was hidden in it, by kind."""

    item: Example | Dropped
    redacted: Counter[str] = field(default_factory=Counter)


def clean_example(
    item: Example | Dropped, recipe: ExamplesRecipe, *, restored: Collection[str] = ()
) -> CleanedExample:
    """Hide what the recipe names, then drop the example if a filter finds a fault.

    What was dropped before passes through too, for its text and detail may hold secrets.
    Nothing is counted of what is dropped: it is not in the data set. What a person has `restored`,
    by its id, no filter drops.
    """
    if isinstance(item, Dropped):
        return CleanedExample(item=redact_dropped(item, recipe.redact, seed=recipe.seed))
    example, redacted = redact(item, recipe.redact, seed=recipe.seed)
    fault = (
        character_fault(example)
        or (example.rejected is not None and character_fault(_turned(example, example.rejected)))
        or answer_fault(example)
        or language_fault(example, recipe.language)
    )
    if fault and not (restored and example.id in restored):
        return CleanedExample(item=drop_example(example, RowError(*fault)))
    return CleanedExample(item=example, redacted=redacted)


def _turned(example: Example, answer: str) -> Example:
    """The example with another last answer."""
    last = replace(example.messages[-1], content=answer)
    return replace(example, messages=(*example.prompt, last))
