"""The comparisons of two models under several metrics -> one verdict in words.

Five metrics give chance five tries, so p-values are corrected by Holm's method before the
overall verdict claims anything; each metric's own verdict stands beside it, uncorrected.
Answers decide. Next-token accuracy and loss, which nearly always gain from tuning, are only
told beside, unless there is nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tunesmith.evaluation.grade import Comparison
from tunesmith.evaluation.score import SIGNIFICANCE
from tunesmith.evaluation.token_metrics import BESIDE_TEXT
from tunesmith.language.translate import (
    Plural,
    listing_with_and,
    message,
    sentences,
    translate,
)

Overall = Literal["better", "worse", "mixed", "no difference shown", "not compared"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome, and a sentence that says on what it rests."""

    outcome: Overall
    sentence: str


ON_ROWS = message("On {rows}, {claim}")
_CLAIMS = {
    ("mixed", False): message("{second} is better than {first} on {better}, worse on {worse}."),
    ("mixed", True): message(
        "{second} is better than {first} on {better}, worse on {worse}; no difference shown on "
        "{rest}."
    ),
    ("better", False): message("{second} is better than {first} on {better}."),
    ("better", True): message(
        "{second} is better than {first} on {better}; no difference shown on {rest}."
    ),
    ("worse", False): message("{second} is worse than {first} on {worse}."),
    ("worse", True): message(
        "{second} is worse than {first} on {worse}; no difference shown on {rest}."
    ),
    ("no difference shown", True): message(
        "no difference between {second} and {first} is shown by {rest}."
    ),
}
_BESIDE = {
    "better": message("{metric}: better"),
    "worse": message("{metric}: worse"),
    "no difference shown": message("{metric}: no difference shown"),
}


def overall_verdict(comparisons: Sequence[Comparison], *, opening: str = ON_ROWS) -> Verdict:
    """Judge `second` against `first` over all metrics.

    Args:
        comparisons: Of the same two, a metric each.
        opening: How the sentence begins, which says what is claimed of whom: here of these
            rows only, as many as `{rows}` tells; `{claim}` is the rest.
    """
    measured = [c for c in comparisons if c.p_value is not None]
    if not measured:
        nothing = translate("No test row was graded for both models.")
        return Verdict(outcome="not compared", sentence=nothing)
    compared = [c for c in measured if c.metric not in BESIDE_TEXT] or measured
    outcome, claim = _judge(compared)
    told = [translate(opening, rows=_rows(compared), claim=claim)]
    if outcome == "no difference shown" and any(c.verdict != outcome for c in compared):
        told.append(translate("What one metric shows alone may be chance among several."))
    beside = "; ".join(
        translate(_BESIDE[c.verdict], metric=metric_title(c.metric))
        for c in measured
        if c not in compared
    )
    if beside:
        told.append(f"{beside[0].upper()}{beside[1:]}.")
    return Verdict(outcome=outcome, sentence=sentences(*told))


def _judge(compared: Sequence[Comparison]) -> tuple[Overall, str]:
    better, worse = _shown(compared, "better"), _shown(compared, "worse")
    rest = [c.metric for c in compared if c.metric not in better + worse]
    outcome: Overall = "no difference shown"
    if better or worse:
        outcome = "mixed" if better and worse else "better" if better else "worse"
    return outcome, translate(
        _CLAIMS[outcome, bool(rest)],
        first=compared[0].first,
        second=compared[0].second,
        better=_list(better),
        worse=_list(worse),
        rest=_list(rest),
    )


def _shown(comparisons: Sequence[Comparison], verdict: str) -> list[str]:
    """The metrics whose verdict survives Holm's correction, in their own order."""
    ordered = sorted(comparisons, key=lambda c: c.p_value or 0.0)
    kept: set[str] = set()
    for rank, comparison in enumerate(ordered):
        if (comparison.p_value or 0.0) * (len(ordered) - rank) >= SIGNIFICANCE:
            break
        kept.add(comparison.metric)
    return [c.metric for c in comparisons if c.metric in kept and c.verdict == verdict]


def _rows(comparisons: Sequence[Comparison]) -> str:
    """How many rows were compared; several numbers where rows failed under some metric."""
    counts = sorted({c.count for c in comparisons})
    if counts[1:]:
        low, high = counts[0], counts[-1]
        return translate("these {low:,} to {high:,} test rows", low=low, high=high)
    return _THESE_ROWS.of(counts[0])


def _list(metrics: Sequence[str]) -> str:
    return listing_with_and(*map(metric_title, metrics))


_THESE_ROWS = Plural("this one test row", "these {count:,} test rows")
_TITLES = {
    "exact_match": message("exact match"),
    "token_f1": message("token F1"),
    "rouge_l": message("ROUGE-L"),
    "chrf": message("chrF"),
    "final_answer": message("final answer"),
    "token_accuracy": message("next-token accuracy"),
    "loss": message("loss"),
    "judge": message("judge's score"),
    "win_rate": message("win rate"),
}


def metric_title(metric: str) -> str:
    """A metric's name as people write it, in English."""
    return _TITLES.get(metric, metric.replace("_", " "))
