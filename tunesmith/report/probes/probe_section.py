"""What was forgotten -> a section of the page: the word, the table, what was left out."""

from tunesmith.language.retell import as_shown
from tunesmith.language.translate import translate
from tunesmith.report.markup import Markup, tag
from tunesmith.report.probes.probe_facts import (
    NOTE,
    benchmark_rows,
    probe_remarks,
    probe_rows,
    probe_sentence,
)
from tunesmith.report.record import RunRecord

_BADGES = {"kept": "better", "forgot": "worse"}


def probe_section(record: RunRecord) -> Markup:
    """Base and tuned beside the task; nothing where nobody asked."""
    benchmarks = benchmark_rows(record.benchmarks)
    if not record.probes and not benchmarks:
        return Markup("")
    parts = [tag("h2", translate("What it forgot"), id="forgot")]
    if record.probes:
        word = str(record.probes.get("word", "not probed"))
        badge = tag("span", as_shown(word), class_=f"badge {_BADGES.get(word, '')}".strip())
        parts.append(tag("p", badge, " ", probe_sentence(record.probes)))
    if rows := probe_rows(record.probes):
        parts += [tag("p", translate(NOTE), class_="note"), _table(rows)]
    if remarks := list(probe_remarks(record.probes)):
        parts.append(tag("ul", *(tag("li", line) for line in remarks), class_="plain"))
    if benchmarks:
        parts.append(_table(benchmarks))
    return tag("section", *parts)


def _table(rows: list[tuple[str, ...]]) -> Markup:
    head, *body = rows
    table = tag(
        "table",
        tag("thead", tag("tr", *(tag("th", cell, scope="col") for cell in head))),
        tag(
            "tbody",
            *(
                tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:]))
                for row in body
            ),
        ),
    )
    label = translate("What the tuned model forgot")
    return tag("div", table, class_="card scroll", tabindex="0", role="region", aria_label=label)
