"""Files of grades -> `scores.json`: scores with intervals, comparisons with verdicts.

Of a row an id and two numbers are kept, never a text.
"""

from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tunesmith.evaluation.grade import SCHEMA, Comparison, ComparisonOutcome, Score, read_grades
from tunesmith.evaluation.interval import Bounds, RowScores, mean_interval
from tunesmith.evaluation.normalise import NORMALISATION_VERSION
from tunesmith.evaluation.run_comparison import Difference, compare_runs
from tunesmith.evaluation.token_metrics import LOWER_IS_BETTER

SIGNIFICANCE = 0.05
TUNED = "tuned"
JUDGED_METRICS = frozenset({"judge", "win_rate"})  # a judge fails where it likes, not at random


@dataclass(slots=True, kw_only=True)
class Column:
    """One model's grades under one metric: the rows that count, and how many failed."""

    ids: dict[str, int] = field(default_factory=dict)  # example id: its place in the arrays
    scores: "array[float]" = field(default_factory=lambda: array("d"))
    weights: "array[float]" = field(default_factory=lambda: array("d"))
    failed: set[str] = field(default_factory=set)

    def rows(self, ids: list[str] | None = None) -> RowScores:
        """The numbers of all rows, or of those named."""
        scores, weights = np.array(self.scores), np.array(self.weights)
        if ids is None:
            return RowScores(scores=scores, weights=weights)
        places = np.array([self.ids[i] for i in ids], dtype=np.int64)
        return RowScores(scores=scores[places], weights=weights[places])


def read_columns(path: Path) -> dict[str, Column]:
    """The grades of one metric, a column a model, in the order in which models appear."""
    columns: dict[str, Column] = {}
    for grade in read_grades(path):
        column = columns.setdefault(grade.model, Column())
        if grade.score is None:
            column.failed.add(grade.example_id)
        elif grade.example_id not in column.ids:
            column.ids[grade.example_id] = len(column.scores)
            column.scores.append(grade.score)
            column.weights.append(grade.weight)
    return columns


def score_column(column: Column, *, metric: str, seed: int = 0) -> Score:
    """The score of one model under one metric."""
    rows = column.rows()
    interval = mean_interval(rows, bounds=metric_bounds(metric), seed=seed)
    low, high = interval or (None, None)
    bounds = _bounds_if_failed(rows, len(column.failed)) if metric in JUDGED_METRICS else None
    return Score(
        value=rows.mean if len(rows.scores) else None,
        low=low,
        high=high,
        count=len(rows.scores),
        failed=len(column.failed),
        low_if_failed=bounds[0] if bounds else None,
        high_if_failed=bounds[1] if bounds else None,
    )


def compare_columns(
    columns: Mapping[str, Column], *, metric: str, first: str, second: str, seed: int = 0
) -> Comparison:
    """The paired difference of two models over the rows on which neither failed."""
    one, two = columns[first], columns[second]
    return compare_sides({first: [one], second: [two]}, metric=metric, seed=seed)


def compare_sides(
    sides: Mapping[str, Sequence[Column]],
    *,
    metric: str,
    among: Collection[str] | None = None,
    seed: int = 0,
) -> Comparison:
    """The paired difference of two sides of one or more runs, over the rows that all share.

    "Better" and "worse" take both: an interval without 0 and a p-value below 0.05.

    Args:
        sides: The name of each of two sides, and a column for each of its runs.
        metric: What was graded.
        among: Rows that may count; all that were graded if not given.
        seed: Of the resampling.
    """
    (first, runs), (second, others) = sides.items()
    columns = [*runs, *others]
    shared = shared_ids(columns, among=among)
    seen = set[str]().union(*(column.ids.keys() | column.failed for column in columns))
    found = None
    if shared:
        one, two = ([column.rows(shared) for column in side] for side in (runs, others))
        found = compare_runs(one, two, bounds=metric_bounds(metric), seed=seed)
    return Comparison(
        metric=metric,
        first=first,
        second=second,
        difference=found.value if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        p_value=found.p_value if found else None,
        verdict=_outcome(metric, found),
        count=len(shared),
        left_out=len(seen if among is None else seen.intersection(among)) - len(shared),
    )


def shared_ids(columns: Sequence[Column], *, among: Collection[str] | None = None) -> list[str]:
    """The rows that every column graded, in the order of the first."""
    return [
        example_id
        for example_id in columns[0].ids
        if (among is None or example_id in among)
        and all(example_id in column.ids for column in columns)
    ]


def score_files(paths: Mapping[str, Path], *, seed: int = 0, second: str = TUNED) -> dict[str, Any]:
    """The content of `scores.json` for the grade files of a run.

    Every other model is compared with `second`. The loss is no score from 0 to 100 and
    stands beside the metrics.

    Args:
        paths: Metric name to `grades/<metric>.jsonl`; the order is kept.
        seed: Of the resampling.
        second: Whom the verdicts are about.
    """
    scores: dict[str, dict[str, Any]] = {}
    comparisons = []
    for metric, path in paths.items():
        columns = read_columns(path)
        scores[metric] = {
            model: score_column(column, metric=metric, seed=seed).to_json()
            for model, column in columns.items()
        }
        comparisons += [
            compare_columns(columns, metric=metric, first=first, second=second, seed=seed).to_json()
            for first in columns
            if first != second and second in columns
        ]
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "normalisation": NORMALISATION_VERSION,
        "metrics": {name: models for name, models in scores.items() if name != "loss"},
    }
    if "loss" in scores:
        record["loss"] = scores["loss"]
    record["comparisons"] = comparisons
    return record


def metric_bounds(metric: str) -> Bounds | None:
    """The lowest and highest score of a metric; None for the loss, which has no highest."""
    return None if metric == "loss" else (0.0, 100.0)


def _bounds_if_failed(rows: RowScores, num_failed: int) -> Bounds | None:
    """The mean if every failed row had earned 0, and if it had earned 100."""
    if not num_failed:
        return None
    total, count = float(rows.scores.sum()), len(rows.scores) + num_failed
    return total / count, (total + 100.0 * num_failed) / count


def _outcome(metric: str, found: Difference | None) -> ComparisonOutcome:
    if found is None or found.low <= 0 <= found.high or found.p_value >= SIGNIFICANCE:
        return "no difference shown"
    return "better" if (found.low > 0) != (metric in LOWER_IS_BETTER) else "worse"
