"""What was exported -> a table: what was compared, and what the form costs on the test set."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tunesmith.evaluation.grade import Comparison
from tunesmith.language.retell import as_shown
from tunesmith.language.translate import listing, message, translate
from tunesmith.report.markup import Markup, tag
from tunesmith.report.number_text import interval, shown_title, signed

TITLE = message("Exported")
NOTE = message(
    "Each form was read back and compared with the tuned model before it was called exported: "
    "its numbers, the ids of texts and prompts, next tokens, and its answers to the test rows. "
    "Differences are to the tuned model, row by row."
)
_HEADS = (
    message("form"),
    message("runs in"),
    message("same answers"),
    message("next tokens differ by"),
)
_RUNTIMES = {"gguf": "llama.cpp", "ollama": "llama.cpp"}


def export_rows(exports: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """A head and a row a form, as texts."""
    metrics = list(dict.fromkeys(name for one in exports for name in one["differences"]))
    rows = [[*map(translate, _HEADS), *map(shown_title, metrics)]]
    for one in exports:
        compared = one["compared"]
        nats = compared.get("furthest_nats")
        told = "" if nats is None else translate("at most {value:.2g} nats", value=nats)
        equal = translate(
            "{count} of {total}", count=compared["equal_answers"], total=compared["rows"]
        )
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
    title = translate(TITLE)
    head, *rows = export_rows(exports)
    body = [
        tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:]))
        for row in rows
    ]
    heads = tag("tr", *(tag("th", cell, scope="col") for cell in head))
    table = tag("table", tag("thead", heads), tag("tbody", *body))
    return tag(
        "section",
        tag("h2", title, id="exported"),
        tag("p", translate(NOTE), class_="note"),
        tag("div", table, class_="card scroll", tabindex="0", role="region", aria_label=title),
        tag("ul", *(tag("li", line) for line in export_lines(exports)), class_="plain"),
    )


def _difference(told: Mapping[str, Any] | None) -> str:
    if told is None:
        return ""
    one = Comparison.from_json(told)
    shown = f"{signed(one.difference)} ({interval(one.low, one.high, sign=True)})"
    return listing(shown, as_shown(one.verdict))
