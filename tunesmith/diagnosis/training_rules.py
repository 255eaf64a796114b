"""The log of a run -> whether it was trained too little, too much, or not so that it learns."""

from tunesmith.diagnosis.cures import again_with, at_rate, highest_rate, longer
from tunesmith.language.translate import sentences, translate
from tunesmith.report.advice.finding import Finding
from tunesmith.report.facts import best_point
from tunesmith.report.number_text import number
from tunesmith.report.record import LogPoint, RunRecord

_SMALLEST_NATS = 0.01  # differences of loss that are no news
_STILL_FALLING = 0.02  # of the loss, in the last quarter
_ROSE = 0.05  # of the lowest loss
_HARDLY = 0.03  # of the first loss


def diverging(record: RunRecord) -> Finding | None:
    """The loss ends above where it began: the steps are too large."""
    ends = _ends(record)
    if ends is None or ends[1].loss <= ends[0].loss * (1 + _HARDLY):
        return None
    return Finding(
        rule="diverging",
        severity="fix first",
        sentence=translate(
            "Training made the model worse: its loss on held-out rows rose above that of the "
            "untuned model. The learning rate is too high."
        ),
        evidence=(_fell(*ends), _highest(record)),
        change=at_rate(record, 0.2),
    )


def hardly_learned(record: RunRecord) -> Finding | None:
    """The loss is nearly what it was."""
    ends = _ends(record)
    if ends is None or not 0 <= ends[0].loss - ends[1].loss < ends[0].loss * _HARDLY:
        return None
    if ends[0].loss < 10 * _SMALLEST_NATS:
        return None
    return Finding(
        rule="hardly learned",
        severity="fix first",
        sentence=translate(
            "Training changed the model very little: the learning rate is too low, or there were "
            "too few steps."
        ),
        evidence=(_fell(*ends), _highest(record)),
        change=at_rate(record, 10),
    )


def still_falling(record: RunRecord) -> Finding | None:
    """The held-out loss fell to the end, in the last quarter too: too little training."""
    points = record.points("validation")
    if len(points) < 3 or hardly_learned(record) or best_point(points) is not points[-1]:
        return None
    last = points[-1]
    before = [point for point in points if point.step <= 0.75 * last.step][-1]
    gain = before.loss - last.loss
    if gain < max(_STILL_FALLING * last.loss, _SMALLEST_NATS):
        return None
    return Finding(
        rule="still falling",
        severity="fix first" if gain > 5 * _STILL_FALLING * last.loss else "would help",
        sentence=translate(
            "Too little training: the loss on held-out rows was still falling when it ended."
        ),
        evidence=(_fell(before, last),),
        change=longer(record, 2),
    )


def rose(record: RunRecord) -> Finding | None:
    """The held-out loss was lower before: too much training."""
    points = record.points("validation")
    best = best_point(points)
    if best is None or best.step == 0 or diverging(record):
        return None
    last = points[-1]
    if last.loss - best.loss < max(_ROSE * best.loss, _SMALLEST_NATS):
        return None
    told = translate(
        "Too much training: after step {step:,} the loss on held-out rows rose.", step=best.step
    )
    evidence = (_fell(best, last),)
    if record.recipe.get("training", {}).get("keep", "best") == "last":
        last_kept = translate("The weights of the last step were kept.")
        change = again_with(record, training__keep="best")
        return _rose(sentences(told, last_kept), evidence, change, is_kept=True)
    best_kept = translate(
        "The weights of step {step:,} were kept, so nothing is lost but time.", step=best.step
    )
    return _rose(sentences(told, best_kept), evidence, longer(record, best.step / last.step))


def _rose(told: str, evidence: tuple[str, ...], change: str, *, is_kept: bool = False) -> Finding:
    return Finding(
        rule="rose",
        severity="fix first" if is_kept else "good to know",
        sentence=told,
        evidence=evidence,
        change=change,
    )


def few_validation_rows(record: RunRecord) -> Finding | None:
    """The best step was chosen by so few rows that it may be any."""
    rows = record.summary.get("splits", {}).get("validation", {}).get("rows", 0)
    if not 0 < rows < 8 or not record.points("validation"):
        return None
    return Finding(
        rule="few validation rows",
        severity="good to know",
        sentence=translate(
            "Only {count} rows tell during training whether it helps; which step was best is "
            "little more than chance.",
            count=rows,
        ),
        evidence=(translate("{count} validation rows", count=rows),),
        change=again_with(record, examples__split__validation=0.1),
    )


def _ends(record: RunRecord) -> tuple[LogPoint, LogPoint] | None:
    """The first and the last validation; None where the untuned model was not measured."""
    points = record.points("validation")
    return (points[0], points[-1]) if len(points) > 1 and points[0].step == 0 else None


def _fell(first: LogPoint, second: LogPoint) -> str:
    return translate(
        "validation loss {first_value} at step {step:,}, {last_value} at step {number:,}",
        first_value=number(first.loss, 3),
        step=first.step,
        last_value=number(second.loss, 3),
        number=second.step,
    )


def _highest(record: RunRecord) -> str:
    return translate("highest learning rate {value:.2g}", value=highest_rate(record))
