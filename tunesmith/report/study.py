"""A study of the base model that lies beside a run (study.json) -> a section of its report.

The embedded model comes with one: what it knows untuned, what tuning draws out with several
seeds, what remains from random weights, how many pairs were enough. Figures are medians
over the seeds, with the lowest and the highest.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tunesmith.language.retell import as_shown
from tunesmith.language.translate import listing, translate
from tunesmith.report.markup import Markup, joined, tag
from tunesmith.report.number_text import counted, interval, number
from tunesmith.report.pictures.pairs_curve import pairs_svg
from tunesmith.report.record import RunRecord

_TASK = "task "
_SKIPPED = frozenset({"steps", "tuning seconds", "answers that end"})


def study_section(record: RunRecord) -> Markup:
    """The study as tables; nothing where the run has none."""
    study = record.study
    if not study:
        return Markup("")
    base = study["base"]
    note = translate(
        "Measured on {date} with {count} seeds a variant on {threads}: exact match in %, the "
        "median and, in brackets, the lowest and the highest. Your run above is one of them, on "
        "your machine.",
        date=study["date"],
        count=study["seeds"],
        threads=counted(study["threads"], "thread"),
    )
    return tag(
        "section",
        tag("h2", translate("What the embedded model can do"), id="study"),
        tag("p", note, class_="note"),
        tag("p", *_told(base)),
        _continuations(base),
        _table(translate("Rows of the test set"), _variant_rows(study)),
        tag("h3", translate("How many pairs were enough")),
        tag(
            "p",
            translate("At equal steps; the fewer pairs, the more often each is read."),
            class_="note",
        ),
        _curve(study),
        _table(translate("Pairs"), _pair_rows(study)),
        tag("h3", translate("By task, where tuning helped least first")),
        _table(translate("Task"), _task_rows(study)),
    )


def _told(base: Mapping[str, Any]) -> list[str]:
    facts, bare = base["facts completed"]["all"], base["bare questions"]
    total = sum(bare.values())
    kinds = (
        translate("{count} by {kind}", count=count, kind=as_shown(kind))
        for kind, count in sorted(bare.items(), key=_by_count)
    )
    return [
        translate(
            "Untuned, it completes {share} % of the facts as plain statements, and exactly answers "
            "{value} % of the test. {total} bare questions it follows: {kinds}.",
            share=number(facts),
            value=number(base["test"]["all"]),
            total=total,
            kinds=listing(*kinds),
        )
    ]


def _by_count(item: tuple[str, int]) -> int:
    return -item[1]


def _continuations(base: Mapping[str, Any]) -> Markup:
    shown = [
        tag("li", tag("b", one["question"]), " ", tag("span", _one_line(one["goes on"])))
        for one in base["shown"]
    ]
    return tag("ul", *shown, class_="plain")


def _one_line(text: str) -> str:
    return " / ".join(line for line in text.splitlines() if line.strip())


def _variant_rows(study: Mapping[str, Any]) -> list[list[str]]:
    variants = study["variants"]
    kinds = [
        kind
        for kind in variants["full"]
        if not kind.startswith(_TASK) and kind not in _SKIPPED | {"answers that end"}
    ]
    rows = [["", translate("untuned"), *map(as_shown, variants)]]
    for kind in [*kinds, "answers that end"]:
        base = number(study["base"]["test"][kind])
        rows.append([as_shown(kind), base, *(_figure(runs[kind]) for runs in variants.values())])
    return rows


def _curve(study: Mapping[str, Any]) -> Markup:
    """All rows, and the facts in wordings that were and were not trained."""
    wordings = [kind for kind in study["variants"]["full"] if "wording" in kind]
    curves = {
        kind: {int(count): runs[kind] for count, runs in study["pairs"].items()}
        for kind in ("all", *wordings[:2])
    }
    alt = translate(
        "Exact match over the number of training pairs; the table below holds the figures."
    )
    drawing = tag("div", Markup(pairs_svg(curves)), role="img", aria_label=alt)
    return tag("div", drawing, class_="card histogram")


def _pair_rows(study: Mapping[str, Any]) -> list[list[str]]:
    full = study["variants"]["full"]
    kinds = [kind for kind in full if kind.startswith("facts, ") and "possible" not in kind]
    rows = [["", *map(as_shown, ("all", *kinds))]]
    for count, runs in study["pairs"].items():
        rows.append([f"{int(count):,}", *(_figure(runs[kind]) for kind in ("all", *kinds))])
    return rows


def _task_rows(study: Mapping[str, Any]) -> list[list[str]]:
    base, full = study["base"]["test"], study["variants"]["full"]
    tasks = [kind for kind in full if kind.startswith(_TASK)]
    tasks.sort(key=lambda kind: full[kind][0] - base[kind])
    return [
        ["", translate("untuned"), translate("full")],
        *([kind.removeprefix(_TASK), number(base[kind]), _figure(full[kind])] for kind in tasks),
    ]


def _figure(spread: Sequence[float]) -> str:
    middle, low, high = spread
    return number(middle) if low == high else f"{number(middle)} ({interval(low, high)})"


def _table(label: str, rows: Sequence[Sequence[str]]) -> Markup:
    heads = [tag("th", head, scope="col") for head in rows[0]]
    body = [
        tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:]))
        for row in rows[1:]
    ]
    table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", joined(*body)))
    return tag("div", table, class_="card scroll", tabindex="0", role="region", aria_label=label)
