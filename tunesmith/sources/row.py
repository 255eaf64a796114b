"""What every source yields: rows with the place they came from, and what could not be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from tunesmith.sources.lines import excerpt


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
    says what exactly, with the value; `text` is the beginning of what was dropped.
    """

    source: str
    reason: str
    detail: str
    text: str

    @classmethod
    def of(cls, fault: RowError, *, source: str, text: bytes | str = "") -> Self:
        """What was left out for a fault.

        Args:
            fault: Its reason and detail.
            source: The place.
            text: What was dropped, of which the beginning is shown.
        """
        return cls(source=source, reason=fault.reason, detail=fault.detail, text=excerpt(text))
