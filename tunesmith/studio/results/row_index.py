"""A run's files of test rows -> numbers by row, and where each text lies.

Memory holds a few bytes a row, model and metric. What is kept is of the files as they were: one
that changes makes another index.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tunesmith.report.record import AnswerCount, RowFacts
from tunesmith.sources.row import source_name
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.studio.results.line_table import IntArray, line_starts, read_columns_of

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]
_ROWS = pa.schema({"id": pa.string(), "source": pa.string(), "tags": pa.list_(pa.string())})
_ANSWERS = pa.schema(
    {
        "example_id": pa.string(),
        "model": pa.string(),
        "finish_reason": pa.string(),
        "has_near_tie": pa.bool_(),
    }
)
_GRADES = pa.schema(
    {
        "example_id": pa.string(),
        "model": pa.string(),
        "metric": pa.string(),
        "score": pa.float64(),
        "reason": pa.string(),
    }
)
_SIGNS = pa.schema({"example_id": pa.string(), "model": pa.string()})
_NUM_KEPT = 2
_lock = threading.Lock()
_at_hand: deque[object] = deque(maxlen=_NUM_KEPT)  # the last that were asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPlaces:
    """One model's answers: the file, where each row's begins (-1: none), which were cut off."""

    path: Path
    starts: IntArray
    is_cut: BoolArray


@dataclass(slots=True, kw_only=True)
class RowIndex:
    """All test rows of a run, in the order of their file.

    Attributes:
        path: The test rows.
        ids: Of the rows.
        starts: Where each begins.
        sources: The names of sources.
        source_of: Each row's, as its place among them.
        tags: Each row's.
        answers: By model.
        scores: By metric and model, 0 to 100 or a loss; NaN where there is none.
        grades: By metric: the file, and by model where each row's grade begins.
        signs: By model and sign: the rows that show it.
        told: What the report counts in these files.
    """

    path: Path
    ids: pa.Array
    starts: IntArray
    sources: list[str]
    source_of: IntArray
    tags: pa.Array
    answers: dict[str, AnswerPlaces] = field(default_factory=dict)
    scores: dict[str, dict[str, FloatArray]] = field(default_factory=dict)
    grades: dict[str, tuple[Path, dict[str, IntArray]]] = field(default_factory=dict)
    signs: dict[str, dict[str, BoolArray]] = field(default_factory=dict)
    told: RowFacts = field(default_factory=RowFacts)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.ids)

    @property
    def models(self) -> list[str]:
        """Those that answered: base, tuned, then the others by name."""
        first = [one for one in ("base", "tuned") if one in self.answers]
        return [*first, *sorted(self.answers.keys() - {*first})]

    def place(self, row: str) -> int | None:
        """Where a row is among all; None where there is no such row."""
        found = pc.index(self.ids, row).as_py()
        return None if found < 0 else int(found)

    def has_tag(self, tag: str) -> BoolArray:
        """Which rows bear a tag."""
        is_it = pc.equal(self.tags.flatten(), tag).to_numpy(zero_copy_only=False)
        found = np.zeros(self.count, dtype=np.bool_)
        found[pc.list_parent_indices(self.tags).to_numpy()[is_it]] = True
        return found

    def tag_names(self, most: int = 200) -> list[str]:
        """The tags, the most frequent first."""
        counted = sorted(
            pc.value_counts(self.tags.flatten()).to_pylist(), key=lambda one: -one["counts"]
        )
        return [one["values"] for one in counted[:most]]


def row_index(folder: RunFolder) -> RowIndex:
    """The index of a run's test rows as its files are now.

    Raises:
        DataError: A file is damaged.
    """
    with _lock:
        versions = tuple(_versions(folder))
        index = _kept(folder, versions)
        _at_hand.append((folder, versions))
        return index


def bytes_to_read(folder: RunFolder) -> int:
    """How much an index would have to be read from; 0 where it is at hand."""
    with _lock:
        versions = tuple(_versions(folder))
        return 0 if (folder, versions) in _at_hand else sum(size for _, _, size in versions)


def _files(folder: RunFolder) -> dict[str, list[Path]]:
    kinds = ("completions", "grades", "signs")
    return {kind: sorted((folder.path / kind).glob("[!.]*.jsonl")) for kind in kinds}


def _versions(folder: RunFolder) -> Iterator[tuple[str, int, int]]:
    test = folder.examples("test")
    inside = [path for paths in _files(folder).values() for path in paths]
    for path in [*([test] if test.is_file() else []), *inside]:
        told = path.stat()
        yield str(path), told.st_mtime_ns, told.st_size


@lru_cache(maxsize=_NUM_KEPT)
def _kept(folder: RunFolder, versions: tuple[tuple[str, int, int], ...]) -> RowIndex:
    del versions  # of which files this is
    index = _rows(folder.examples("test"))
    files = _files(folder)
    counts = dict(_each(files["completions"], lambda path: _take_answers(index, path)))
    failures: dict[tuple[str, str], Mapping[str, int]] = {}
    for _, found in _each(files["grades"], lambda path: ("", _take_grades(index, path))):
        failures |= found
    for path in files["signs"]:
        _take_signs(index, path)
    index.told = RowFacts(num_test_rows=index.count, answers=counts, failures=failures)
    return index


def _each(paths: list[Path], take: Callable[[Path], Any]) -> Iterator[Any]:
    return (found for path in paths if (found := take(path)) is not None)


def _rows(path: Path) -> RowIndex:
    table = read_columns_of(path, _ROWS) if path.is_file() else _ROWS.empty_table()
    names = [source_name(one) for one in table["source"].fill_null("").to_pylist()]
    sources = [*dict.fromkeys(names)]
    places = {name: place for place, name in enumerate(sources)}
    return RowIndex(
        path=path,
        ids=table["id"].combine_chunks(),
        starts=line_starts(path, table.num_rows) if table.num_rows else np.zeros(0, np.int64),
        sources=sources,
        source_of=np.array([places[name] for name in names], dtype=np.int64),
        tags=table["tags"].combine_chunks(),
    )


def _places(index: RowIndex, table: pa.Table) -> tuple[IntArray, BoolArray]:
    """Each line's row, and which lines are of one; the first of two lines of a row is read last."""
    found = pc.index_in(table["example_id"].combine_chunks(), value_set=index.ids)
    places = found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return places, places >= 0


def _spread(index: RowIndex, places: IntArray, values: NDArray[Any], empty: object) -> NDArray[Any]:
    """Values of lines by row; of two lines for one row the first counts."""
    spread = np.full(index.count, empty, dtype=values.dtype)
    spread[places[::-1]] = values[::-1]
    return spread


def _take_answers(index: RowIndex, path: Path) -> tuple[str, AnswerCount] | None:
    table = read_columns_of(path, _ANSWERS)
    model = _one_model(table)
    if model is None:
        return None
    places, is_row = _places(index, table)
    starts = line_starts(path, table.num_rows)
    is_cut = pc.equal(table["finish_reason"], "length").fill_null(False).to_numpy()
    index.answers[model] = AnswerPlaces(
        path=path,
        starts=_spread(index, places[is_row], starts[is_row], -1),
        is_cut=_spread(index, places[is_row], is_cut[is_row], False),
    )
    ties = pc.sum(table["has_near_tie"]).as_py() or 0
    count = AnswerCount(
        num_answers=table.num_rows, num_cut=int(is_cut.sum()), num_near_ties=int(ties)
    )
    return model, count


def _one_model(table: pa.Table) -> str | None:
    """Whose answers they are; None for a file of a user's own."""
    models = pc.unique(table["model"]).drop_null().to_pylist()
    return models[0] if len(models) == 1 else None


def _take_grades(index: RowIndex, path: Path) -> Mapping[tuple[str, str], Mapping[str, int]]:
    """By metric and model why a grade failed, and how often."""
    table = read_columns_of(path, _GRADES)
    if not table.num_rows or table["metric"].null_count == table.num_rows:
        return {}
    metric = str(table["metric"][0].as_py())
    places, is_row = _places(index, table)
    starts = line_starts(path, table.num_rows)
    scores = table["score"].to_numpy().astype(np.float32)
    begins: dict[str, IntArray] = {}
    failures: dict[tuple[str, str], Mapping[str, int]] = {}
    for model in pc.unique(table["model"]).drop_null().to_pylist():
        is_its = pc.equal(table["model"], model).to_numpy()
        is_one = is_its & is_row
        own = index.scores.setdefault(metric, {})
        own[model] = _spread(index, places[is_one], scores[is_one], np.nan)
        begins[model] = _spread(index, places[is_one], starts[is_one], -1)
        failed = table["reason"].filter(pa.array(is_its & np.isnan(scores))).fill_null("unknown")
        if len(failed):
            counted = pc.value_counts(failed.combine_chunks()).to_pylist()
            failures[metric, model] = {one["values"]: one["counts"] for one in counted}
    index.grades[metric] = path, begins
    return failures


def _take_signs(index: RowIndex, path: Path) -> None:
    table = read_columns_of(path, _SIGNS, is_open=True)
    model = _one_model(table)
    if model is None or "signs" not in table.column_names:
        return
    places, is_row = _places(index, table)
    kind = table.schema.field("signs").type
    found = index.signs.setdefault(model, {})
    for field_ in kind if pa.types.is_struct(kind) else ():
        shown = pc.is_valid(pc.struct_field(table["signs"], field_.name)).to_numpy()
        found[field_.name] = _spread(index, places[is_row], shown[is_row], False)
