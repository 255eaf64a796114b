"""What was exported -> a table: what was compared, and what the form costs on the test set."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tunesmith.evaluation.grade import Comparison
from tunesmith.evaluation.verdict import metric_title
from tunesmith.report.markup import Markup, tag
from tunesmith.report.number_text import interval, signed

TITLE = "Exported"
NOTE = (
    "Each form was read back and compared with the tuned model before it was called exported: "
    "its numbers, the ids of texts and prompts, next tokens, and its answers to the test rows. "
    "Differences are to the tuned model, row by row."
)
_RUNTIMES = {"gguf": "llama.cpp", "ollama": "llama.cpp"}


def export_rows(exports: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """A head and a row a form, as texts."""
    metrics = list(dict.fromkeys(name for one in exports for name in one["differences"]))
    titles = [metric_title(name) for name in metrics]
    rows = [["form", "runs in", "same answers", "next tokens differ by", *titles]]
    for one in exports:
        compared = one["compared"]
        nats = compared.get("furthest_nats")
        told = "" if nats is None else f"at most {nats:.2g} nats"
        equal = f"{compared['equal_answers']} of {compared['rows']}"
        runtime = compared.get("runtime") or _RUNTIMES.get(one["format"], "transformers")
        cells = [_difference(one["differences"].get(name)) for name in metrics]
        rows.append([str(one["name"]), str(runtime), equal, told, *cells])
    return rows


def export_lines(exports: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Where each form lies, from the run's folder."""
    for one in exports:
        yield f"{one['name']}: {one['path']} (SHA-256 {str(one['sha256'])[:12]})"


def export_section(exports: Sequence[Mapping[str, Any]]) -> Markup:
    """The section; nothing where nothing was exported."""
    if not exports:
        return Markup("")
    head, *rows = export_rows(exports)
    body = [
        tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:]))
        for row in rows
    ]
    heads = tag("tr", *(tag("th", cell, scope="col") for cell in head))
    table = tag("table", tag("thead", heads), tag("tbody", *body))
    return tag(
        "section",
        tag("h2", TITLE, id="exported"),
        tag("p", NOTE, class_="note"),
        tag("div", table, class_="card scroll", tabindex="0", role="region", aria_label=TITLE),
        tag("ul", *(tag("li", line) for line in export_lines(exports)), class_="plain"),
    )


def _difference(told: Mapping[str, Any] | None) -> str:
    if told is None:
        return ""
    one = Comparison.from_json(told)
    shown = f"{signed(one.difference)} ({interval(one.low, one.high, sign=True)})"
    return f"{shown}, {one.verdict}"
