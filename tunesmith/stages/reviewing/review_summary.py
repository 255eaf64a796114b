"""A desk -> what is known so far, as a record and as lines for a person."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from tunesmith.rounds.unseen_kinds import Saturation
from tunesmith.stages.results.reviewed import Reviewed
from tunesmith.stages.reviewing.kind_report import KindReport, kind_reports
from tunesmith.stages.reviewing.review_desk import ReviewDesk


def review_summary(desk: ReviewDesk) -> Reviewed:
    """What the desk's person has said, and what follows from it."""
    reviews = desk.reviewed()
    counts = Counter(one.judgement for one in reviews.values())
    reports, near = kind_reports(desk), desk.saturation()
    named = {str(word): counts[word] for word in ("right", "wrong", "unsure")}
    head = (
        f"{len(reviews)} of {len(desk.rows)} answers reviewed by {desk.author}: "
        f"{named['right']} right, {named['wrong']} wrong, {named['unsure']} unsure"
    )
    unread = f"{desk.book.num_unread} lines of {desk.book.path} are no reviews and were left out"
    return Reviewed(
        run=str(desk.folder.path),
        model=desk.model,
        author=desk.author,
        reviews=str(desk.book.path),
        answers=len(desk.rows),
        reviewed={"total": len(reviews), **named},
        kinds=[one.to_json() for one in reports],
        saturation=asdict(near),
        unread=desk.book.num_unread,
        summary=(
            head,
            *(line for one in reports for line in kind_lines(one)),
            *saturation_lines(near),
            *((unread,) if desk.book.num_unread else ()),
        ),
    )


def kind_lines(report: KindReport) -> Iterator[str]:
    """A kind with its rate, and its check where there is one."""
    rate = report.rate
    if rate.rate is None or rate.low is None or rate.high is None:
        yield f"  {rate.name}: seen {rate.num_seen} times"
    else:
        share = f"{rate.rate:.0f} % of answers ({rate.low:.0f} to {rate.high:.0f})"
        yield f"  {rate.name}: {share}, seen {rate.num_seen} times"
    if report.check is None or report.quality is None:
        return
    quality = report.quality
    knows = (
        f"finds {quality.num_found} of {quality.num_kind}, "
        f"and {quality.num_false} of {quality.num_other} others"
    )
    state = "check" if report.is_accepted else "proposed check"
    yield f"    {state}: {report.check.words()} ({knows})"
    if report.corrected is not None and report.is_accepted:
        point, low, high = report.corrected
        yield f"    by the check, its errors taken out: {point:.0f} % ({low:.0f} to {high:.0f})"


def saturation_lines(near: Saturation) -> Sequence[str]:
    """How near the end of new kinds is."""
    if not near.num_seen:
        return ()
    new = f"{near.num_new} new kind{'s' * (near.num_new != 1)} in the last 20 wrong answers"
    chance = f"the next wrong answer is of a new kind in {near.unseen:.0f} % of cases"
    return (f"{new}; {chance} ({near.low:.0f} to {near.high:.0f})",)
