"""RunRecord -> the data section: where rows came from, what was left out, what to look at."""

from collections.abc import Mapping
from typing import Any

from tunesmith.examples.example import Example
from tunesmith.language.retell import as_shown
from tunesmith.language.translate import listing_of_clauses, message, translate
from tunesmith.report.data.data_facts import SOURCE_HEADS, data_facts, source_lines
from tunesmith.report.markup import Markup, joined, tag
from tunesmith.report.number_text import counted
from tunesmith.report.pictures.lengths import lengths_svg
from tunesmith.report.record import RunRecord

_MAX_TEXT = 600
_SPLIT_COLUMNS = [
    (message("Rows"), "rows"),
    (message("Groups"), "groups"),
    (message("Tokens"), "tokens"),
    (message("Trained tokens"), "trained_tokens"),
]
_DIFFER_NOTE = message(
    "One question, two answers. Both are in the data; which one is right is for a person to say."
)

_ALL_PAIRS = message("All of them are in {file}.")
_ALL_DROPPED = message("Every dropped row is in {file}.")


def data_section(record: RunRecord) -> Markup:
    """What was kept, how it was split, what was dropped and why."""
    if not record.summary:
        return Markup("")
    dropped: Mapping[str, int] = record.summary.get("dropped", {})
    kept, out = int(record.summary.get("kept", 0)), sum(dropped.values())
    pairs = [tag("div", tag("dt", name), tag("dd", fact)) for name, fact in data_facts(record)]
    told = translate("{rows} kept, {count:,} dropped.", rows=counted(kept, "row"), count=out)
    notices = record.summary.get("notices", ())
    return tag(
        "section",
        tag("h2", translate("Data"), id="data"),
        tag("p", told, class_="note"),
        *(tag("p", as_shown(str(notice)), class_="note") for notice in notices),
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
    heads = (translate("Split"), *(translate(head) for head, _ in known))
    return _table(heads, rows, label=translate("Splits"))


def _source_table(record: RunRecord) -> Markup:
    lines, note = source_lines(record)
    if not lines:
        return Markup("")
    heads = tuple(map(translate, SOURCE_HEADS))
    table = _table(heads, lines, label=translate("Sources"))
    return joined(
        tag("h3", translate("By source")),
        table,
        tag("p", note, class_="note") if note else Markup(""),
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
    told = listing_of_clauses(
        *(
            translate(
                "{split}: half of the rows up to {most:,}, the longest {high:,}",
                split=split,
                most=one["median"],
                high=one["longest"],
            )
            for split, one in lengths["splits"].items()
        )
    )
    alt = translate("Rows over their tokens. {splits}", splits=told)
    note = translate(
        "In tokens. {splits}. Rows may have {limit:,}.", splits=told, limit=lengths["max_tokens"]
    )
    return joined(
        tag("h3", translate("Lengths")),
        tag("p", note, class_="note"),
        tag("div", tag("div", Markup(svg), role="img", aria_label=alt), class_="card histogram"),
    )


def _contradictions(record: RunRecord) -> Markup:
    data = record.data
    if not data.num_contradictions:
        return Markup("")
    shown = len(data.contradictions)
    more = _more(shown, data.num_contradictions)
    note = tag("p", translate(_DIFFER_NOTE), more, class_="note")
    if shown < data.num_contradictions:
        note = joined(note, _where(_ALL_PAIRS, "data/contradictions.jsonl"))
    pairs = [_contradiction(one) for one in data.contradictions]
    return joined(
        tag("h3", translate("Contradictions, for a person to decide")),
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
        tag("h3", translate("Dropped, by reason")),
        tag("div", *reasons, class_="card folded"),
        _where(_ALL_DROPPED, "data/dropped.jsonl"),
    )


def _dropped(record: RunRecord, reason: str, count: int) -> Markup:
    some = record.data.dropped.get(reason, ())
    shown = [
        tag(
            "div",
            tag(
                "p",
                tag("code", str(one.get("source", ""))),
                ": ",
                as_shown(str(one.get("detail", ""))),
            ),
            _text(str(one.get("text", ""))),
        )
        for one in some
    ]
    more = counted(count, "row") + (_more(len(some), count) if some else "")
    return tag(
        "details", tag("summary", as_shown(reason), tag("span", more, class_="small")), *shown
    )


def _sample(record: RunRecord) -> Markup:
    if not record.data.sample:
        return Markup("")
    note = translate(
        "Rows of the training set at even distances, as the model reads and learns them."
    )
    rows = [_example(example) for example in record.data.sample]
    return joined(
        tag("h3", translate("A sample")),
        tag("p", note, class_="note"),
        tag("div", *rows, class_="card folded"),
    )


def _example(example: Example) -> Markup:
    turns = []
    for turn in example.messages:
        told = f"{turn.content}\n\n{turn.input}" if turn.input else turn.content
        turns.append(tag("div", tag("p", as_shown(turn.role), class_="note"), _text(told)))
    first = example.messages[0].content if example.messages else ""
    source = tag("span", example.source, class_="small")
    return tag("details", tag("summary", " ".join(first.split())[:100], source), *turns)


def _text(told: str) -> Markup:
    cut = told[:_MAX_TEXT] + (" …" if len(told) > _MAX_TEXT else "")
    return tag("div", cut, class_="text", dir="auto")


def _more(shown: int, count: int) -> str:
    return translate(", {count:,} shown", count=shown) if shown < count else ""


def _where(sentence: str, file: str) -> Markup:
    """A sentence with a file in it, shown as code."""
    before, _, after = translate(sentence, file="\0").partition("\0")
    return tag("p", before, tag("code", file), after, class_="note")
