"""What is known of the judge -> a section of the page, beside the scores it gave."""

from collections.abc import Sequence

from tunesmith.language.retell import as_shown
from tunesmith.language.translate import listing_with_and, message, sentences, translate
from tunesmith.report.judge_facts import (
    bound_lines,
    judge_sentence,
    preference_rows,
    trust_rows,
)
from tunesmith.report.markup import Markup, tag
from tunesmith.report.record import RunRecord

_NOTE = message(
    "Before its scores are believed, a judge is tried with answers whose worth is known. Shares "
    "are followed by their 95 % interval and the number of cases."
)
_PAIRS_NOTE = message(
    "Each pair is asked in both orders; only an answer preferred in both has won, and a choice "
    "that follows the order is a tie. At equal length: a logistic regression of the preference "
    "on the difference in length, read off at none."
)


def judge_section(record: RunRecord) -> Markup:
    """The verdict on the judge, what it rests on, and its preferences; nothing without one."""
    if not record.judge:
        return Markup("")
    verdict = str(record.judge["trust"]["verdict"])
    kind = {"usable": "better", "do not use": "worse"}.get(verdict, "")
    prompts = [record.judge["prompt"], record.judge.get("pairwise_prompt")]
    names = listing_with_and(*(str(name) for name in prompts if name))
    note = sentences(translate(_NOTE), translate("Asked by {names}.", names=names))
    parts = [
        tag("h2", translate("The judge"), id="judge"),
        tag(
            "p",
            tag("span", as_shown(verdict), class_=f"badge {kind}"),
            " ",
            judge_sentence(record.judge),
        ),
        tag("p", note, class_="note"),
        _table([[translate("Tried with planted answers"), ""], *trust_rows(record.judge)]),
    ]
    if pairs := preference_rows(record):
        parts += [tag("h3", translate("Pairs")), tag("p", translate(_PAIRS_NOTE), class_="note")]
        parts.append(_table(pairs))
    if bounds := list(bound_lines(record)):
        parts.append(tag("ul", *(tag("li", line) for line in bounds), class_="plain"))
    return tag("section", *parts)


def _table(rows: Sequence[Sequence[str]]) -> Markup:
    heads = [tag("th", head, scope="col") for head in rows[0]]
    body = [
        tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:]))
        for row in rows[1:]
    ]
    table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *body))
    label = rows[0][0]
    return tag("div", table, class_="card scroll", tabindex="0", role="region", aria_label=label)
