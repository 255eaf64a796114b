"""RunRecord -> the metric by which test rows are told apart, and their grades under it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tunesmith.evaluation.grade import Comparison, Score
from tunesmith.evaluation.token_metrics import TOKEN_METRICS
from tunesmith.report.judge_facts import trust_of
from tunesmith.report.record import TUNED, RunRecord, TestRow

# A judge that can be believed first; then what gives part of the marks for part of an answer.
ORDER = ("judge", "final_answer", "token_f1", "chrf", "rouge_l", "exact_match")


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedRow:
    """A test row and what the tuned model's answer to it earned, 0 to 100."""

    row: TestRow
    score: float


def main_metric(record: RunRecord) -> str | None:
    """The metric of texts that says most; None where no text was graded."""
    is_trusted = trust_of(record, "judge") != "do not use"
    return first_metric(record.scores, is_judge_trusted=is_trusted)


def first_metric(names: Iterable[str], *, is_judge_trusted: bool) -> str | None:
    """Of several metrics the one that says most."""
    silent = (*TOKEN_METRICS, "win_rate", *(() if is_judge_trusted else ("judge",)))
    known = [name for name in names if name not in silent]
    return next((name for name in (*ORDER, *known) if name in known), None)


def main_score(record: RunRecord, model: str) -> Score | None:
    """A model's score under it, if it has one."""
    score = record.scores.get(main_metric(record) or "", {}).get(model)
    return score if score is not None and score.value is not None else None


def main_comparison(record: RunRecord, first: str) -> Comparison | None:
    """The tuned model against another under it."""
    return record.comparison(main_metric(record) or "", first)


def graded_rows(record: RunRecord) -> Iterator[GradedRow]:
    """The test rows whose answer by the tuned model was graded."""
    metric = main_metric(record)
    for row in record.rows:
        grade = row.grades.get(metric or "", {}).get(TUNED)
        if grade is not None and grade.score is not None:
            yield GradedRow(row=row, score=grade.score)
