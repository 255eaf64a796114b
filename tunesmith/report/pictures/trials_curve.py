"""The trials of a search for a learning rate -> a curve as SVG text: loss over the rate."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib import style
from matplotlib.figure import Figure

from tunesmith.language.translate import message
from tunesmith.report.pictures.picture import LINE_COLOURS, LOSS_AXIS, STYLE, tidied

_COLOURS = (LINE_COLOURS[1], LINE_COLOURS[0])  # of the first rung, and of longer trials


def trials_svg(settings: Mapping[str, Any]) -> str | None:
    """What each rate reached, a line a length of trial, and the rate that training takes.

    Args:
        settings: Of settings.json.

    Returns:
        None where no trial has a loss.
    """
    rungs = rungs_of(settings.get("trials", ()))
    if not rungs:
        return None
    with style.context(["default", {**STYLE, "svg.hashsalt": "trials"}]):
        figure = Figure(figsize=(9.6, 3.0), layout="constrained")
        panel = figure.subplots()
        panel.set_xscale("log")
        for (steps, points), colour in zip(sorted(rungs.items()), _COLOURS, strict=False):
            rates, losses = zip(*sorted(points), strict=True)
            label = message("after {steps} steps").format(steps=steps)
            panel.plot(rates, losses, color=colour, marker="o", ms=5, label=label)
        rate = settings["learning_rate"]
        label = message("training takes {value:g}").format(value=rate)
        panel.axvline(rate, color=LINE_COLOURS[2], linestyle="--", linewidth=1.6, label=label)
        panel.set_xlabel(message("learning rate of the trial"))
        panel.set_ylabel(LOSS_AXIS)
        panel.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderpad=0)
        return tidied(figure)


def rungs_of(trials: Sequence[Mapping[str, Any]]) -> dict[int, list[tuple[float, float]]]:
    """Rates and losses by the length of the trial; what diverged has none."""
    rungs: dict[int, list[tuple[float, float]]] = {}
    for trial in trials:
        if trial["loss"] is not None:
            point = (trial["learning_rate"], trial["loss"])
            rungs.setdefault(trial["steps"], []).append(point)
    return rungs
