"""A file of examples or of completions -> its rows by id, read from disk when asked for.

Memory holds an id and a position a row, never the texts, so grading does not grow with
the length of the answers.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from tunesmith.errors import MissingError
from tunesmith.examples.example import Example


class RowFile(Mapping[str, Mapping[str, Any]]):
    """JSON Lines as a mapping from the id under a key to the row, in the file's order."""

    def __init__(self, path: Path, *, key: str) -> None:
        """Read the file once, for the ids; of two rows with one id the first counts.

        Raises:
            MissingError: There is no such file.
        """
        if not path.is_file():
            raise MissingError("no such file", where=str(path))
        self._path = path
        self._offsets: dict[str, int] = {}
        offset = 0
        with path.open("rb") as stream:
            for line in stream:
                self._offsets.setdefault(orjson.loads(line)[key], offset)
                offset += len(line)

    def __getitem__(self, row_id: str) -> Mapping[str, Any]:
        with self._path.open("rb") as stream:
            stream.seek(self._offsets[row_id])
            row: Mapping[str, Any] = orjson.loads(stream.readline())
        return row

    def __contains__(self, row_id: object) -> bool:
        return row_id in self._offsets

    def __iter__(self) -> Iterator[str]:
        return iter(self._offsets)

    def __len__(self) -> int:
        return len(self._offsets)


class ReferenceFile(Mapping[str, str]):
    """`data/test.jsonl` as a mapping from example id to reference, in the file's order."""

    def __init__(self, path: Path) -> None:
        """Read the file once, for the ids.

        Raises:
            MissingError: There is no such file.
        """
        self._rows = RowFile(path, key="id")

    def __getitem__(self, example_id: str) -> str:
        return self.example(example_id).reference

    def __contains__(self, example_id: object) -> bool:
        return example_id in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def example(self, example_id: str) -> Example:
        """The whole example."""
        return Example.from_json(self._rows[example_id])
