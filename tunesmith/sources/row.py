"""What every source yields: rows and their places, what could not be read, what was passed over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from tunesmith.sources.lines import excerpt
from tunesmith.sources.lines import num_characters as count_characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record of a table or list, its fields as they were read.

    `source` is the place a person can go to: `faq.jsonl:17`, `table.parquet:row 3`.
    """

    fields: Mapping[str, object]
    source: str


class RowError(ValueError):
    """Why a row is refused; whoever reads the row turns it into a Dropped."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """Something that was read and left out: nothing disappears.

    `reason` is a short name that can be counted ("exact duplicate", "bad JSON"); `detail`
    says what exactly, with the value; `text` is the beginning of what was dropped, which has
    `num_characters` in all, blanks aside. `example_id` is that of the example it had become.
    """

    source: str
    reason: str
    detail: str
    text: str
    num_characters: int = field(default=0, compare=False)
    example_id: str | None = field(default=None, compare=False)

    @classmethod
    def of(
        cls,
        fault: RowError,
        *,
        source: str,
        text: bytes | str = "",
        num_characters: int | None = None,
        example_id: str | None = None,
    ) -> Self:
        """What was left out for a fault.

        Args:
            fault: Its reason and detail.
            source: The place.
            text: What was dropped, of which the beginning is shown.
            num_characters: Of all that was dropped, where that is more than the text.
            example_id: Of the example that it had become, by which a person may restore it.
        """
        return cls(
            source=source,
            reason=fault.reason,
            detail=fault.detail,
            text=excerpt(text),
            num_characters=count_characters(text) if num_characters is None else num_characters,
            example_id=example_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRead:
    """What stands in a source and is passed over on purpose: listed by name, with counts.

    For what would be noise in the list of dropped pieces: ids, navigation, quoted text. `name`
    says what it is ("column 'category'", "navigation"); `text` is all of it.
    """

    source: str
    name: str
    text: str


def source_name(source: str) -> str:
    """The file or data set of a place: `faq.jsonl:17` stands in `faq.jsonl`."""
    return source.rpartition(":")[0]
