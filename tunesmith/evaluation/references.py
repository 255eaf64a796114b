"""A file of examples -> its references by id, read from disk when asked for.

Memory holds an id and a position a row, never the texts, so grading does not grow with
the length of the answers.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson

from tunesmith.errors import MissingError
from tunesmith.examples.example import Example


class ReferenceFile(Mapping[str, str]):
    """`data/test.jsonl` as a mapping from example id to reference, in the file's order."""

    def __init__(self, path: Path) -> None:
        """Read the file once, for the ids.

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
                self._offsets[orjson.loads(line)["id"]] = offset
                offset += len(line)

    def __getitem__(self, example_id: str) -> str:
        with self._path.open("rb") as stream:
            stream.seek(self._offsets[example_id])
            return Example.from_json(orjson.loads(stream.readline())).reference

    def __contains__(self, example_id: object) -> bool:
        return example_id in self._offsets

    def __iter__(self) -> Iterator[str]:
        return iter(self._offsets)

    def __len__(self) -> int:
        return len(self._offsets)
