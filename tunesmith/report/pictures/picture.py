"""A matplotlib figure -> SVG text whose colours are the page's CSS variables."""

import io
import re
from html import escape, unescape
from typing import Any

from matplotlib.figure import Figure

from tunesmith.language.retell import as_shown
from tunesmith.language.translate import message

_COLOURS = {
    "#010101": "var(--ink-soft)",
    "#020202": "var(--line)",
    "#030303": "var(--train)",
    "#040404": "var(--validation)",
    "#050505": "var(--rate)",
}
_INK, _LINE, *LINE_COLOURS = _COLOURS
LOSS_AXIS = message("loss (nats per token)")
PAIR_LOSS_AXIS = message("loss (nats per pair)")
_TEXT = re.compile(r">([^<>]+)</text>")
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "axes.edgecolor": _LINE,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": _LINE,
    "grid.linewidth": 0.7,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "text.color": _INK,
    "font.size": 10,
    "lines.solid_capstyle": "round",
}


def tidied(figure: Figure) -> str:
    """Keep the drawing alone: no prologue, no names of fonts, no addresses, our colours.

    Words are drawn in English, for which there is a font everywhere, and translated in the SVG:
    they stay text, and the page's own font writes them.
    """
    stream = io.StringIO()
    hidden = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(stream, format="svg", metadata=hidden, transparent=True)
    svg = stream.getvalue()
    svg = svg[svg.index("<svg") :].strip()
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg)
    svg = re.sub(r' (width|height)="[\d.]+pt"', "", svg, count=2)
    svg = re.sub(r" font-family: [^;\"]*;", "", svg).replace("xlink:href", "href")
    for placeholder, colour in _COLOURS.items():
        svg = svg.replace(placeholder, colour)
    return _TEXT.sub(_shown, svg)


def _shown(found: re.Match[str]) -> str:
    text = unescape(found[1])
    told = as_shown(text)
    return found[0] if told == text else f">{escape(told)}</text>"
