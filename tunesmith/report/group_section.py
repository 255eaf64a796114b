"""RunRecord -> scores by group: folded tables of the page, and a line where one is clearly weak."""

from collections.abc import Mapping
from typing import Any

from tunesmith.evaluation.grade import Score
from tunesmith.language.translate import message, translate
from tunesmith.report.markup import Markup, tag
from tunesmith.report.number_text import (
    counted,
    digits_of,
    interval,
    number,
    rows_text,
    shown_title,
)
from tunesmith.report.record import RunRecord

_TITLES = {
    "task": message("By task"),
    "source": message("By source"),
    "tag": message("By tag"),
    "kind": message("By whether a row reads (shorter answer than question) or writes"),
}
_NAMED = {
    "task": message("task {name!r}"),
    "source": message("source {name!r}"),
    "tag": message("tag {name!r}"),
    "kind": message("kind {name!r}"),
}
_KINDS = {
    "reads": message("rows that read (a shorter answer than question)"),
    "writes": message("rows that write (a longer answer than question)"),
}


def group_tables(record: RunRecord) -> list[Markup]:
    """A folded table a grouping, a line a group and model, a column a metric."""
    return [
        tag(
            "details",
            tag("summary", translate(_TITLES[name])),
            _table(found["groups"]),
            class_="card",
        )
        for name, found in record.groups.items()
        if name in _TITLES
    ]


def weak_group_lines(record: RunRecord) -> list[str]:
    """The weakest group of each grouping, where it is clear and no finding says so already."""
    said = {finding.rule for finding in record.findings}
    return [
        _weak(name, found["weakest"])
        for name, found in record.groups.items()
        if found["weakest"] and f"weak {name}" not in said
    ]


def _weak(name: str, weak: Mapping[str, Any]) -> str:
    digits = digits_of(weak["metric"])
    own, others = (
        translate(
            "{value} ({range}) on {rows}",
            value=number(one.value, digits),
            range=interval(one.low, one.high, digits),
            rows=rows_text(one),
        )
        for one in (Score.from_json(weak["score"]), Score.from_json(weak["others"]))
    )
    kind = _KINDS.get(weak["group"]) if name == "kind" else None
    group = translate(kind) if kind else translate(_NAMED[name], name=weak["group"])
    return translate(
        "Weakest: {group}. {model}'s {metric} is {own}, elsewhere {others}.",
        group=group,
        model=weak["model"],
        metric=shown_title(weak["metric"]),
        own=own,
        others=others,
    )


def _table(groups: Mapping[str, Any]) -> Markup:
    metrics = list(dict.fromkeys(name for one in groups.values() for name in one["scores"]))
    heads = [translate("Group"), translate("Model"), *map(shown_title, metrics)]
    body = []
    for name, one in groups.items():
        models = dict.fromkeys(m for scores in one["scores"].values() for m in scores)
        for model in models:
            cells = (_cell(one["scores"][metric].get(model), metric) for metric in metrics)
            title = tag("th", name, tag("span", counted(one["rows"], "row"), class_="small"))
            body.append(tag("tr", title, tag("td", model), *cells))
    head = tag("thead", tag("tr", *(tag("th", title, scope="col") for title in heads)))
    table = tag("table", head, tag("tbody", *body), class_="scores")
    return tag(
        "div", table, class_="scroll", tabindex="0", role="region", aria_label=translate("Groups")
    )


def _cell(found: Mapping[str, Any] | None, metric: str) -> Markup:
    if found is None:
        return tag("td", "–")
    score, digits = Score.from_json(found), digits_of(metric)
    return tag(
        "td",
        tag("span", number(score.value, digits), class_="value"),
        tag("span", interval(score.low, score.high, digits), class_="small"),
    )
