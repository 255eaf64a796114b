"""An example that a person's change is about, held back until all of the material has been read."""

from collections import Counter
from dataclasses import dataclass, field

from tunesmith.examples.example import Example
from tunesmith.sources.row import Dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """A clean example as its source gave it.

    Attributes:
        example: Its `split` is the one that the recipe or the source names for it.
        redacted: What was hidden in it.
    """

    example: Example
    redacted: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True, kw_only=True)
class ChangedRow:
    """A held row, and what changes have made of it so far.

    Attributes:
        held: What it was.
        example: What it is.
        ids: Of all that it was, the source's first: it lies where they lay.
        fault: Why it is left out; None while it is not.
    """

    held: HeldRow
    example: Example
    ids: list[str]
    fault: Dropped | None = None

    @property
    def is_changed(self) -> bool:
        """Whether its texts are no longer those of the source."""
        return self.example is not self.held.example
