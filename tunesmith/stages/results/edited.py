"""What was changed by hand: the record of `edit`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tunesmith.stages.results.record_json import FOR_PEOPLE, IF_SET, as_dict


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedPairs:
    """Changes to pairs.

    Attributes:
        file: Where they are written.
        line: The number of the line that was added; None where they were only listed.
        edits: What was added, or every line of the file, each with its `line`.
        standing: How many changes stand.
        unread: Numbers of lines that are none of ours.
        summary: The same for a person.
    """

    file: str
    edits: Sequence[Mapping[str, Any]]
    standing: int
    line: int | None = field(default=None, metadata=IF_SET)
    unread: Sequence[int] = ()
    summary: tuple[str, ...] = field(default=(), metadata=FOR_PEOPLE, repr=False)

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith edit --json`."""
        return as_dict(self)
