"""The test rows of a run, by task and by source -> the one on which the tuned model is weakest."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy import stats

from tunesmith.diagnosis.cures import more_rows
from tunesmith.diagnosis.main_metric import GradedRow, graded_rows, main_metric
from tunesmith.evaluation.verdict import metric_title
from tunesmith.language.translate import message, translate
from tunesmith.report.advice.finding import Finding
from tunesmith.report.number_text import counted, number
from tunesmith.report.record import RunRecord, TestRow

_MIN_ROWS = 5
_MIN_POINTS = 10.0
_SIGNIFICANCE = 0.05  # over all groups
_SHOWN = 3
_TASK = "task:"
_WEAKEST = {
    "task": message(
        "The task {name!r} is the weakest: tuned earns {points} points less there than elsewhere. "
        "More rows like it, or better ones, help most."
    ),
    "source": message(
        "The source {name!r} is the weakest: tuned earns {points} points less there than "
        "elsewhere. More rows like it, or better ones, help most."
    ),
}


def weak_task(record: RunRecord) -> Finding | None:
    """One kind of task is answered clearly worse than the others."""
    return _weakest(record, _task_of, noun="task")


def weak_source(record: RunRecord) -> Finding | None:
    """Rows of one file are answered clearly worse than those of the others."""
    return _weakest(record, _file_of, noun="source")


def _task_of(row: TestRow) -> str | None:
    found = (tag.removeprefix(_TASK) for tag in row.example.tags if tag.startswith(_TASK))
    return next(found, None)


def _file_of(row: TestRow) -> str | None:
    return row.example.source.rpartition(":")[0] or None


def _weakest(
    record: RunRecord, group_of: Callable[[TestRow], str | None], *, noun: str
) -> Finding | None:
    groups: dict[str, list[GradedRow]] = {}
    for graded in graded_rows(record):
        name = group_of(graded.row)
        if name is not None:
            groups.setdefault(name, []).append(graded)
    weak = [(gap, name) for name, gap in _gaps(groups)]
    if not weak:
        return None
    gap, name = max(weak)
    rows = sorted(groups[name], key=lambda graded: graded.score)
    others = [graded.score for other, some in groups.items() if other != name for graded in some]
    return Finding(
        rule=f"weak {noun}",
        severity="would help",
        sentence=translate(_WEAKEST[noun], name=name, points=number(gap)),
        evidence=(
            translate(
                "{metric} {value} there ({rows}), {other} elsewhere ({other_rows})",
                metric=metric_title(main_metric(record) or ""),
                value=_mean([one.score for one in rows]),
                rows=counted(len(rows), "row"),
                other=_mean(others),
                other_rows=counted(len(others), "row"),
            ),
        ),
        rows=tuple(graded.row.example.id for graded in rows[:_SHOWN]),
        change=more_rows(name.rpartition("/")[2].partition(".")[0]),
    )


def _gaps(groups: dict[str, list[GradedRow]]) -> Iterator[tuple[str, float]]:
    """By how many points a group lies below all others, where chance would hardly do that."""
    for name, rows in groups.items():
        own = np.array([graded.score for graded in rows])
        rest = np.array([g.score for other, some in groups.items() if other != name for g in some])
        if min(len(own), len(rest)) < _MIN_ROWS or rest.mean() - own.mean() < _MIN_POINTS:
            continue
        p_value = stats.mannwhitneyu(own, rest, alternative="less").pvalue
        if p_value * len(groups) < _SIGNIFICANCE:
            yield name, float(rest.mean() - own.mean())


def _mean(scores: list[float]) -> str:
    return number(float(np.mean(scores)))
