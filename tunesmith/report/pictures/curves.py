"""The log of a run -> curves as SVG text: loss above, learning rate below.

Colours are CSS variables, so one picture serves light and dark pages; letters stay text.
The same log gives the same bytes.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator

from tunesmith.language.translate import message
from tunesmith.report.facts import best_point
from tunesmith.report.pictures.picture import (
    LINE_COLOURS,
    LOSS_AXIS,
    PAIR_LOSS_AXIS,
    STYLE,
    tidied,
)
from tunesmith.report.record import LogPoint, RunRecord

Axis = Literal["step", "epoch", "tokens_seen"]
AXES: dict[Axis, str] = {
    "step": message("Steps"),
    "epoch": message("Epochs"),
    "tokens_seen": message("Tokens"),
}

MAX_POINTS = 400
_SMOOTHED = 25  # windows over the whole run
_TRAIN, _VALIDATION, _RATE = LINE_COLOURS
_MEAN, _RATE_AXIS = message("train (mean)"), message("learning rate")
_STANDALONE = (
    "<style>svg{--ink-soft:#5a6372;--line:#d9dbdf;--train:#2f6fd6;--validation:#c2570c;"
    "--rate:#7a8494;font-family:system-ui,sans-serif}@media(prefers-color-scheme:dark){"
    "svg{--ink-soft:#a4adba;--line:#333b47;--train:#7fb0ff;--validation:#ffab5e;"
    "--rate:#8b95a5}}</style>"
)


def all_curves(record: RunRecord) -> dict[Axis, str]:
    """The curves over every axis that the log knows."""
    drawn = ((axis, curves_svg(record, axis)) for axis in AXES)
    return {axis: svg for axis, svg in drawn if svg is not None}


def curves_svg(record: RunRecord, axis: Axis) -> str | None:
    """The curves as an `<svg>` element for a page; None where the log does not know the axis."""
    train, validation = (
        [point for point in record.points(split) if getattr(point, axis) is not None]
        for split in ("train", "validation")
    )
    if not train and not validation:
        return None
    with style.context(["default", {**STYLE, "svg.hashsalt": axis}]):
        figure = Figure(figsize=(9.6, 4.5), layout="constrained")
        has_rate = any(point.learning_rate is not None for point in train)
        panels = figure.subplots(
            2 if has_rate else 1,
            sharex=True,
            squeeze=False,
            gridspec_kw={"height_ratios": (3.2, 1) if has_rate else (1,)},
        )[:, 0]
        _draw_loss(panels[0], train, validation, axis)
        if has_rate:
            _draw_rate(panels[1], train, axis)
        panels[-1].set_xlabel(AXES[axis].lower())
        panels[-1].xaxis.set_major_locator(MaxNLocator(8, integer=axis != "epoch"))
        if axis == "tokens_seen":
            panels[-1].xaxis.set_major_formatter(EngFormatter(sep=""))
        return tidied(figure)


def standalone_svg(svg: str) -> str:
    """The same picture as a file of its own."""
    opened = svg.index(">") + 1
    namespace = ' xmlns="http://www.w3.org/2000/svg"'
    return f"{svg[: opened - 1]}{namespace}>{_STANDALONE}{svg[opened:]}"


def thinned_curve(points: Sequence[LogPoint], axis: Axis) -> list[tuple[float, float]]:
    """At most `MAX_POINTS` of (axis, loss): neighbours become their mean, weighted by tokens."""
    size = -(-len(points) // MAX_POINTS)
    return [
        (float(getattr(group[-1], axis)), _mean_loss(group))
        for group in (points[i : i + size] for i in range(0, len(points), size))
    ]


def smoothed(points: Sequence[LogPoint], axis: Axis) -> list[tuple[float, float]]:
    """The mean loss of each of the windows that the run is cut into; empty for a short run."""
    if len(points) < 2 * _SMOOTHED:
        return []
    ends = [len(points) * window // _SMOOTHED for window in range(_SMOOTHED + 1)]
    groups = [points[start:end] for start, end in pairwise(ends)]
    return [(_mean_place(group, axis), _mean_loss(group)) for group in groups]


def _mean_place(points: Sequence[LogPoint], axis: Axis) -> float:
    return sum(float(getattr(point, axis)) for point in points) / len(points)


def _mean_loss(points: Sequence[LogPoint]) -> float:
    weights = [point.num_targets or 1 for point in points]
    return sum(p.loss * w for p, w in zip(points, weights, strict=True)) / sum(weights)


def _draw_loss(
    panel: Axes, train: Sequence[LogPoint], validation: Sequence[LogPoint], axis: Axis
) -> None:
    means = smoothed(train, axis)
    if train:
        x, y = zip(*thinned_curve(train, axis), strict=True)
        width, alpha, label = (1.0, 0.35, None) if means else (2.0, 1.0, "train")
        panel.plot(x, y, color=_TRAIN, label=label, linewidth=width, alpha=alpha)
    if means:
        panel.plot(*zip(*means, strict=True), color=_TRAIN, linewidth=2.2, label=_MEAN)
    if validation:
        x, y = zip(*thinned_curve(validation, axis), strict=True)
        panel.plot(x, y, color=_VALIDATION, linewidth=2.2, marker="o", ms=3.5, label="validation")
        best = best_point(list(validation))
        if best is not None:
            panel.plot(
                [getattr(best, axis)], [best.loss], "o", ms=10, mfc="none", mec=_VALIDATION, mew=1.5
            )
    is_of_pairs = any(point.margin is not None for point in validation)
    panel.set_ylabel(PAIR_LOSS_AXIS if is_of_pairs else LOSS_AXIS)
    panel.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderpad=0)


def _draw_rate(panel: Axes, train: Sequence[LogPoint], axis: Axis) -> None:
    known = [point for point in train if point.learning_rate is not None]
    size = -(-len(known) // MAX_POINTS)
    some = [*known[:-1:size], known[-1]]
    panel.plot(
        [getattr(point, axis) for point in some],
        [point.learning_rate or 0.0 for point in some],
        color=_RATE,
        linewidth=1.6,
    )
    panel.set_ylabel(_RATE_AXIS)
    highest = max(point.learning_rate or 0.0 for point in known)
    panel.set_ylim(0, highest * 1.15 or 1.0)
    panel.set_yticks([0, highest], ["0", f"{highest:.3g}"])
