"""RunRecord -> the section of the page that says whether answers can be used, and which cannot."""

from collections.abc import Sequence

from tunesmith.language.translate import translate
from tunesmith.report.markup import Markup, tag
from tunesmith.report.record import RunRecord
from tunesmith.report.usability_lines import (
    RATES_NOTE,
    UsabilityLine,
    band_lines,
    bands_note,
    findings_told,
    usability_lines,
)


def usability_section(record: RunRecord) -> Markup:
    """Rates of every model; below, near rows and far ones. Nothing for an older run."""
    lines, bands = usability_lines(record), band_lines(record.usability)
    if not lines or record.usability is None:
        return Markup("")
    parts = [
        tag("h2", translate("Usable?"), id="usable"),
        tag("p", translate(RATES_NOTE), class_="note"),
    ]
    parts += [tag("p", told) for told in findings_told(record)]
    parts.append(_rate_table(record, lines, translate("Of the answers")))
    if bands:
        parts += [
            tag("h3", translate("Beyond its pairs: questions near to training and far from it")),
            tag("p", bands_note(record.usability), class_="note"),
            _rate_table(record, bands, translate("Questions")),
        ]
    return tag("section", *parts)


def _rate_table(record: RunRecord, lines: Sequence[UsabilityLine], head: str) -> Markup:
    models = [
        (index, model)
        for index, model in enumerate(record.models)
        if any(model in line.scores for line in lines)
    ]
    names = (tag("span", model, class_=f"key model-{min(index, 4)}") for index, model in models)
    heads = tag("tr", *(tag("th", name, scope="col") for name in (head, *names)))
    body = []
    for line in lines:
        cells = (_cell(line, model) for _, model in models)
        name = tag("th", line.title, scope="row", class_="inner" if line.is_inner else None)
        body.append(tag("tr", name, *cells))
    table = tag("table", tag("thead", heads), tag("tbody", *body), class_="scores rates")
    return tag("div", table, class_="card scroll", tabindex="0", role="region", aria_label=head)


def _cell(line: UsabilityLine, model: str) -> Markup:
    if model not in line.scores:
        return tag("td", "–")
    return tag(
        "td",
        tag("span", line.value(model), class_="value"),
        tag("span", line.interval(model), class_="small"),
    )
