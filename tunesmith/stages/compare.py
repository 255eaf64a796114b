"""Two sides of one or more runs -> what differs between them, and whether it mattered."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tunesmith.errors import RefusedError
from tunesmith.evaluation.grade import Comparison
from tunesmith.evaluation.score import TUNED, Column, compare_sides, read_columns, shared_ids
from tunesmith.files import write_text
from tunesmith.report.comparison import comparison_lines, comparison_markdown, is_comparison
from tunesmith.rounds.look_levels import LookStanding, verdict_after_looks
from tunesmith.stages.comparing.answer_differences import answer_differences
from tunesmith.stages.comparing.compared_runs import Side, check_sides, common_test_ids, open_side
from tunesmith.stages.comparing.run_differences import run_differences
from tunesmith.stages.execution.output_file import check_outputs
from tunesmith.stages.execution.progress import Progress, SilentProgress
from tunesmith.stages.looking.note_look import Shown, looking_by, note_look, standing_among
from tunesmith.stages.results.compared import RunsCompared

NUM_ROWS = 3
_MODEL, _MODELS, _RECIPE = "this model", "these models", "this recipe"


def compare(
    first: Sequence[str | Path],
    second: Sequence[str | Path],
    *,
    progress: Progress | None = None,
    num_rows: int = NUM_ROWS,
    output: Path | None = None,
    force: str | None = None,
) -> RunsCompared:
    """Compare the tuned models of two sides on the test rows that all runs share.

    With one run on a side the claim is about these models; with several on both, tunings of a
    recipe that differ in their seed, it is about the recipes.

    Args:
        first: Folders of the runs of side A.
        second: Those of side B; every difference is B minus A.
        progress: Told what is read, and what was forced.
        num_rows: How many rows to show whose answers differ most.
        output: A Markdown file to write.
        force: A reason to compare what should not be; it is recorded.

    Raises:
        MissingError: A run does not exist, or has not been evaluated.
        RecipeError: A run is named twice, or `output` is somebody's file.
        RefusedError: The comparison could mislead, or there is nothing to compare.
    """
    if output is not None:
        check_outputs("--out", {output: is_comparison})
    told = progress or SilentProgress()
    forced: list[str] = []

    def refuse(error: RefusedError) -> None:
        if force is None:
            raise error
        forced.append(error.message)
        told.note(f"forced ({force}): {error.message}")

    told.start("comparing", None)
    sides = open_side("A", first), open_side("B", second)
    check_sides(*sides, refuse=refuse)
    common = dict.fromkeys(common_test_ids(*sides, refuse=refuse))
    columns = _columns(*sides)
    comparisons = [
        compare_sides(found, metric=metric, among=common) for metric, found in columns.items()
    ]
    claim = _claim(*sides)
    standing = _standing(sides, comparisons)
    verdict = verdict_after_looks(comparisons, standing, opening=_opening(claim, *sides))
    result = RunsCompared(
        sides={side.label: tuple(run.name for run in side.runs) for side in sides},
        claim=claim if claim == _RECIPE else f"{claim}, on these rows",
        rows={
            "common": len(common),
            **{side.label: max(len(run.test_ids) for run in side.runs) for side in sides},
        },
        differences=run_differences(*sides),
        metrics={metric: _values(found, common) for metric, found in columns.items()},
        comparisons=tuple(comparisons),
        verdict={"outcome": verdict.outcome, "sentence": verdict.sentence},
        looks=None if standing is None else standing.to_json(),
        answers=tuple(answer_differences(*sides, columns, among=common, count=num_rows)),
        forced={"reason": force, "refused": forced} if forced else None,
        report=None if output is None else str(output),
    )
    told.close()
    if output is not None:
        write_text(output, comparison_markdown(result.to_dict()))
    _note_looks(sides, comparisons, told)
    return replace(result, summary=tuple(comparison_lines(result.to_dict())))


def _standing(sides: Sequence[Side], comparisons: Sequence[Comparison]) -> LookStanding | None:
    """Where the comparison stands among the looks at the runs' test sets: where it is latest."""
    found = [standing_among(run.folder, comparisons) for side in sides for run in side.runs]
    return max(filter(None, found), key=lambda one: one.place, default=None)


def _note_looks(
    sides: Sequence[Side], comparisons: Sequence[Comparison], progress: Progress
) -> None:
    names = " with ".join(" ".join(run.name for run in side.runs) for side in sides)
    scores = {one.metric: [side.label for side in sides] for one in comparisons}
    shown = Shown(scores=scores, comparisons=comparisons, run=names)
    with looking_by("compare"):
        for run in (run for side in sides for run in side.runs):
            note_look(run.folder, "compare", shown=shown, progress=progress)


def _columns(first: Side, second: Side) -> dict[str, dict[str, list[Column]]]:
    """The tuned models' grades under each metric that all runs were graded by.

    Raises:
        RefusedError: There is no such metric.
    """
    runs = (*first.runs, *second.runs)
    metrics = [m for m in runs[0].metrics if all(m in run.metrics for run in runs)]
    if not metrics:
        cure = "Name the same evaluation.metrics and run tunesmith evaluate again."
        raise RefusedError("no metric is common", where=runs[0].name, cure=cure)
    return {
        metric: {
            side.label: [
                read_columns(run.folder.grades(metric)).get(TUNED, Column()) for run in side.runs
            ]
            for side in (first, second)
        }
        for metric in metrics
    }


def _values(columns: Mapping[str, Sequence[Column]], common: Mapping[str, Any]) -> dict[str, Any]:
    """Each side's mean over the rows that were compared, and that of each of its runs."""
    shared = shared_ids([column for side in columns.values() for column in side], among=common)
    found: dict[str, Any] = {}
    for label, side in columns.items():
        runs = [column.rows(shared).mean for column in side] if shared else []
        found[label] = {"value": sum(runs) / len(runs) if runs else None, "runs": runs}
    return found


def _claim(first: Side, second: Side) -> str:
    """Of what the verdict speaks: one tuning says nothing about the next one."""
    if min(len(first.runs), len(second.runs)) > 1:
        return _RECIPE
    return _MODEL if len(first.runs) == len(second.runs) else _MODELS


def _opening(claim: str, first: Side, second: Side) -> str:
    told = f"{claim[0].upper()}{claim[1:]}"
    if claim == _RECIPE:
        told += f", by {len(first.runs)} runs against {len(second.runs)}"
    return f"{told}, on {{rows}}: {{claim}}"
