"""RunRecord -> the data section: where rows came from, what was left out, what to look at."""

from collections.abc import Mapping
from typing import Any

from tunesmith.examples.example import Example
from tunesmith.report.data.data_facts import data_facts, source_lines
from tunesmith.report.markup import Markup, joined, tag
from tunesmith.report.number_text import counted
from tunesmith.report.pictures.lengths import lengths_svg
from tunesmith.report.record import RunRecord

_MAX_TEXT = 600
_SPLIT_COLUMNS = [
    ("Rows", "rows"),
    ("Groups", "groups"),
    ("Tokens", "tokens"),
    ("Trained tokens", "trained_tokens"),
]
_DIFFER_NOTE = (
    "One question, two answers. Both are in the data; which one is right is for a person to say."
)


def data_section(record: RunRecord) -> Markup:
    """What was kept, how it was split, what was dropped and why."""
    if not record.summary:
        return Markup("")
    dropped: Mapping[str, int] = record.summary.get("dropped", {})
    kept, out = int(record.summary.get("kept", 0)), sum(dropped.values())
    pairs = [tag("div", tag("dt", name), tag("dd", told)) for name, told in data_facts(record)]
    return tag(
        "section",
        tag("h2", "Data", id="data"),
        tag("p", f"{counted(kept, 'row')} kept, {out:,} dropped.", class_="note"),
        *(tag("p", str(notice), class_="note") for notice in record.summary.get("notices", ())),
        tag("dl", *pairs, class_="facts") if pairs else Markup(""),
        _split_table(record.summary.get("splits", {})),
        _source_table(record),
        _lengths(record.data.lengths),
        _contradictions(record),
        _all_dropped(record, dropped),
        _sample(record),
    )


def _split_table(splits: Mapping[str, Mapping[str, Any]]) -> Markup:
    known = [(head, key) for head, key in _SPLIT_COLUMNS if any(key in s for s in splits.values())]
    rows = [
        (name, *(f"{sizes[key]:,}" if sizes.get(key) is not None else "–" for _, key in known))
        for name, sizes in splits.items()
    ]
    return _table(("Split", *(head for head, _ in known)), rows, label="Splits")


def _source_table(record: RunRecord) -> Markup:
    lines, note = source_lines(record)
    if not lines:
        return Markup("")
    table = _table(("Source", "Read as", "Kept", "Dropped", "Why"), lines, label="Sources")
    return joined(
        tag("h3", "By source"), table, tag("p", note, class_="note") if note else Markup("")
    )


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]], *, label: str) -> Markup:
    if not rows:
        return Markup("")
    body = [
        tag("tr", tag("th", first, scope="row"), *(tag("td", one) for one in rest))
        for first, *rest in rows
    ]
    head = tag("thead", tag("tr", *(tag("th", one, scope="col") for one in heads)))
    table = tag("table", head, tag("tbody", *body))
    kind = "card scroll data-table"
    return tag("div", table, class_=kind, tabindex="0", role="region", aria_label=label)


def _lengths(lengths: Mapping[str, Any]) -> Markup:
    svg = lengths_svg(lengths) if lengths else None
    if svg is None:
        return Markup("")
    told = "; ".join(
        f"{split}: half of the rows up to {one['median']:,}, the longest {one['longest']:,}"
        for split, one in lengths["splits"].items()
    )
    alt = f"Rows over their tokens. {told}"
    note = f"In tokens. {told}. Rows may have {lengths['max_tokens']:,}."
    return joined(
        tag("h3", "Lengths"),
        tag("p", note, class_="note"),
        tag("div", tag("div", Markup(svg), role="img", aria_label=alt), class_="card histogram"),
    )


def _contradictions(record: RunRecord) -> Markup:
    data = record.data
    if not data.num_contradictions:
        return Markup("")
    shown = len(data.contradictions)
    note = tag("p", _DIFFER_NOTE, _more(shown, data.num_contradictions), class_="note")
    if shown < data.num_contradictions:
        note = joined(note, _where("All of them are in ", "data/contradictions.jsonl"))
    pairs = [_contradiction(one) for one in data.contradictions]
    return joined(
        tag("h3", "Contradictions, for a person to decide"),
        note,
        tag("div", *pairs, class_="card folded"),
    )


def _contradiction(one: Mapping[str, Any]) -> Markup:
    answers = [
        tag("div", tag("p", tag("code", str(answer["source"]))), _text(str(answer["answer"])))
        for answer in (one["first"], one["second"])
    ]
    return tag("details", tag("summary", str(one["question"])[:200]), *answers)


def _all_dropped(record: RunRecord, dropped: Mapping[str, int]) -> Markup:
    if not dropped:
        return Markup("")
    reasons = (_dropped(record, reason, count) for reason, count in dropped.items())
    return joined(
        tag("h3", "Dropped, by reason"),
        tag("div", *reasons, class_="card folded"),
        _where("Every dropped row is in ", "data/dropped.jsonl"),
    )


def _dropped(record: RunRecord, reason: str, count: int) -> Markup:
    some = record.data.dropped.get(reason, ())
    shown = [
        tag(
            "div",
            tag("p", tag("code", str(one.get("source", ""))), ": ", str(one.get("detail", ""))),
            _text(str(one.get("text", ""))),
        )
        for one in some
    ]
    more = counted(count, "row") + (_more(len(some), count) if some else "")
    return tag("details", tag("summary", reason, tag("span", more, class_="small")), *shown)


def _sample(record: RunRecord) -> Markup:
    if not record.data.sample:
        return Markup("")
    note = "Rows of the training set at even distances, as the model reads and learns them."
    rows = [_example(example) for example in record.data.sample]
    return joined(
        tag("h3", "A sample"),
        tag("p", note, class_="note"),
        tag("div", *rows, class_="card folded"),
    )


def _example(example: Example) -> Markup:
    turns = []
    for message in example.messages:
        told = f"{message.content}\n\n{message.input}" if message.input else message.content
        turns.append(tag("div", tag("p", message.role, class_="note"), _text(told)))
    first = example.messages[0].content if example.messages else ""
    source = tag("span", example.source, class_="small")
    return tag("details", tag("summary", " ".join(first.split())[:100], source), *turns)


def _text(told: str) -> Markup:
    cut = told[:_MAX_TEXT] + (" …" if len(told) > _MAX_TEXT else "")
    return tag("div", cut, class_="text", dir="auto")


def _more(shown: int, count: int) -> str:
    return f", {shown:,} shown" if shown < count else ""


def _where(words: str, file: str) -> Markup:
    return tag("p", words, tag("code", file), ".", class_="note")
