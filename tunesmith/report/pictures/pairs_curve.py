"""How well a model answers after few and many training pairs -> a curve as SVG text."""

from collections.abc import Mapping, Sequence

from matplotlib import style
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from tunesmith.language.translate import message
from tunesmith.report.pictures.picture import LINE_COLOURS, STYLE, tidied

Spread = Sequence[float]  # median, lowest, highest


def pairs_svg(
    curves: Mapping[str, Mapping[int, Spread]],
    *,
    across: str = message("training pairs, at equal steps"),
    up: str = message("exact match in %"),
    top: float | None = 102,
) -> str:
    """Scores over the number of pairs, a line a kind of row, a band from lowest to highest.

    Args:
        curves: Of at most three kinds; number of pairs -> median, lowest and highest.
        across: What the axis of numbers is called.
        up: What the other is called.
        top: Where that ends; None: where the curves do.
    """
    with style.context(["default", {**STYLE, "svg.hashsalt": "pairs"}]):
        figure = Figure(figsize=(9.6, 3.2), layout="constrained")
        panel = figure.subplots()
        panel.set_xscale("log")
        counts = sorted({count for points in curves.values() for count in points})
        for (kind, points), colour in zip(curves.items(), LINE_COLOURS, strict=False):
            numbers = sorted(points)
            middle, low, high = (
                [points[number][place] for number in numbers] for place in range(3)
            )
            panel.fill_between(numbers, low, high, color=colour, alpha=0.18, linewidth=0)
            panel.plot(numbers, middle, color=colour, marker="o", markersize=4, label=kind)
        panel.xaxis.set_major_locator(FixedLocator(counts))
        panel.xaxis.set_minor_locator(NullLocator())
        panel.xaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
        panel.set_ylim(0, top)
        panel.set_xlabel(across)
        panel.set_ylabel(up)
        panel.legend(frameon=False, loc="lower right")
        return tidied(figure)
