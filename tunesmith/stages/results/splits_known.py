"""Where the rows of a recipe's folder lie, and who looked at its test sets: `tunesmith split`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tunesmith.stages.results.record_json import FOR_PEOPLE, as_dict


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitsKnown:
    """What is remembered of the splits.

    Attributes:
        splits: Rows that are remembered, by split; retired ones too.
        remembered: The file, which all recipes of the folder share.
        looks: The file of looks.
        test_sets: Those that were looked at: rows, looks, choices, people, first and last time,
            and whether it is the one that this run has now.
        unread: Lines of looks that are none.
        fresh: Rows of a fresh test set that was drawn now, those retired for it, and rows that
            were new; None where none was.
        summary: Lines for people.
    """

    splits: Mapping[str, int]
    remembered: str
    looks: str
    test_sets: tuple[Mapping[str, object], ...]
    unread: int
    fresh: Mapping[str, int] | None = None
    summary: tuple[str, ...] = field(default=(), metadata=FOR_PEOPLE)

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith split --json`."""
        return as_dict(self)
