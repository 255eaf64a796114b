"""RunRecord -> what was trained on what, in pairs of a name and a sentence."""

from collections.abc import Mapping
from typing import Any

from tunesmith.evaluation.headline import headline_of
from tunesmith.language.catalogue import ENGLISH
from tunesmith.language.retell import as_shown
from tunesmith.language.translate import in_language, listing, sentences, translate
from tunesmith.report.number_text import counted, duration, number
from tunesmith.report.record import TUNED, LogPoint, RunRecord
from tunesmith.report.training.preference_facts import answer_lengths, objective, preferred


def headline(record: RunRecord) -> tuple[str, str]:
    """The verdict as a title and a sentence; where there is none, why."""
    if record.scores and TUNED not in record.models:
        return _of_given_answers(record)
    if record.verdict.outcome != "not compared" or record.scores or record.answers:
        with in_language(ENGLISH):
            found = headline_of(record.verdict, record.usability)
        return as_shown(found.title), as_shown(found.sentence)
    if record.num_test_rows:
        return translate("Not answered yet"), translate(
            "The test rows are waiting for answers; no claim is made."
        )
    if record.summary:
        return translate("Nothing to compare"), translate(
            "No row was held out for testing, so no claim is made."
        )
    return translate("Nothing yet"), translate("This run has not prepared its data.")


def _of_given_answers(record: RunRecord) -> tuple[str, str]:
    """Of answers that nobody was tuned for: whether each model's can be used."""
    judged = record.usability.models if record.usability else {}
    if len(judged) == 1:
        (one,) = judged.values()
        return as_shown(one.outcome.capitalize()), as_shown(one.sentence)
    told = [
        translate(
            "{name}: {outcome}. {sentence}",
            name=name,
            outcome=as_shown(one.outcome),
            sentence=as_shown(one.sentence),
        )
        for name, one in judged.items()
    ]
    nothing = translate("Marks that the file held; there were no answers to look at.")
    return translate("Scored"), sentences(*told) or nothing


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
        (translate("Base model"), _model(record.recipe)),
        (translate("Objective"), objective(record)),
        (translate("Trained on"), _data(record)),
        (
            translate("Tested on"),
            counted(record.num_test_rows, "row") if record.num_test_rows else "",
        ),
        (translate("Length"), _length(record)),
        (translate("Time"), _time(record)),
        (translate("Machine"), _machine(record.environment)),
        (translate("Validation loss"), _validation(record.points("validation"))),
        (translate("Validation accuracy"), _accuracy(record.points("validation"))),
        (translate("Answer length"), answer_lengths(record)),
    ]
    return [(name, told) for name, told in known if told]


def _accuracy(points: list[LogPoint]) -> str:
    """Of the validation with the lowest loss, and of the first."""
    best = best_point(points)
    if best is None or best.accuracy is None:
        return ""
    if best.margin is not None:
        return preferred(best)
    told = translate(
        "{share:.1f} % of next tokens right at step {step:,}", share=best.accuracy, step=best.step
    )
    first = points[0]
    if first is best or first.accuracy is None:
        return told
    at_first = translate("{share:.1f} % at step {step:,}", share=first.accuracy, step=first.step)
    return listing(told, at_first)


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
        trained, total = split["trained_tokens"], split["tokens"]
        parts.append(translate("{count:,} trained of {total:,} tokens", count=trained, total=total))
    return listing(*parts)


def _length(record: RunRecord) -> str:
    points = record.points("train")
    if not points:
        return ""
    parts = [counted(points[-1].step, "step")]
    if points[-1].epoch is not None:
        parts.append(translate("{count:.3g} epochs", count=points[-1].epoch))
    if points[-1].tokens_seen is not None:
        parts.append(translate("{count:,} tokens seen", count=points[-1].tokens_seen))
    method = record.recipe.get("training", {}).get("method")
    if method is not None:
        parts.append(translate("full") if method == "full" else "LoRA")
    return listing(*parts)


def _time(record: RunRecord) -> str:
    seconds = [point.seconds for point in record.log if point.seconds is not None]
    told = duration(max(seconds)) if seconds else ""
    return translate("{time} of training", time=told) if seconds else ""


def _machine(environment: Mapping[str, Any]) -> str:
    found = _leaves(environment)
    parts = [str(found[key]) for key in ("machine", "device", "precision") if found.get(key)]
    if found.get("num_threads"):
        parts.append(counted(int(found["num_threads"]), "thread"))
    return listing(*parts)


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
    shown = {"value": number(best.loss, 3), "step": best.step}
    if best.margin is None:
        lowest = translate("{value} nats per token at step {step:,} (lowest)", **shown)
    else:
        lowest = translate("{value} nats per pair at step {step:,} (lowest)", **shown)
    parts = [lowest]
    if first is not best:
        value = number(first.loss, 3)
        parts.append(translate("{value} at step {step:,}", value=value, step=first.step))
    if last is not best:
        parts.append(translate("{value} at the end", value=number(last.loss, 3)))
    return listing(*parts)
