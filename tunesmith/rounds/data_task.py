"""Kinds of failure and what there is to mend them with -> data tasks, the most useful first."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

TaskName = Literal["take out", "correct", "decide", "use", "accept", "teach", "review", "weigh"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataTask:
    """Something to change in the data.

    Attributes:
        name: What is done: `take out` rows that show a kind, `correct` answers become rows,
            `decide` contradictions, `use` material that was left out, `accept` a check first,
            `teach` by another model, `review` more, `weigh` a source.
        kind: The kind of failure that it is aimed at; None where it is none's alone.
        num_rows: Rows that are touched.
        gain: Points of answers that it may mend, at most; 0 where nobody knows.
        sentence: What to do and why.
        command: What does it, where the next recipe does not.
        is_in_recipe: Whether the next recipe has it.
    """

    name: TaskName
    sentence: str
    kind: str | None = None
    num_rows: int = 0
    gain: float = 0.0
    command: str | None = None
    is_in_recipe: bool = False

    def to_json(self) -> dict[str, Any]:
        """The record of `tunesmith next --json`."""
        return asdict(self)


def most_useful_first(tasks: Sequence[DataTask]) -> list[DataTask]:
    """What brings most first; of equals, what the recipe has, then what touches more rows."""
    return sorted(tasks, key=lambda one: (-one.gain, not one.is_in_recipe, -one.num_rows))
