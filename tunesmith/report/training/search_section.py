"""What a search for settings left -> its part of the page: the numbers, and the trials drawn."""

from collections.abc import Mapping
from typing import Any

from tunesmith.language.translate import listing, message, sentences, translate
from tunesmith.report.markup import Markup, joined, tag
from tunesmith.report.pictures.trials_curve import trials_svg

_NAMES = ("learning_rate", "epochs", "examples_per_step", "early_stopping")

_OF_TRIALS = message(
    "The rate comes of {total} short trials from the same weights, compared by the loss on {count} "
    "rows that they did not train on; they took {share:.0f} % of the training's cost. What is best "
    "in a short trial is too much for the whole training, so that the rate lies below it."
)
_OF_TRIALS_SOME_DIVERGED = message(
    "The rate comes of {total} short trials ({diverged} diverged) from the same weights, compared "
    "by the loss on {count} rows that they did not train on; they took {share:.0f} % of the "
    "training's cost. What is best in a short trial is too much for the whole training, so that "
    "the rate lies below it."
)


def search_part(settings: Mapping[str, Any]) -> Markup:
    """Below the curves of training; nothing where the recipe named all numbers."""
    if not settings:
        return Markup("")
    parts = [tag("h3", translate("Settings that were found"))]
    parts.append(tag("p", search_line(settings), class_="note"))
    svg = trials_svg(settings)
    if svg is not None:
        alt = translate("Validation loss of short trials over their learning rate")
        picture = tag("div", Markup(svg), role="img", aria_label=alt, class_="scroll")
        parts.append(tag("div", picture, class_="card"))
    return joined(*parts)


def search_line(settings: Mapping[str, Any]) -> str:
    """The numbers and how they came about, for page and text alike."""
    known = [(name, settings[name]) for name in _NAMES if settings.get(name) is not None]
    numbers = listing(*(f"{name} {value:g}" for name, value in known))
    trials = settings.get("trials", ())
    if trials:
        diverged = sum(trial["loss"] is None for trial in trials)
        figures = {
            "total": len(trials),
            "diverged": diverged,
            "count": sum(settings["measured_by"].values()),
            "share": 100 * settings["share"],
        }
        how = translate(_OF_TRIALS_SOME_DIVERGED if diverged else _OF_TRIALS, **figures)
    elif "share" in settings:
        how = translate(
            "There were too few rows for trials: the rate is usual for a model of this width."
        )
    else:
        how = translate(
            "They go by the number of training rows, {count:,}.", count=settings["rows"]
        )
    where = translate("settings.json holds all of it.")
    return sentences(numbers + translate("."), how, where)
