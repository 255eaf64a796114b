"""RunRecord -> what was trained on what, in pairs of a name and a sentence."""

from collections.abc import Mapping
from typing import Any

from tunesmith.evaluation.headline import headline_of
from tunesmith.report.number_text import counted, duration, number
from tunesmith.report.record import TUNED, LogPoint, RunRecord


def headline(record: RunRecord) -> tuple[str, str]:
    """The verdict as a title and a sentence; where there is none, why."""
    if record.scores and TUNED not in record.models:
        return _of_given_answers(record)
    if record.verdict.outcome != "not compared" or record.scores or record.answers:
        found = headline_of(record.verdict, record.usability)
        return found.title, found.sentence
    if record.num_test_rows:
        return "Not answered yet", "The test rows are waiting for answers; no claim is made."
    if record.summary:
        return "Nothing to compare", "No row was held out for testing, so no claim is made."
    return "Nothing yet", "This run has not prepared its data."


def _of_given_answers(record: RunRecord) -> tuple[str, str]:
    """Of answers that nobody was tuned for: whether each model's can be used."""
    judged = record.usability.models if record.usability else {}
    if len(judged) == 1:
        (one,) = judged.values()
        return one.outcome.capitalize(), one.sentence
    told = " ".join(f"{name}: {one.outcome}. {one.sentence}" for name, one in judged.items())
    return "Scored", told or "Marks that the file held; there were no answers to look at."


def headline_kind(record: RunRecord) -> str:
    """How good the news is: `better`, `mixed`, `worse`, or nothing where there is none."""
    outcome = record.verdict.outcome
    tuned = record.usability.models.get(TUNED) if record.usability else None
    if tuned is not None and tuned.outcome == "not usable yet":
        return "worse"
    if tuned is not None and tuned.outcome == "usable with care":
        return "worse" if outcome == "worse" else "mixed"
    return outcome if outcome in ("better", "worse", "mixed") else ""


def facts(record: RunRecord) -> list[tuple[str, str]]:
    """Model, data, length, time, machine, validation loss: those that are known."""
    known = [
        ("Base model", _model(record.recipe)),
        ("Trained on", _data(record)),
        ("Tested on", counted(record.num_test_rows, "row") if record.num_test_rows else ""),
        ("Length", _length(record)),
        ("Time", _time(record)),
        ("Machine", _machine(record.environment)),
        ("Validation loss", _validation(record.points("validation"))),
        ("Validation accuracy", _accuracy(record.points("validation"))),
    ]
    return [(name, told) for name, told in known if told]


def _accuracy(points: list[LogPoint]) -> str:
    """Of the validation with the lowest loss, and of the first."""
    best = best_point(points)
    if best is None or best.accuracy is None:
        return ""
    told = f"{best.accuracy:.1f} % of next tokens right at step {best.step:,}"
    first = points[0]
    is_told = first is best or first.accuracy is None
    return told if is_told else f"{told}, {first.accuracy:.1f} % at step {first.step:,}"


def best_point(points: list[LogPoint]) -> LogPoint | None:
    """The validation with the lowest loss, the earliest of equals."""
    return min(points, key=lambda point: point.loss, default=None)


def _model(recipe: Mapping[str, Any]) -> str:
    model = recipe.get("model", {})
    name = str(model.get("name", ""))
    return f"{name} at {model['revision']}" if model.get("revision") else name


def _data(record: RunRecord) -> str:
    split = record.summary.get("splits", {}).get("train", {})
    parts = []
    if "rows" in split:
        parts.append(counted(split["rows"], "row"))
    if split.get("trained_tokens") is not None:
        parts.append(f"{split['trained_tokens']:,} trained of {split['tokens']:,} tokens")
    return ", ".join(parts)


def _length(record: RunRecord) -> str:
    points = record.points("train")
    if not points:
        return ""
    parts = [counted(points[-1].step, "step")]
    if points[-1].epoch is not None:
        parts.append(f"{points[-1].epoch:.3g} epochs")
    if points[-1].tokens_seen is not None:
        parts.append(f"{points[-1].tokens_seen:,} tokens seen")
    method = record.recipe.get("training", {}).get("method")
    if method is not None:
        parts.append("full" if method == "full" else "LoRA")
    return ", ".join(parts)


def _time(record: RunRecord) -> str:
    seconds = [point.seconds for point in record.log if point.seconds is not None]
    return f"{duration(max(seconds))} of training" if seconds else ""


def _machine(environment: Mapping[str, Any]) -> str:
    found = _leaves(environment)
    parts = [str(found[key]) for key in ("machine", "device", "precision") if found.get(key)]
    if found.get("num_threads"):
        parts.append(counted(int(found["num_threads"]), "thread"))
    return ", ".join(parts)


def _leaves(value: Mapping[str, Any]) -> dict[str, Any]:
    """The innermost keys; the environment may group them."""
    found: dict[str, Any] = {}
    for key, inner in value.items():
        found.update(_leaves(inner) if isinstance(inner, Mapping) else {key: inner})
    return found


def _validation(points: list[LogPoint]) -> str:
    best = best_point(points)
    if best is None:
        return ""
    first, last = points[0], points[-1]
    told = f"{number(best.loss, 3)} nats per token at step {best.step:,} (lowest)"
    if first is not best:
        told += f", {number(first.loss, 3)} at step {first.step:,}"
    return told if last is best else f"{told}, {number(last.loss, 3)} at the end"
