"""Examples -> a Parquet file with one schema for all rows, which every tool reads at once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tunesmith.examples.example import Example, Message
from tunesmith.files import atomic_file

_ROWS_AT_ONCE = 1_000
_TURN = pa.struct(
    [
        ("role", pa.string()),
        ("content", pa.string()),
        ("input", pa.string()),
        ("is_trained", pa.bool_()),
    ]
)
_COLUMNS = {
    "text": [("text", pa.string())],
    "pairs": [("instruction", pa.string()), ("input", pa.string()), ("response", pa.string())],
    "messages": [("messages", pa.list_(_TURN))],
}
_ALWAYS = [("source", pa.string()), ("group", pa.string()), ("tags", pa.list_(pa.string()))]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnLayout:
    """Which columns the rows of a data set need.

    Pairs stand in three columns if all rows but plain texts are pairs; beside conversations
    they are conversations too, for a row has one shape.
    """

    has_text: bool
    has_pairs: bool
    has_messages: bool

    @property
    def names(self) -> list[str]:
        """The columns, in order."""
        return [str(name) for name in self.schema.names]

    @property
    def schema(self) -> Any:
        """The columns with their types."""
        shape = "messages" if self.has_messages else "pairs"
        fields = [("id", pa.string())]
        fields += _COLUMNS[shape] if self.has_messages or self.has_pairs else []
        fields += _COLUMNS["text"] if self.has_text else []
        return pa.schema([*fields, *_ALWAYS])


def find_layout(examples: Iterable[Example]) -> ColumnLayout:
    """The columns that all rows of a data set need together."""
    kinds = {_kind(example) for example in examples}
    return ColumnLayout(
        has_text="text" in kinds, has_pairs="pairs" in kinds, has_messages="messages" in kinds
    )


def write_parquet(path: Path, examples: Iterable[Example], layout: ColumnLayout) -> int:
    """Write examples in order; memory holds a thousand at a time. Returns how many."""
    count = 0
    schema = layout.schema
    with atomic_file(path) as stream, pq.ParquetWriter(stream, schema) as writer:
        rows = _rows(examples, layout)
        while some := list(islice(rows, _ROWS_AT_ONCE)):
            writer.write_table(pa.Table.from_pylist(some, schema=schema))
            count += len(some)
    return count


def public_source(source: str) -> str:
    """Where an example came from, without the folders of the machine that prepared it."""
    name, colon, place = source.rpartition(":")
    file = name if colon else place
    path: PurePath = PureWindowsPath(file) if PureWindowsPath(file).drive else PurePath(file)
    if path.is_absolute() or file.startswith("~") or ".." in path.parts:
        file = path.name
    return f"{file}{colon}{place}" if colon else file


def _kind(example: Example) -> str:
    record = example.to_json()
    return next((kind for kind in ("text", "messages") if kind in record), "pairs")


def _rows(examples: Iterable[Example], layout: ColumnLayout) -> Iterator[dict[str, Any]]:
    for example in examples:
        row = {
            **example.to_json(),
            "source": public_source(example.source),
            "group": example.group,
            "tags": list(example.tags),
        }
        if layout.has_messages and not example.is_text:
            row["messages"] = [_turn(message) for message in example.messages]
        yield row


def _turn(message: Message) -> dict[str, Any]:
    return {
        "role": message.role,
        "content": message.content,
        "input": message.input or None,
        "is_trained": message.is_trained,
    }
