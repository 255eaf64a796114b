"""A desk and a run's data -> what to change in the data for the next round, row by row.

Only training and validation rows are touched. A kind's rows are looked for in the training answers
by the check that a person accepted, and only among rows of the tasks or sources in which the kind
was seen. Corrected answers leave validation and become training rows, unless their row is one of
those that measure: on these both rounds are compared.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tunesmith.examples.conversion.prompt_headers import bears_headers
from tunesmith.examples.example import Example, last_user_text
from tunesmith.language.translate import translate
from tunesmith.rounds.data_task import DataTask, most_useful_first
from tunesmith.rounds.kind_check import CheckedAnswer, KindCheck
from tunesmith.rounds.kind_rates import measures
from tunesmith.rounds.leak_check import refuse_test_rows
from tunesmith.stages.preparing.split_rows import read_split
from tunesmith.stages.reviewing.kind_report import KindReport, kind_reports
from tunesmith.stages.reviewing.left_material import left_material_tasks
from tunesmith.stages.reviewing.review_desk import ReviewDesk, ReviewRow

CORRECTED = "its answer was corrected and is trained instead"
_FEWEST_REVIEWED = 30
_TEXT_RULES = {"contains", "lacks", "matches", "capitals"}  # they look at an answer alone


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundPlan:
    """What the next round changes.

    Attributes:
        tasks: What to do, the most useful first.
        corrected: Training rows made of corrected answers, as they are written.
        left_out: Rows that are left out, as they are written: id, why, text.
        refused: Corrections that would have leaked a test row, with why.
        num_train: Rows that this round trained.
        has_headers: Whether rows bear a template's headers, which a second source would take off.
    """

    tasks: Sequence[DataTask]
    corrected: Sequence[dict[str, Any]]
    left_out: Sequence[dict[str, Any]]
    refused: Sequence[str] = ()
    num_train: int = 0
    has_headers: bool = False


def plan_round(desk: ReviewDesk, *, corrections: str) -> RoundPlan:
    """Plan the next round by what the desk's person has said.

    Args:
        desk: With reviews.
        corrections: What the file of corrected answers will be called.
    """
    reports = kind_reports(desk)
    tasks: list[DataTask] = []
    out: dict[str, dict[str, Any]] = {}
    for report in reports:
        found = _showing(desk, report)
        new = [one for one in found if one.id not in out]
        out |= {one.id: _left_out(one, f"shows the kind: {report.rate.name}") for one in new}
        tasks += _kind_tasks(desk, report, len(found), corrections)
    corrected, refused = _corrected(desk)
    out |= {row: _left_out(desk.rows[row].example, CORRECTED) for row in corrected}
    tasks += _correction_tasks(desk, len(corrected))
    tasks += left_material_tasks(desk.folder)
    tasks += _review_tasks(desk)
    return RoundPlan(
        num_train=sum(1 for _ in read_split(desk.folder, "train")),
        has_headers=any(bears_headers(one.example) for one in desk.rows.values()),
        tasks=most_useful_first(tasks),
        corrected=[*corrected.values()],
        left_out=[*out.values()],
        refused=refused,
    )


def _showing(desk: ReviewDesk, report: KindReport) -> list[Example]:
    """Training rows whose answers show a kind, by its accepted check."""
    if report.check is None or not report.is_accepted or report.check.rule not in _TEXT_RULES:
        return []
    groups = {group for row in _rows_of(desk, report.rate.name) for group in _groups(row.example)}
    rows = (one for one in read_split(desk.folder, "train") if not one.is_text)
    return [one for one in rows if _finds(report.check, one) and groups & {*_groups(one)}]


def _finds(check: KindCheck, example: Example) -> bool:
    answered = CheckedAnswer(question=last_user_text(example.prompt), text=example.reference)
    return check.finds(answered) is True


def _rows_of(desk: ReviewDesk, kind: str) -> Iterator[ReviewRow]:
    said = desk.reviewed()
    return (desk.rows[row] for row, one in said.items() if one.kind == kind)


def _groups(example: Example) -> tuple[str, ...]:
    """A row's tasks, or its source where it has none."""
    tasks = tuple(tag for tag in example.tags if tag.startswith("task:"))
    return tasks or (example.source.rpartition(":")[0] or example.source,)


def _left_out(example: Example, why: str) -> dict[str, Any]:
    text = f"{last_user_text(example.prompt)} -> {example.reference}"
    return {"id": example.id, "why": why, "source": example.source, "text": text[:300]}


def _kind_tasks(
    desk: ReviewDesk, report: KindReport, num_showing: int, corrections: str
) -> Iterator[DataTask]:
    name, best = report.rate.name, report.best
    gain = best[0] if best else 0.0
    check = report.check.words() if report.check else ""
    rate = translate("some answers")
    if best:
        rate = translate(
            "{share:.0f} % of answers ({low:.0f} to {high:.0f})",
            share=best[0],
            low=best[1],
            high=best[2],
        )
    if num_showing:
        yield DataTask(
            name="take out",
            kind=name,
            num_rows=num_showing,
            gain=gain,
            sentence=translate(
                "{name}: {rate}; {count} training answers show it too, by its check ({check}), and "
                "are taken out",
                name=name,
                rate=rate,
                count=num_showing,
                check=check,
            ),
            is_in_recipe=True,
        )
    elif report.check is not None and not report.is_accepted:
        yield DataTask(
            name="accept",
            kind=name,
            gain=gain,
            sentence=translate(
                "{name}: {rate}; a check would find it in the training rows ({check}), if you "
                "accept it",
                name=name,
                rate=rate,
                check=check,
            ),
            command=f"tunesmith review {desk.folder.path} --kind {name!r} --check accept",
        )
    else:
        yield DataTask(
            name="teach",
            kind=name,
            gain=gain,
            sentence=translate(
                "{name}: {rate}; no training answer is known to show it: the model needs rows that "
                "show it done right, from you or from a teacher",
                name=name,
                rate=rate,
            ),
            command=f"tunesmith teach self-instruct --seeds {corrections} "
            f"--avoid {desk.folder.examples('test')} --url URL --model NAME --dry-run",
        )


def _corrected(desk: ReviewDesk) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Rows of corrected answers that leak no test row, by what they were; and what is refused."""
    made = {}
    for row, review in desk.reviewed().items():
        if review.judgement == "wrong" and review.correction and not measures(row):
            made[row] = _with_answer(desk.rows[row].example, review.correction)
    test = [*read_split(desk.folder, "test")]
    kept, refused = refuse_test_rows([*made.values()], test)
    was = {one.id: row for row, one in made.items()}
    said = f"{desk.book.path.name}: {desk.author} on"
    rows = {was[one.id]: {**one.to_json(), "source": f"{said} {was[one.id]}"} for one in kept}
    for record in rows.values():
        del record["id"]
    return rows, [f"{item.text[:80]}: {item.reason}" for item in refused]


def _with_answer(example: Example, text: str) -> Example:
    last = replace(example.messages[-1], content=text, is_trained=None)
    return replace(example, messages=(*example.messages[:-1], last), group=None, split=None)


def _correction_tasks(desk: ReviewDesk, num_corrected: int) -> Iterator[DataTask]:
    said = desk.reviewed().items()
    wrong = [one for row, one in said if one.judgement == "wrong" and not measures(row)]
    if num_corrected:
        yield DataTask(
            name="correct",
            num_rows=num_corrected,
            sentence=translate(
                "{count} corrected answers leave validation and are trained", count=num_corrected
            ),
            is_in_recipe=True,
        )
    missing = sum(not one.correction for one in wrong)
    if missing:
        yield DataTask(
            name="review",
            num_rows=missing,
            sentence=translate(
                "{count} wrong answers have no correction yet; each is a row that teaches",
                count=missing,
            ),
            command=f"tunesmith studio {desk.folder.path}",
        )


def _review_tasks(desk: ReviewDesk) -> Iterator[DataTask]:
    num_reviewed = len(desk.reviewed())
    if num_reviewed < min(_FEWEST_REVIEWED, len(desk.rows)):
        yield DataTask(
            name="review",
            num_rows=len(desk.rows) - num_reviewed,
            sentence=translate(
                "only {count} answers are reviewed: kinds may be missing", count=num_reviewed
            ),
            command=f"tunesmith review {desk.folder.path}",
        )
