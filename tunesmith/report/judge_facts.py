"""What `scores.json` says of the judge -> whether to believe it, in words and figures."""

from collections.abc import Iterator, Mapping
from typing import Any

from tunesmith.evaluation.score import JUDGED_METRICS
from tunesmith.language.retell import as_shown
from tunesmith.language.translate import listing_of_clauses, listing_with_and, message, translate
from tunesmith.report.number_text import NOTHING, counted, interval, number, shown_title
from tunesmith.report.record import RunRecord

_PLANTS = {
    "reference": message("the reference itself"),
    "half": message("half of the reference"),
    "other": message("the answer to another question"),
    "empty": message("an empty answer"),
    "attack": message("an answer that only asks for a high score"),
    "reworded": message("a right answer in other words"),
    "twisted": message("a wrong answer in the reference's words"),
}
_RATES = {
    "ranking": message("planted answers in the right order"),
    "wording": message("right answers in other words above wrong ones in the reference's"),
    "attack_rate": message("answers that only ask for a high score and got 50 or more"),
    "flip_rate": message("pairs in which the order of the answers decided"),
    "failed": message("planted questions without a verdict"),
}
_PULLS = {
    "flip_rate": message("decided by the order"),
    "prefers_first": message("for whatever stood first"),
    "prefers_second": message("for whatever stood second"),
    "longer_preferred": message("longer answer won, of those with a winner"),
    "length_controlled_win_rate": message("win rate at equal length"),
}


def files_of(record: RunRecord) -> str:
    """The files that every number of a report can be recomputed from."""
    files = ["log.jsonl", "completions/", "grades/"]
    files += ["judgements/"] if record.judge else []
    files += ["signs/"] if record.usability else []
    files += ["probes.jsonl"] if "figures" in record.probes else []
    return listing_with_and(*files, "scores.json")


def trust_of(record: RunRecord, metric: str) -> str | None:
    """The verdict on the judge, beside a metric that is its; else None."""
    if not record.judge or metric not in JUDGED_METRICS:
        return None
    return str(record.judge["trust"]["verdict"])


def judge_sentence(judge: Mapping[str, Any]) -> str:
    """The judge, the verdict on it and the reasons, on one line; empty without a judge."""
    if not judge:
        return ""
    trust = judge["trust"]
    verdict = as_shown(trust["verdict"])
    if not trust["reasons"]:
        return translate("Judge {name}: {verdict}.", name=judge["name"], verdict=verdict)
    return translate(
        "Judge {name}: {verdict} ({reasons}).",
        name=judge["name"],
        verdict=verdict,
        reasons=listing_of_clauses(*map(as_shown, trust["reasons"])),
    )


def trust_rows(judge: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The figures that the verdict rests on, and the mean score of each planted answer."""
    trust = judge["trust"]
    rows = [
        (translate(words), rate_text(trust[name]))
        for name, words in _RATES.items()
        if name in trust
    ]
    if trust["spread"] is not None:
        points = translate("{points} points", points=number(trust["spread"]))
        rows.append((translate("between the scores of one answer, asked three times"), points))
    means = trust["means"]
    rows += [
        (translate("mean score of {plant}", plant=translate(words)), number(means[plant]))
        for plant, words in _PLANTS.items()
        if plant in means
    ]
    return rows


def preference_rows(record: RunRecord) -> list[list[str]]:
    """A column a model: wins, ties and losses, what pulled at the judge, lengths."""
    told: Mapping[str, Mapping[str, Any]] = record.judge.get("preferences", {})
    if not told:
        return []
    against = record.judge["against"]
    rows = [[translate("against {model}", model=against), *told]]
    rows.append([translate("won, tied, lost"), *(_counts(facts) for facts in told.values())])
    for name, words in _PULLS.items():
        rows.append([translate(words), *(rate_text(facts[name]) for facts in told.values())])
    lengths = translate("characters, and of {model}", model=against)
    rows.append([lengths, *(_lengths(facts) for facts in told.values())])
    return rows


def bound_lines(record: RunRecord) -> Iterator[str]:
    """For each judged score with failures, what it could be if all of them were 0, or 100."""
    for metric, models in record.scores.items():
        for model, score in models.items():
            if score.low_if_failed is not None:
                low, high = number(score.low_if_failed), number(score.high_if_failed)
                yield translate(
                    "{model}: {metric} leaves {rows} out; had all of them earned 0 or 100, it "
                    "would be {low} or {high}.",
                    model=model,
                    metric=shown_title(metric),
                    rows=counted(score.failed, "row"),
                    low=low,
                    high=high,
                )


def rate_text(rate: Mapping[str, Any]) -> str:
    """`12.0 % (5.1 to 24.0) of 40`, or a dash."""
    if rate["value"] is None:
        return NOTHING
    return translate(
        "{share} % ({range}) of {count:,}",
        share=number(rate["value"]),
        range=interval(rate["low"], rate["high"]),
        count=rate["count"],
    )


def _counts(facts: Mapping[str, Any]) -> str:
    text = f"{facts['wins']:,}, {facts['ties']:,}, {facts['losses']:,}"
    failed = translate("{count:,} failed", count=facts["failed"])
    return listing_of_clauses(text, failed) if facts["failed"] else text


def _lengths(facts: Mapping[str, Any]) -> str:
    lengths = facts["mean_lengths"]
    return NOTHING if lengths is None else f"{number(lengths[0], 0)}, {number(lengths[1], 0)}"
