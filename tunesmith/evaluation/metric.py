"""A metric of answers: its name, and the mark that a completion earns beside its reference."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A mark of one answer; those built in stand in `metrics`.

    Packages add theirs through the entry-point group `tunesmith.metrics`.

    Attributes:
        name: What a recipe calls it.
        measure: Completion and reference -> 0 to 100, more being better.
        description: What earns a mark, in a few words, for lists.
    """

    name: str
    measure: Callable[[str, str], float]
    description: str


class MeasureError(ValueError):
    """Why a row cannot be marked; whoever grades it counts it as failed, with these words."""
