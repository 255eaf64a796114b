"""What a search for settings left -> its part of the page: the numbers, and the trials drawn."""

from collections.abc import Mapping
from typing import Any

from tunesmith.report.markup import Markup, joined, tag
from tunesmith.report.pictures.trials_curve import trials_svg

_NAMES = ("learning_rate", "epochs", "examples_per_step", "early_stopping")


def search_part(settings: Mapping[str, Any]) -> Markup:
    """Below the curves of training; nothing where the recipe named all numbers."""
    if not settings:
        return Markup("")
    parts = [tag("h3", "Settings that were found"), tag("p", search_line(settings), class_="note")]
    svg = trials_svg(settings)
    if svg is not None:
        alt = "Validation loss of short trials over their learning rate"
        picture = tag("div", Markup(svg), role="img", aria_label=alt, class_="scroll")
        parts.append(tag("div", picture, class_="card"))
    return joined(*parts)


def search_line(settings: Mapping[str, Any]) -> str:
    """The numbers and how they came about, for page and text alike."""
    known = [(name, settings[name]) for name in _NAMES if settings.get(name) is not None]
    numbers = ", ".join(f"{name} {value:g}" for name, value in known)
    trials = settings.get("trials", ())
    if trials:
        diverged = sum(trial["loss"] is None for trial in trials)
        told = f" ({diverged} diverged)" if diverged else ""
        measured = sum(settings["measured_by"].values())
        how = (
            f"The rate comes of {len(trials)} short trials{told} from the same weights, compared "
            f"by the loss on {measured} rows that they did not train on; they took "
            f"{100 * settings['share']:.0f} % of the training's cost. What is best in a short "
            "trial is too much for the whole training, so that the rate lies below it."
        )
    elif "share" in settings:
        how = "There were too few rows for trials: the rate is usual for a model of this width."
    else:
        how = f"They go by the number of training rows, {settings['rows']:,}."
    return f"{numbers}. {how} settings.json holds all of it."
