"""The results -> an SVG of examples a second: Tunesmith, and the fastest peers beside it."""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from measuring.page import training_tables

Figures = Mapping[str, Any]
_COLOURS = {"Tunesmith": "#1f6f8b", "as shipped": "#c98a3c", "under tcmalloc": "#8a8f98"}
_LABELS = {
    "Tunesmith": "Tunesmith",
    "as shipped": "fastest peer, best flags",
    "under tcmalloc": "fastest peer, under tcmalloc",
}
_BAR = 0.26


def draw_speed(result: Figures, path: Path) -> None:
    """Write the plot; the same results give the same bytes."""
    tables = list(training_tables(result))
    if not tables:
        return
    settings = {"svg.hashsalt": "speed", "svg.fonttype": "none", "font.size": 9}
    with mpl.rc_context(settings):
        figure = Figure(figsize=(8, 0.75 * len(tables) + 0.9), layout="constrained")
        axes = figure.subplots()
        for offset, kind in enumerate(_COLOURS):
            _draw_bars(axes, [_bar_of(table, kind) for _, table in tables], offset, kind)
        titles = [textwrap.fill(title, 34) for title, _ in tables]
        axes.set_yticks(range(len(tables)), titles)
        axes.invert_yaxis()
        axes.set_xlabel("examples a second; whiskers: lowest and highest round")
        axes.spines[["top", "right"]].set_visible(False)
        figure.legend(frameon=False, loc="outside upper center", ncols=len(_COLOURS))
        figure.savefig(path, format="svg", metadata={"Date": None}, transparent=True)


def _draw_bars(axes: Any, bars: list[tuple[str, Figures] | None], offset: int, kind: str) -> None:
    is_labelled = False
    for place, bar in enumerate(bars):
        if bar is None:
            continue
        name, speed = bar
        whisker = [[speed["median"] - speed["lowest"]], [speed["highest"] - speed["median"]]]
        axes.barh(
            place + (offset - 1) * _BAR,
            speed["median"],
            height=_BAR * 0.9,
            xerr=whisker,
            color=_COLOURS[kind],
            ecolor="#444444",
            label=None if is_labelled else _LABELS[kind],
        )
        text = f" {speed['median']:.1f}" + (f"  {name}" if kind != "Tunesmith" else "")
        axes.text(speed["highest"], place + (offset - 1) * _BAR, text, va="center", fontsize=7)
        is_labelled = True


def _bar_of(table: Figures, kind: str) -> tuple[str, Figures] | None:
    name = kind if kind == "Tunesmith" else table["ratios"].get(kind, {}).get("against")
    if name is None:
        return None
    speed: Figures = table["contenders"][name]["examples_per_second"]
    return name.removesuffix(", under tcmalloc"), speed
