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

Overall = Literal["better", "worse", "mixed", "no difference shown", "not compared"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome, and a sentence that says on what it rests."""

    outcome: Overall
    sentence: str


def overall_verdict(comparisons: Sequence[Comparison], *, opening: str = "On {rows}, ") -> Verdict:
    """Judge `second` against `first` over all metrics.

    Args:
        comparisons: Of the same two, a metric each.
        opening: How the sentence begins, which says what is claimed of whom: here of these
            rows only, as many as `{rows}` tells.
    """
    measured = [c for c in comparisons if c.p_value is not None]
    if not measured:
        return Verdict(outcome="not compared", sentence="No test row was graded for both models.")
    compared = [c for c in measured if c.metric not in BESIDE_TEXT] or measured
    outcome, told = _judge(compared)
    sentence = opening.format(rows=_rows(compared)) + told
    beside = "; ".join(
        f"{metric_title(c.metric)}: {c.verdict}" for c in measured if c not in compared
    )
    if beside:
        sentence += f" {beside[0].upper()}{beside[1:]}."
    return Verdict(outcome=outcome, sentence=sentence)


def _judge(compared: Sequence[Comparison]) -> tuple[Overall, str]:
    first, second = compared[0].first, compared[0].second
    better, worse = _shown(compared, "better"), _shown(compared, "worse")
    rest = [c.metric for c in compared if c.metric not in better + worse]
    if better and worse:
        outcome: Overall = "mixed"
        words = f"{second} is better than {first} on {_list(better)}, worse on {_list(worse)}"
    elif better or worse:
        outcome = "better" if better else "worse"
        words = f"{second} is {outcome} than {first} on {_list(better or worse)}"
    else:
        names = _list([c.metric for c in compared])
        sentence = f"no difference between {second} and {first} is shown by {names}."
        if any(c.verdict != "no difference shown" for c in compared):
            sentence += " What one metric shows alone may be chance among several."
        return "no difference shown", sentence
    tail = f"; no difference shown on {_list(rest)}" if rest else ""
    return outcome, f"{words}{tail}."


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
    span = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    return "this one test row" if counts == [1] else f"these {span} test rows"


def _list(metrics: Sequence[str]) -> str:
    names = [metric_title(metric) for metric in metrics]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


_TITLES = {
    "exact_match": "exact match",
    "token_f1": "token F1",
    "rouge_l": "ROUGE-L",
    "chrf": "chrF",
    "final_answer": "final answer",
    "token_accuracy": "next-token accuracy",
    "loss": "loss",
    "judge": "judge's score",
    "win_rate": "win rate",
}


def metric_title(metric: str) -> str:
    """A metric's name as people write it."""
    return _TITLES.get(metric, metric.replace("_", " "))
