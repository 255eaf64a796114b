"""Tables and JSON Lines of words that stand nowhere else, in every place of a row."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.feather import write_feather

from tests.laws.files_of_words import FileKind, Part, Words, lines


def _pair(words: Words, place: int) -> dict[str, Any]:
    return {"question": f"How {words.some()}?", "answer": f"So {words.some()}."}


_ROW_PARTS: dict[str, Part] = {
    "pair": _pair,
    "with_context": lambda words, place: _pair(words, place) | {"context": words.some()},
    "unanswered": lambda words, place: {"question": f"How {words.some()}?", "answer": ""},
    "unasked": lambda words, place: {"question": "", "answer": f"So {words.some()}."},
    "labelled": lambda words, place: _pair(words, place) | {"category": words.some(1)},
    "numbered": lambda words, place: _pair(words, place) | {"id": f"{place} {words.some(1)}"},
}
_COLUMNS = ("id", "question", "answer", "context", "category")


def _full(part: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part.get(name, "") for name in _COLUMNS}


def _write_table(delimiter: str) -> Callable[[Path, Sequence[Any]], None]:
    def write(path: Path, parts: Sequence[Any]) -> None:
        rows = [delimiter.join(f'"{cell}"' for cell in _full(part).values()) for part in parts]
        lines(path, [delimiter.join(_COLUMNS), *rows])

    return write


def _write_parquet(path: Path, parts: Sequence[Any]) -> None:
    pq.write_table(pa.Table.from_pylist([_full(part) for part in parts]), path)


def _json_lines(path: Path, parts: Sequence[Any]) -> None:
    lines(path, [part if isinstance(part, str) else json.dumps(part) for part in parts])


ROW_FILES = (
    FileKind(
        kind="jsonl",
        name="faq.jsonl",
        parts=_ROW_PARTS | {"broken": lambda words, place: f'{{"question": "{words.some()}'},
        write=_json_lines,
    ),
    FileKind(
        kind="json",
        name="faq.json",
        parts=_ROW_PARTS,
        write=lambda path, parts: lines(path, [json.dumps(list(parts))]),
    ),
    FileKind(kind="csv", name="faq.csv", parts=_ROW_PARTS, write=_write_table(",")),
    FileKind(kind="tsv", name="faq.tsv", parts=_ROW_PARTS, write=_write_table("\t")),
    FileKind(
        kind="parquet",
        name="faq.parquet",
        parts=_ROW_PARTS,
        write=lambda path, parts: pq.write_table(
            pa.Table.from_pylist(list(map(_full, parts))), path
        ),
    ),
    FileKind(
        kind="arrow",
        name="faq.feather",
        parts=_ROW_PARTS,
        write=lambda path, parts: write_feather(
            pa.Table.from_pylist(list(map(_full, parts))), path
        ),
    ),
)
