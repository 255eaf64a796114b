"""A filter of test rows -> the rows that it finds, in its order, a page at a time, with texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from tunesmith.errors import DataError
from tunesmith.examples.example import Example
from tunesmith.studio.results.line_table import IntArray, record_at
from tunesmith.studio.results.row_index import BoolArray, FloatArray, RowIndex

PAGE_ROWS = 20
ANY_SIGN, CUT, MISSING = "any sign", "cut off", "no answer"
Order = Literal["file", "lowest", "highest", "gain", "drop"]
_Short = Annotated[str, Field(max_length=300)]


class RowFilter(BaseModel):
    """Which test rows are wanted, and in what order.

    Attributes:
        run: The run.
        model: Whose answers signs, scores and order are about.
        sign: One that the answer shows; or any, cut off, or no answer.
        source: Where the row comes from.
        tag: That the row bears; tasks are tags.
        metric: Whose scores these are.
        low: The lowest score.
        high: The highest.
        order: By file, score, or what tuning changed.
        page: From 0.
    """

    model_config = ConfigDict(extra="forbid")

    run: _Short = ""
    model: _Short = ""
    sign: _Short = ""
    source: _Short = ""
    tag: _Short = ""
    metric: _Short = ""
    low: float | Literal[""] = ""
    high: float | Literal[""] = ""
    order: Order = "file"
    page: Annotated[int, Field(ge=0, le=10_000_000)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAnswer:
    """One model's answer to a row: its text, None where there is none; scores; what it shows."""

    model: str
    text: str | None
    is_cut: bool
    scores: Mapping[str, float | None]
    signs: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """A test row and its answers."""

    example: Example
    answers: Sequence[ShownAnswer]


def completed(wanted: RowFilter, index: RowIndex) -> RowFilter:
    """The filter with a model and a metric, where it names none.

    Raises:
        DataError: It names one that the run does not have.
    """
    models, metrics = index.models, list(index.scores)
    _known("model", wanted.model, models)
    _known("metric", wanted.metric, metrics)
    _known("source", wanted.source, index.sources)
    _known("sign", wanted.sign, sign_names(index))
    model = wanted.model or ("tuned" if "tuned" in models else next(iter(models), ""))
    named = [one for one in metrics if one != "loss"] or metrics
    metric = wanted.metric or next(iter(named), "")
    return wanted.model_copy(update={"model": model, "metric": metric})


def sign_names(index: RowIndex) -> list[str]:
    """What an answer can be found by."""
    found = {name for signs in index.signs.values() for name in signs}
    return [ANY_SIGN, CUT, MISSING, *sorted(found)]


def found_places(wanted: RowFilter, index: RowIndex) -> IntArray:
    """The places of all rows that a completed filter finds, in its order."""
    is_wanted = np.ones(index.count, dtype=np.bool_)
    if wanted.source:
        is_wanted &= index.source_of == index.sources.index(wanted.source)
    if wanted.tag:
        is_wanted &= index.has_tag(wanted.tag)
    if wanted.sign:
        is_wanted &= _shows(wanted, index)
    scores = _scores(wanted, index, wanted.model)
    if wanted.low != "":
        is_wanted &= scores >= wanted.low
    if wanted.high != "":
        is_wanted &= scores <= wanted.high
    places = np.flatnonzero(is_wanted)
    if wanted.order == "file":
        return places
    keys = scores
    if wanted.order in ("gain", "drop"):
        keys = scores - _scores(wanted, index, "base")
    sign = -1 if wanted.order in ("highest", "gain") else 1
    ordered: IntArray = places[np.argsort(sign * keys[places], kind="stable")]  # NaN comes last
    return ordered


def shown_row(index: RowIndex, place: int) -> ShownRow:
    """A row with every model's answer, read from the files."""
    example = Example.from_json(record_at(index.path, int(index.starts[place])))
    return ShownRow(
        example=example, answers=[_answer(index, model, place) for model in index.models]
    )


def grade_records(index: RowIndex, place: int) -> list[dict[str, Any]]:
    """All grades of a row, with their reasons and what a judge was asked."""
    return [
        record_at(path, int(starts[place]))
        for path, by_model in index.grades.values()
        for starts in by_model.values()
        if starts[place] >= 0
    ]


def _answer(index: RowIndex, model: str, place: int) -> ShownAnswer:
    held = index.answers[model]
    start = int(held.starts[place])
    text = str(record_at(held.path, start)["text"]) if start >= 0 else None
    scores = {
        metric: None if np.isnan(found[model][place]) else float(found[model][place])
        for metric, found in index.scores.items()
        if model in found
    }
    signs = [name for name, shows in index.signs.get(model, {}).items() if shows[place]]
    is_cut = bool(held.is_cut[place])
    return ShownAnswer(model=model, text=text, is_cut=is_cut, scores=scores, signs=signs)


def _shows(wanted: RowFilter, index: RowIndex) -> BoolArray:
    nothing = np.zeros(index.count, dtype=np.bool_)
    held = index.answers.get(wanted.model)
    signs = index.signs.get(wanted.model, {})
    if wanted.sign == CUT:
        return nothing if held is None else held.is_cut
    if wanted.sign == MISSING:
        return ~nothing if held is None else held.starts < 0
    if wanted.sign == ANY_SIGN:
        shows: BoolArray = np.logical_or.reduce([nothing, *signs.values()])
        return shows
    return signs.get(wanted.sign, nothing)


def _scores(wanted: RowFilter, index: RowIndex, model: str) -> FloatArray:
    none = np.full(index.count, np.nan, dtype=np.float32)
    return index.scores.get(wanted.metric, {}).get(model, none)


def _known(what: str, name: str, names: Sequence[str]) -> None:
    if name and name not in names:
        cure = f"Known: {', '.join(names[:9])}."
        raise DataError(f"there is no {what} {name[:80]!r} here", where=what, cure=cure)
