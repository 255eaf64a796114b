"""The token lengths of a run -> a histogram as SVG text, one colour a split."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator

from tunesmith.language.translate import message
from tunesmith.report.pictures.picture import LINE_COLOURS, STYLE, tidied

_ORDER = (message("train"), message("validation"), message("test"))


def lengths_svg(lengths: Mapping[str, Any]) -> str | None:
    """Rows over tokens, as an `<svg>` element; None where nothing was counted."""
    splits = {split: lengths["splits"][split] for split in _ORDER if split in lengths["splits"]}
    if not splits:
        return None
    with style.context(["default", {**STYLE, "svg.hashsalt": "lengths"}]):
        figure = Figure(figsize=(9.6, 2.6), layout="constrained")
        panel = figure.subplots()
        _draw(panel, splits, width=lengths["width"])
        panel.set_xlabel(message("tokens of a row"))
        panel.set_ylabel(message("rows"))
        panel.set_xlim(left=0)
        panel.xaxis.set_major_locator(MaxNLocator(10, integer=True))
        panel.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        panel.yaxis.set_major_formatter(EngFormatter(sep=""))
        panel.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=3, borderpad=0)
        return tidied(figure)


def _draw(panel: Axes, splits: Mapping[str, Mapping[str, Any]], *, width: int) -> None:
    """Bars of the splits stand on each other, so their height is that of all rows."""
    num_bars = max(len(one["rows"]) for one in splits.values())
    below = np.zeros(num_bars)
    left = np.arange(num_bars) * width
    for split, one in splits.items():
        rows = np.zeros(num_bars)
        rows[: len(one["rows"])] = one["rows"]
        colour = LINE_COLOURS[_ORDER.index(split)]
        panel.bar(left, rows, width * 0.86, bottom=below, align="edge", color=colour, label=split)
        below += rows
