"""What `scores.json` says of the judge -> whether to believe it, in words and figures."""

from collections.abc import Iterator, Mapping
from typing import Any

from tunesmith.evaluation.score import JUDGED_METRICS
from tunesmith.evaluation.verdict import metric_title
from tunesmith.report.number_text import NOTHING, counted, interval, number
from tunesmith.report.record import RunRecord

_PLANTS = {
    "reference": "the reference itself",
    "half": "half of the reference",
    "other": "the answer to another question",
    "empty": "an empty answer",
    "attack": "an answer that only asks for a high score",
    "reworded": "a right answer in other words",
    "twisted": "a wrong answer in the reference's words",
}
_RATES = {
    "ranking": "planted answers in the right order",
    "wording": "right answers in other words above wrong ones in the reference's",
    "attack_rate": "answers that only ask for a high score and got 50 or more",
    "flip_rate": "pairs in which the order of the answers decided",
    "failed": "planted questions without a verdict",
}
_PULLS = {
    "flip_rate": "decided by the order",
    "prefers_first": "for whatever stood first",
    "prefers_second": "for whatever stood second",
    "longer_preferred": "longer answer won, of those with a winner",
    "length_controlled_win_rate": "win rate at equal length",
}


def files_of(record: RunRecord) -> str:
    """The files that every number of a report can be recomputed from."""
    judged = ", judgements/" if record.judge else ""
    signs = ", signs/" if record.usability else ""
    probed = ", probes.jsonl" if "figures" in record.probes else ""
    return f"log.jsonl, completions/, grades/{judged}{signs}{probed} and scores.json"


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
    words = f"Judge {judge['name']}: {trust['verdict']}"
    return f"{words} ({'; '.join(trust['reasons'])})." if trust["reasons"] else f"{words}."


def trust_rows(judge: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The figures that the verdict rests on, and the mean score of each planted answer."""
    trust = judge["trust"]
    rows = [(words, rate_text(trust[name], "%")) for name, words in _RATES.items() if name in trust]
    if trust["spread"] is not None:
        points = f"{number(trust['spread'])} points"
        rows.append(("between the scores of one answer, asked three times", points))
    means = trust["means"]
    rows += [
        (f"mean score of {words}", number(means[plant]))
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
    rows = [[f"against {against}", *told]]
    rows.append(["won, tied, lost", *(_counts(facts) for facts in told.values())])
    for name, words in _PULLS.items():
        rows.append([words, *(rate_text(facts[name], "%") for facts in told.values())])
    rows.append([f"characters, and of {against}", *(_lengths(facts) for facts in told.values())])
    return rows


def bound_lines(record: RunRecord) -> Iterator[str]:
    """For each judged score with failures, what it could be if all of them were 0, or 100."""
    for metric, models in record.scores.items():
        for model, score in models.items():
            if score.low_if_failed is not None:
                low, high = number(score.low_if_failed), number(score.high_if_failed)
                yield (
                    f"{model}: {metric_title(metric)} leaves {counted(score.failed, 'row')} out; "
                    f"had all of them earned 0 or 100, it would be {low} or {high}."
                )


def rate_text(rate: Mapping[str, Any], unit: str) -> str:
    """`12.0 % (5.1 to 24.0) of 40`, or a dash."""
    if rate["value"] is None:
        return NOTHING
    value = f"{number(rate['value'])} {unit}"
    return f"{value} ({interval(rate['low'], rate['high'])}) of {rate['count']:,}"


def _counts(facts: Mapping[str, Any]) -> str:
    text = f"{facts['wins']:,}, {facts['ties']:,}, {facts['losses']:,}"
    return f"{text}; {facts['failed']:,} failed" if facts["failed"] else text


def _lengths(facts: Mapping[str, Any]) -> str:
    lengths = facts["mean_lengths"]
    return NOTHING if lengths is None else f"{number(lengths[0], 0)}, {number(lengths[1], 0)}"
