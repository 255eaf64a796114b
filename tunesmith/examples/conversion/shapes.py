"""A row in any of the usual shapes -> an Example, or Dropped with the reason.

The shapes are known by the names of their columns (`columns/column_names.py`). A recipe's
`fields` goes before. What no example is made of is counted by the name of its column.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tunesmith.examples.columns.column_names import ColumnChoice, ColumnRoles, column_roles
from tunesmith.examples.conversion.accounting import count_full, count_held, texts_of
from tunesmith.examples.conversion.conversations import MessageReader
from tunesmith.examples.conversion.end_markers import REMOVED, without_end_markers
from tunesmith.examples.conversion.prompt_headers import header_names, without_headers
from tunesmith.examples.conversion.row_reading import RowFields, RowReading
from tunesmith.examples.example import Example, Message
from tunesmith.examples.preference_rows import rejected_answer
from tunesmith.sources.not_read import NotReadCount
from tunesmith.sources.row import Dropped, Row, RowError
from tunesmith.sources.source_sums import SourceSum


@dataclass(slots=True)
class RowReader:
    """Reads rows, and counts what was in those it could use and no example is made of.

    Attributes:
        choice: What the recipe says of the columns.
        not_read: How many cells of each column were not, and how much stood in them.
        total: The sum of the rows' source.
    """

    choice: ColumnChoice = field(default_factory=ColumnChoice)
    not_read: NotReadCount = field(default_factory=NotReadCount)
    total: SourceSum = field(default_factory=SourceSum)
    _roles: dict[tuple[str, ...], ColumnRoles] = field(default_factory=dict)
    _messages: MessageReader = field(init=False)

    def __post_init__(self) -> None:
        self._messages = MessageReader(self.choice)

    def read(self, row: Row) -> Example | Dropped:
        """Read one row; a null counts as absent."""
        columns = row.fields
        self._messages.aside = []
        try:
            reading = RowReading(columns, self.roles(columns), self._messages)
            messages, marker, headers = self._bared(reading.messages())
            rejected = self._rejected(reading, messages) if self.choice.keeps_rejected else None
        except RowError as error:
            self.total.drop_cells(count_full(columns))
            return drop_row(row, error)
        removed = [name for name in (marker, header_names(headers) if headers else None) if name]
        tags = (*reading.tags(), *(f"{REMOVED}{name}" for name in removed))
        group = group_of(columns)
        if group is not None:
            reading.used.add("group")
        example = Example(
            messages=messages, source=row.source, group=group, tags=tags, rejected=rejected
        )
        self._count(row, reading, example, (marker or "", *(headers or ()), rejected or ""))
        return example

    def _bared(
        self, messages: tuple[Message, ...]
    ) -> tuple[tuple[Message, ...], str | None, tuple[str, str] | None]:
        """A conversation without what a template writes, and what that was."""
        messages, marker = without_end_markers(messages)
        if self.choice.keeps_headers:
            return messages, marker, None
        bare, headers = without_headers(messages)
        return bare, marker, headers

    def _rejected(self, reading: RowReading, messages: Sequence[Message]) -> str | None:
        """The answer that is worse, read as the chosen one was."""

        def read(columns: RowFields) -> Sequence[Message]:
            other = RowReading(columns, self.roles(columns), MessageReader(self.choice))
            return self._bared(other.messages())[0]

        found = rejected_answer(reading.columns, reading.roles, reading.used, messages, read)
        if found is None:
            return None
        reading.used.add(found[0])
        return found[1]

    def _count(
        self, row: Row, reading: RowReading, example: Example, removed: Sequence[str]
    ) -> None:
        """Enter every cell: it is used, and found in the messages; or it is not read."""
        unread, columns, total = reading.unread(), row.fields, self.total
        self.not_read.add_cells(row.source, unread)
        left = [value for _, value in (*reading.reader.aside, *reading.left)]  # within used cells
        beside = [*(texts_of(left) if left else ()), *example.tags, example.group or "", *removed]
        total.cells_read += count_full(columns)
        total.cells_not_read += len(unread) - len(left)
        total.cells_in_examples += count_held(columns, reading.used, example.messages, beside)

    def roles(self, columns: RowFields) -> ColumnRoles:
        """Who plays which role among these columns."""
        names = tuple(columns)
        found = self._roles.get(names)
        if found is None:
            found = self._roles[names] = column_roles(names, self.choice)
        return found


def to_example(row: Row, fields: Mapping[str, str] | None = None) -> Example | Dropped:
    """Read one row.

    Args:
        row: Its fields as the source gave them. Null counts as absent.
        fields: Our name -> the row's, e.g. `{"response": "answer"}`.
    """
    return RowReader(ColumnChoice(fields=tuple((fields or {}).items()))).read(row)


def drop_row(row: Row, fault: RowError) -> Dropped:
    """A row that makes no example, shown as JSON."""
    text = json.dumps(dict(row.fields), ensure_ascii=False, default=str)
    return Dropped.of(fault, source=row.source, text=text)


def group_of(columns: RowFields) -> str | None:
    """What the row itself says it may not be separated from."""
    value = columns.get("group")
    return value if isinstance(value, str) and value else None
