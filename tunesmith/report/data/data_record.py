"""The `data/` of a run -> what the report shows of it; counts are of all rows, texts of some.

Any file may be missing: what it would have told is then empty.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from tunesmith.examples.example import Example
from tunesmith.files import read_json, read_json_lines

EXAMPLES_PER_REASON = 5
MAX_CONTRADICTIONS = 20
SAMPLE_ROWS = 6
MAX_TRAIN_ROWS = 2_000
_MAX_LINE_BYTES = 2**20
_SMALL_BYTES = 2**23

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRecord:
    """What is known of a run's data.

    Attributes:
        dropped: By reason, some of each.
        dropped_by_source: By source and reason, how many.
        contradictions: The first, as `data/contradictions.jsonl` holds them.
        num_contradictions: Of all.
        lengths: `data/token_lengths.json`.
        sample: Rows from all over the training set.
        train: More of them, up to `MAX_TRAIN_ROWS`; all where they are no more.
    """

    dropped: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    dropped_by_source: Mapping[str, Counter[str]] = field(default_factory=dict)
    contradictions: tuple[Record, ...] = ()
    num_contradictions: int = 0
    lengths: Record = field(default_factory=dict)
    sample: tuple[Example, ...] = ()
    train: tuple[Example, ...] = ()


def read_data_record(folder: Path) -> DataRecord:
    """Read what preparing wrote into a folder.

    Raises:
        DataError: A file is damaged; the line is named.
    """
    dropped, by_source = _dropped(folder / "dropped.jsonl")
    lines = _lines(folder / "contradictions.jsonl")
    contradictions = tuple(islice(lines, MAX_CONTRADICTIONS))
    lengths = folder / "token_lengths.json"
    return DataRecord(
        dropped=dropped,
        dropped_by_source=by_source,
        contradictions=contradictions,
        num_contradictions=len(contradictions) + sum(1 for _ in lines),
        lengths=dict(read_json(lengths)) if lengths.is_file() else {},
        sample=tuple(_sample(folder / "train.jsonl", SAMPLE_ROWS)),
        train=tuple(_train(folder / "train.jsonl")),
    )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    return read_json_lines(path) if path.is_file() else iter(())


def _dropped(path: Path) -> tuple[dict[str, tuple[Record, ...]], dict[str, Counter[str]]]:
    kept: dict[str, list[Record]] = {}
    by_source: dict[str, Counter[str]] = {}
    for record in _lines(path):
        reason = record["reason"]
        source = str(record.get("source", "")).rpartition(":")[0]
        by_source.setdefault(source, Counter())[reason] += 1
        some = kept.setdefault(reason, [])
        if len(some) < EXAMPLES_PER_REASON:
            some.append(record)
    return {reason: tuple(some) for reason, some in kept.items()}, by_source


def _train(path: Path) -> Iterator[Example]:
    """All rows of a small file, else rows at even distances."""
    if path.is_file() and path.stat().st_size <= _SMALL_BYTES:
        lines = islice(read_json_lines(path), MAX_TRAIN_ROWS + 1)
        rows = [Example.from_json(record) for record in lines]
        if len(rows) <= MAX_TRAIN_ROWS:
            return iter(rows)
    return _sample(path, MAX_TRAIN_ROWS)


def _sample(path: Path, num_rows: int) -> Iterator[Example]:
    """Rows at even distances; only they are read, for the file may be large."""
    size = path.stat().st_size if path.is_file() else 0
    seen = set()
    for number in range(num_rows if size else 0):
        with path.open("rb") as stream:
            stream.seek(size * number // num_rows)
            if number:
                stream.readline()  # the rest of a line that began before
            place, line = stream.tell(), stream.readline(_MAX_LINE_BYTES)
        if line.endswith(b"\n") and place not in seen:
            seen.add(place)
            yield Example.from_json(orjson.loads(line))
