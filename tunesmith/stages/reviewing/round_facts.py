"""A run and the round before it -> `rounds.json`: each kind before and after, scores, what changed.

Both rounds are compared on the validation rows that measure, which no round trains. A kind with an
accepted check is counted on all of them, the check's errors taken out of both rates; one without
is known as far as people have reviewed. Scores are compared on the test rows that both answered.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tunesmith.evaluation.grade import Comparison
from tunesmith.evaluation.interval import RowScores, difference_interval
from tunesmith.evaluation.score import compare_sides, read_columns
from tunesmith.files import read_json, read_json_lines, write_json
from tunesmith.rounds.kind_check import CheckedAnswer, KindCheck
from tunesmith.rounds.kind_rates import measures, one_kind_rate
from tunesmith.rounds.look_levels import LookStanding, corrected_comparisons
from tunesmith.rounds.prevalence import CheckQuality, corrected_rate
from tunesmith.stages.execution.claim import is_run
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.reviewing.kind_report import KindReport, count_found, kind_reports
from tunesmith.stages.reviewing.review_answers import answer_for_review
from tunesmith.stages.reviewing.review_desk import ReviewDesk
from tunesmith.stages.reviewing.review_files import review_files

_TUNED = "tuned"
_MOST_ROWS = 1000
Rows = Mapping[str, CheckedAnswer]


def measure_round(run: Run) -> None:
    """Compare a run with the round before, where its recipe names one, and write it down."""
    named = run.recipe.evaluation.round_before
    if named is None:
        return
    place = RunFolder((run.recipe_folder / named).resolve(), run.recipe_folder)
    if not is_run(place.path) or not review_files(place).answers(_TUNED).is_file():
        write_json(run.folder.rounds, {"schema": 1, "before": named, "missing": True})
        return
    num_before = sum(1 for _ in read_json_lines(review_files(place).rows))
    answer_for_review(run, most_rows=max(num_before, _MOST_ROWS))
    write_json(run.folder.rounds, _facts(run, place, named))


def _facts(run: Run, before: RunFolder, named: str) -> dict[str, Any]:
    first, second = _desk(before), _desk(run.folder)
    rows = [row for row in first.rows if row in second.rows and measures(row)]
    kinds = [
        _kind(
            report,
            second,
            [{row: desk.rows[row].answered for row in rows} for desk in (first, second)],
        )
        for report in kind_reports(first)
    ]
    comparisons = corrected_comparisons(_comparisons(before, run.folder), _standing(run.folder))
    return {
        "schema": 1,
        "before": named,
        "reviewer": first.author,
        "rows": len(rows),
        "kinds": kinds,
        "comparisons": [one.to_json() for one in comparisons],
        "scores": [_scores(place) for place in (*_chain(before), run.folder)],
        "left_out": _summary(run.folder).get("dropped", {}).get("left out by hand", 0),
    }


def _desk(folder: RunFolder) -> ReviewDesk:
    """The desk of whoever has reviewed most of a run's answers."""
    desk = ReviewDesk(folder, author="")
    names = desk.book.authors() or [""]
    desk.author = max(names, key=lambda name: len(desk.reviewed(name)))
    return desk


def _kind(report: KindReport, after: ReviewDesk, answers: Sequence[Rows]) -> dict[str, Any]:
    """A kind before and after."""
    check, quality = report.check, report.quality
    if check is not None and quality is not None and report.is_accepted and quality.is_known:
        return {"kind": report.rate.name, **_by_check(check, quality, answers)}
    again = one_kind_rate(report.rate.name, [*after.rows], after.reviewed())
    before, now = (_told(one.rate, one.low, one.high) for one in (report.rate, again))
    return {"kind": report.rate.name, "by": "people", "before": before, "after": now}


def _by_check(check: KindCheck, quality: CheckQuality, answers: Sequence[Rows]) -> dict[str, Any]:
    counts = [count_found(check, rows.values()) for rows in answers]
    if not all(count for _, count in counts):
        return {"by": "check", "before": None, "after": None}
    rates = [_told(*corrected_rate(found, count, quality)) for found, count in counts]
    told = [{row: check.finds(one) for row, one in rows.items()} for rows in answers]
    both = [row for row in told[0] if told[0][row] is not None and told[1][row] is not None]
    hits = [np.array([100.0 * bool(one[row]) for row in both]) for one in told]
    first, second = (RowScores(scores=one, weights=np.ones(len(both))) for one in hits)
    power = quality.true_rate - quality.false_rate
    low, high = difference_interval(first, second, bounds=(0.0, 100.0))
    difference = (second.mean - first.mean) / power
    return {
        "by": "check",
        "before": rates[0],
        "after": rates[1],
        "difference": {"value": difference, "low": low / power, "high": high / power},
    }


def _told(rate: float | None, low: float | None, high: float | None) -> dict[str, Any] | None:
    return None if rate is None else {"rate": rate, "low": low, "high": high}


def _comparisons(before: RunFolder, after: RunFolder) -> list[Comparison]:
    """The tuned model now against the tuned model then, on the test rows that both answered."""
    found = []
    for path in sorted((after.path / "grades").glob("*.jsonl")):
        other = before.grades(path.stem)
        if not other.is_file():
            continue
        columns = [read_columns(one).get(_TUNED) for one in (other, path)]
        if columns[0] is None or columns[1] is None:
            continue
        sides = {"before": [columns[0]], "now": [columns[1]]}
        found.append(compare_sides(sides, metric=path.stem))
    return [one for one in found if one.count]


def _standing(folder: RunFolder) -> LookStanding | None:
    """How often the test set had been looked at when this round was scored."""
    found = read_json(folder.scores).get("looks") if folder.scores.is_file() else None
    return None if found is None else LookStanding.from_json(found)


def _chain(folder: RunFolder, most: int = 20) -> list[RunFolder]:
    """The rounds up to one, the first first."""
    path = folder.rounds
    named = read_json(path).get("before") if path.is_file() and most else None
    earlier = None if named is None or folder.recipe_folder is None else _earlier(folder, named)
    return [*(_chain(earlier, most - 1) if earlier is not None else ()), folder]


def _earlier(folder: RunFolder, named: str) -> RunFolder | None:
    assert folder.recipe_folder is not None
    place = RunFolder((folder.recipe_folder / named).resolve(), folder.recipe_folder)
    return place if is_run(place.path) and place.path != folder.path else None


def _scores(folder: RunFolder) -> dict[str, Any]:
    """What a round scored, was trained on and took."""
    metrics = read_json(folder.scores)["metrics"] if folder.scores.is_file() else {}
    splits = _summary(folder).get("splits", {})
    trained = folder.read_manifest().get("train", {}).get("result", {})
    return {
        "run": folder.path.name,
        "metrics": {name: models[_TUNED] for name, models in metrics.items() if _TUNED in models},
        "rows": {split: told["rows"] for split, told in splits.items()},
        "seconds": trained.get("seconds"),
        "steps": trained.get("steps"),
    }


def _summary(folder: RunFolder) -> dict[str, Any]:
    found: dict[str, Any] = read_json(folder.summary) if folder.summary.is_file() else {}
    return found
