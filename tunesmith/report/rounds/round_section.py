"""This round against the one before -> sentences, and tables of kinds and of scores over rounds."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tunesmith.evaluation.grade import Comparison
from tunesmith.language.retell import as_shown
from tunesmith.language.translate import listing, message, translate
from tunesmith.report.markup import Markup, tag
from tunesmith.report.number_text import NOTHING, interval, number, shown_title, signed

TITLE = message("Rounds")
NOTE = message(
    "Percent of the answers to the validation rows that measure, which no round trains. By "
    "check: counted on all of them, the check's errors taken out. By people: as far as they have "
    "reviewed. In brackets 95 % intervals. Scores are of the test rows."
)
_KIND_HEADS = (
    message("kind of failure"),
    message("known by"),
    message("before"),
    message("now"),
    message("difference"),
)
_ROUND_HEADS = (message("round"), message("training rows"), message("seconds"))
_THAN_BEFORE = {
    "worse": message("Worse than the round before on the test rows: {metrics}."),
    "better": message("Better than the round before on the test rows: {metrics}."),
}
Table = list[list[str]]


def kind_rows(rounds: Mapping[str, Any]) -> Table:
    """A head and a row a kind."""
    rows = [[translate(head) for head in _KIND_HEADS]]
    for one in rounds.get("kinds", ()):
        difference = one.get("difference")
        cells = [_rate(one.get("before")), _rate(one.get("after")), _difference(difference)]
        rows.append([str(one["kind"]), as_shown(str(one["by"])), *cells])
    return rows


def round_rows(rounds: Mapping[str, Any]) -> Table:
    """A head and a row a round: its training rows, what it took, its scores."""
    told = rounds.get("scores", ())
    metrics = list(dict.fromkeys(name for one in told for name in one["metrics"]))
    rows = [[*map(translate, _ROUND_HEADS), *map(shown_title, metrics)]]
    for one in told:
        scores = [_score(one["metrics"].get(name)) for name in metrics]
        trained = one["rows"].get("train")
        size = NOTHING if trained is None else f"{trained:,}"
        rows.append([str(one["run"]), size, number(one.get("seconds"), 0), *scores])
    return rows


def round_sentences(rounds: Mapping[str, Any]) -> Iterator[str]:
    """What shrank, what grew, and what got worse, in sentences."""
    if not rounds:
        return
    if rounds.get("missing"):
        yield translate(
            "The round before ({name}) is not there, or was not reviewed.", name=rounds["before"]
        )
        return
    before = rounds["before"]
    kinds = [one for one in rounds["kinds"] if one.get("difference")]
    shrunk = [one["kind"] for one in kinds if one["difference"]["high"] < 0]
    grown = [one["kind"] for one in kinds if one["difference"]["low"] > 0]
    if shrunk:
        yield translate("Shrank since {name}: {names}.", name=before, names=listing(*shrunk))
    if grown:
        yield translate("Grew since {name}: {names}.", name=before, names=listing(*grown))
    if kinds and not (shrunk or grown):
        yield translate("No kind of failure has surely changed since {name}.", name=before)
    unseen = [one["kind"] for one in rounds["kinds"] if one.get("after") is None]
    if unseen:
        yield translate(
            "Not looked at in this round: {names}. Review it: tunesmith review.",
            names=listing(*unseen),
        )
    if not rounds["comparisons"] and all(one["metrics"] for one in rounds["scores"][-2:]):
        yield translate("No test row is one of the round before: scores are not compared.")
    yield from _scores_told([Comparison.from_json(one) for one in rounds["comparisons"]])
    if rounds.get("left_out"):
        yield translate("{count:,} rows were left out by hand.", count=rounds["left_out"])


def round_section(rounds: Mapping[str, Any]) -> Markup:
    """The section; nothing where no round came before."""
    if not rounds:
        return Markup("")
    parts = [tag("h2", translate(TITLE), id="rounds")]
    parts += [tag("p", sentence) for sentence in round_sentences(rounds)]
    if not rounds.get("missing"):
        kinds = _table(kind_rows(rounds), translate("Kinds of failure"))
        scores = _table(round_rows(rounds), translate("Scores over rounds"))
        parts += [tag("p", translate(NOTE), class_="note"), kinds, scores]
    return tag("section", *parts)


def _scores_told(comparisons: Sequence[Comparison]) -> Iterator[str]:
    for verdict, words in _THAN_BEFORE.items():
        names = [shown_title(one.metric) for one in comparisons if one.verdict == verdict]
        if names:
            yield translate(words, metrics=listing(*names))


def _table(rows: Table, label: str) -> Markup:
    head, *rest = rows
    if not rest:
        return Markup("")
    body = [
        tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:]))
        for row in rest
    ]
    heads = tag("tr", *(tag("th", cell, scope="col") for cell in head))
    table = tag("table", tag("thead", heads), tag("tbody", *body))
    return tag("div", table, class_="card scroll", tabindex="0", role="region", aria_label=label)


def _rate(told: Mapping[str, Any] | None) -> str:
    if told is None:
        return NOTHING
    return f"{number(told['rate'])} ({interval(told['low'], told['high'])})"


def _difference(told: Mapping[str, Any] | None) -> str:
    if told is None:
        return NOTHING
    return f"{signed(told['value'])} ({interval(told['low'], told['high'], sign=True)})"


def _score(told: Mapping[str, Any] | None) -> str:
    if told is None:
        return NOTHING
    return f"{number(told['value'])} ({interval(told['low'], told['high'])})"
