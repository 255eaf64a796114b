"""`curve.json` -> what twice the rows would bring: lines for a terminal, Markdown, a section."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tunesmith.evaluation.verdict import metric_title
from tunesmith.language.retell import as_shown
from tunesmith.language.translate import message, translate
from tunesmith.report.markup import Markup, tag
from tunesmith.report.number_text import counted, digits_of, interval, number, shown_title, signed
from tunesmith.report.pictures.pairs_curve import pairs_svg
from tunesmith.report.pictures.picture import LOSS_AXIS

TITLE = message("What more rows bring")
_DRAWN = 3  # lines in the picture

Curve = Mapping[str, Any]


def curve_lines(curve: Curve) -> Iterator[str]:
    """The sentence, and a table of scores by number of rows."""
    yield as_shown(curve["sentence"])
    yield ""
    rows = curve_rows(curve)
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield f"({_how(curve)})"


def curve_rows(curve: Curve) -> list[list[str]]:
    """A line a metric: the median of the seeds for each number of rows, and twice them."""
    sizes = (f"{size:,}" for size in curve["sizes"])
    heads = [translate("rows"), *sizes, translate("twice as many")]
    return [heads, *(_row(name, one) for name, one in curve["metrics"].items())]


def curve_section(curve: Curve) -> Markup:
    """The same as a section of the page, with a picture; nothing without a curve."""
    if not curve:
        return Markup("")
    names = [curve["main"], *(name for name in curve["metrics"] if name != curve["main"])]
    drawn = [name for name in names if name != "loss"][:_DRAWN] or names
    lines = {metric_title(name): _spreads(curve["metrics"][name]["points"]) for name in drawn}
    svg = pairs_svg(
        lines,
        across=message("training rows, at equal steps"),
        up=message("score") if drawn != ["loss"] else LOSS_AXIS,
        top=None if drawn == ["loss"] else 102,
    )
    rows = curve_rows(curve)
    head = tag("thead", tag("tr", *(tag("th", cell, scope="col") for cell in rows[0])))
    body = [
        tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:]))
        for row in rows[1:]
    ]
    alt = translate("Scores over the number of training rows; the table below holds the figures.")
    return tag(
        "section",
        tag("h2", translate(TITLE), id="rows-curve"),
        tag("p", as_shown(curve["sentence"])),
        tag("p", f"{_how(curve)}{translate('.')}", class_="note"),
        tag("div", tag("div", Markup(svg), role="img", aria_label=alt), class_="card histogram"),
        tag("div", tag("table", head, tag("tbody", *body)), class_="card scroll", tabindex="0"),
    )


def _spreads(points: Sequence[Sequence[float]]) -> dict[int, Sequence[float]]:
    return {int(size): spread for size, *spread in points}


def _row(name: str, measured: Mapping[str, Any]) -> list[str]:
    digits, told = digits_of(name), measured["doubling"]
    cells = [number(middle, digits) for _, middle, *_ in measured["points"]]
    span = interval(told["low"], told["high"], digits, sign=True)
    return [shown_title(name), *cells, f"{signed(told['value'], digits)} ({span})"]


def _how(curve: Curve) -> str:
    return translate(
        "{steps} each, median of {seeds} on {rows}; the last column with its 95 % interval",
        steps=counted(curve["steps"], "step"),
        seeds=counted(curve["seeds"], "seed"),
        rows=counted(curve["test_rows"], "test row"),
    )
