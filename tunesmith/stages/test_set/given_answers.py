"""A file of questions, references and models' answers -> scores, usability and a report.

Nothing is trained and no model is asked, but a judge where one is named. The run's folder holds
the same files as after training. A file may hold marks of a judge, or its preferences, as well.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from tunesmith.errors import DataError, RecipeError
from tunesmith.evaluation.grade import Grade
from tunesmith.evaluation.group_scores import group_scores
from tunesmith.evaluation.judge.pairwise import METRIC as WIN_RATE
from tunesmith.evaluation.score import TUNED, score_files
from tunesmith.examples.columns.answer_table import AnswerColumns, Fields, find_answer_columns
from tunesmith.examples.conversion.shapes import to_example
from tunesmith.examples.example import Example
from tunesmith.files import write_json, write_json_lines
from tunesmith.generation.responder import Completion
from tunesmith.sources.read_source import read_source
from tunesmith.sources.row import Dropped, Row
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.output_file import are_completions, are_grades
from tunesmith.stages.looking.note_look import note_look
from tunesmith.stages.report import write_report
from tunesmith.stages.results.scored_answers import ScoredAnswers
from tunesmith.stages.test_set.judging import check_endpoints, judge_answers, judge_metrics
from tunesmith.stages.test_set.text_grades import write_text_grades
from tunesmith.stages.test_set.usable import UsabilityStage

_SAMPLE = 200
_DRAW = 1.5
_ENDS = (1.0, 2.0)
_TOLD = {"source", "tags", "group", "task"}  # kept beside an example
_NO_ANSWER = "no answer in the file"


@dataclass(frozen=True, slots=True)
class _Table:
    """The file, what its columns are, and each row's id; None for a row that was left out."""

    run: Run
    columns: AnswerColumns
    ids: Sequence[str | None]

    def rows(self) -> Iterator[tuple[str, Row]]:
        """The rows that count."""
        for row_id, row in zip(self.ids, _rows(self.run), strict=True):
            if row_id is not None and isinstance(row, Row):
                yield row_id, row


def evaluate_answers(run: Run, *, fields: Fields = ()) -> ScoredAnswers:
    """Score the answers in the file that is the run's only source.

    Args:
        run: Its recipe names the file, the metrics and the judge.
        fields: Our name and their column, where names do not say it.

    Raises:
        RecipeError: It is not clear what a column is.
        DataError: The file holds no rows of a table, or a mark that is none.
    """
    columns = find_answer_columns(_samples(run), fields, where=str(run.recipe.sources[0].path))
    if run.folder.recipe.is_file():
        cure = "Name another folder with --run, such as runs/answers."
        raise RecipeError("holds a training", where=str(run.folder.path), cure=cure)
    with run.locked():
        dropped: Counter[str] = Counter()
        ids = _write_test(run, columns, dropped) if columns.answers else _places(run)
        table = _Table(run, columns, ids)
        if columns.answers:
            check_endpoints(run)
            _write_answers(table)
        _forget_others(table)
        scores = _score(table)
        write_json(run.folder.scores, scores)
        run.progress.start("writing the report", None)
        record = write_report(run.folder.path)
        run.progress.close()
    note_look(run.folder, "evaluate --answers", progress=run.progress)
    return ScoredAnswers.of(
        scores, columns=columns.to_json(), dropped=dict(dropped), record=record, run=run
    )


def _rows(run: Run) -> Iterator[Row | Dropped]:
    for piece in read_source(run.recipe.sources[0], folder=run.recipe_folder):
        if not isinstance(piece, Row | Dropped):
            raise DataError(
                "is no table of answers",
                where=str(run.recipe.sources[0].path),
                cure="Name a JSON, JSON Lines, CSV or Parquet file with a column a model.",
            )
        yield piece


def _samples(run: Run) -> dict[str, list[object]]:
    samples: dict[str, list[object]] = {}
    looked_at = list(islice(_rows(run), _SAMPLE))
    if isinstance(looked_at[0], Dropped) and not any(isinstance(row, Row) for row in looked_at):
        fault = looked_at[0]
        raise DataError(f"no row can be read ({fault.reason}: {fault.detail})", where=fault.source)
    for row in looked_at:
        if isinstance(row, Row):
            for name, cell in row.fields.items():
                samples.setdefault(str(name), []).append(cell)
    return samples


def _places(run: Run) -> list[str | None]:
    return [f"{i}" if isinstance(row, Row) else None for i, row in enumerate(_rows(run))]


def _write_test(run: Run, columns: AnswerColumns, dropped: Counter[str]) -> list[str | None]:
    """Write the questions with their references; a row that comes again counts again."""
    ids: list[str | None] = []
    seen: Counter[str] = Counter()
    kept = {*columns.asked, str(columns.reference), *_TOLD}
    fields = {"response": str(columns.reference)}

    def records() -> Iterator[dict[str, Any]]:
        for row in _rows(run):
            told = _asked(row, kept, fields)
            if isinstance(told, Dropped):
                dropped[told.reason] += 1
                ids.append(None)
                continue
            seen[told.id] += 1
            ids.append(told.id if seen[told.id] == 1 else f"{told.id}-{seen[told.id]}")
            yield {**told.to_json(), "id": ids[-1]}

    write_json_lines(run.folder.examples("test"), records())
    if not seen:
        where = str(run.recipe.sources[0].path)
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in dropped.items())
        raise DataError(f"no row can be scored ({reasons})", where=where)
    return ids


def _asked(row: Row | Dropped, kept: Collection[str], fields: dict[str, str]) -> Example | Dropped:
    """What a row asks, with its reference; the rest of the row is no part of it."""
    if isinstance(row, Dropped):
        return row
    asked = {name: cell for name, cell in row.fields.items() if name in kept}
    return to_example(Row(fields=asked, source=row.source), fields)


def _write_answers(table: _Table) -> None:
    for model, column in table.columns.answers.items():
        answers = (
            Completion(
                example_id=row_id,
                model=model,
                text=str(row.fields.get(column) or ""),
                num_tokens=0,
                finish_reason=_NO_ANSWER if row.fields.get(column) is None else "stop",
            ).to_json()
            for row_id, row in table.rows()
        )
        write_json_lines(table.run.folder.completions(model), answers)


def _forget_others(table: _Table) -> None:
    """Delete what another file left in the folder."""
    folder = table.run.folder
    kept = {folder.completions(model) for model in table.columns.models}
    for path in folder.completions("").parent.glob("*.jsonl"):
        if path not in kept and are_completions(path):
            path.unlink()
    for path in folder.grades("").parent.glob("*.jsonl"):
        if path.stem not in judge_metrics(table.run.recipe) and are_grades(path):
            path.unlink()
    if not kept:
        folder.examples("test").unlink(missing_ok=True)


def _score(table: _Table) -> dict[str, Any]:
    """Write the grades, and from them what `scores.json` says."""
    run, models = table.run, table.columns.models
    folder, names = run.folder, [*_write_marks(table)]
    judge: dict[str, Any] = {}
    if models:
        names = [*write_text_grades(run, models), *names]
        judge = judge_answers(run, models)
        names += judge_metrics(run.recipe)
    second = TUNED if TUNED in models else (models or (TUNED,))[-1]
    scores = score_files({name: folder.grades(name) for name in names}, second=second)
    if judge:
        scores["judge"] = judge
    if groups := group_scores(folder.examples("test"), {n: folder.grades(n) for n in names}):
        scores["groups"] = groups
    if models:
        usable = UsabilityStage(run=run, markers=(), models=models).look(scores)
        scores["usability"] = usable["usability"]
        if TUNED in models:
            scores["headline"] = usable["headline"]
    return scores


def _write_marks(table: _Table) -> Iterator[str]:
    """The marks that the file holds already, a file a judge."""
    columns, folder = table.columns, table.run.folder
    for judge in dict.fromkeys(judge for judge, _ in columns.marks.values()):
        marked = {c: model for c, (name, model) in columns.marks.items() if name == judge}
        rows = (
            _mark(row_id, row, column=column, metric=judge, model=model).to_json()
            for column, model in marked.items()
            for row_id, row in table.rows()
        )
        write_json_lines(folder.grades(judge), rows)
        yield judge
    if columns.preference is not None:
        read = partial(_preferred, table)
        rows = (read(row_id, row).to_json() for row_id, row in table.rows())
        write_json_lines(folder.grades(WIN_RATE), rows)
        yield WIN_RATE


def _mark(row_id: str, row: Row, *, column: str, metric: str, model: str) -> Grade:
    mark = _number(row, column)
    if mark is not None and not 0 <= mark <= 100:
        raise DataError(
            f"column {column!r} holds {mark:g}, which is no mark from 0 to 100",
            where=row.source,
            cure="Bring the marks to 0 to 100, or leave the column out.",
        )
    reason = "no mark in the file" if mark is None else None
    return Grade(example_id=row_id, model=model, metric=metric, score=mark, reason=reason)


def _preferred(table: _Table, row_id: str, row: Row) -> Grade:
    """1: the first is better, 2: the second, between: how sure; 0 or 1.5: a draw."""
    assert table.columns.preference is not None
    column, second = table.columns.preference
    told = _number(row, column)
    if told == 0:
        told = _DRAW
    if told is not None and not _ENDS[0] <= told <= _ENDS[1]:
        raise DataError(
            f"column {column!r} holds {told:g}",
            where=row.source,
            cure="Write 1 where the first answer is better, 2 for the second, 1.5 for a draw.",
        )
    return Grade(
        example_id=row_id,
        model=str(row.fields.get(second) or "second") if second else "second",
        metric=WIN_RATE,
        score=None if told is None else 100.0 * (told - 1),
        reason="no preference in the file" if told is None else None,
    )


def _number(row: Row, column: str) -> float | None:
    cell = row.fields.get(column)
    try:
        return None if cell is None or cell == "" else float(str(cell))
    except ValueError as error:
        raise DataError(f"column {column!r} holds no number: {cell!r}", where=row.source) from error
