"""RunRecord of a training on preferences -> what it was for, what it reached, whether answers grew.

The length slope is the least-squares slope of the tuned model's answer lengths over the base
model's, in characters, on the test rows that are shown: above 1, long answers grew most.
"""

import numpy as np

from tunesmith.language.translate import listing_of_clauses, translate
from tunesmith.report.number_text import number
from tunesmith.report.record import BASE, TUNED, LogPoint, RunRecord

_FEWEST = 3  # answers, below which a line says nothing


def is_of_preferences(record: RunRecord) -> bool:
    """Whether the run learned which of two answers is better."""
    return bool(record.recipe.get("training", {}).get("objective") == "dpo")


def objective(record: RunRecord) -> str:
    """What was learned, where it is not the answers themselves."""
    if not is_of_preferences(record):
        return ""
    beta = record.recipe["training"].get("beta", 0.1)
    return translate(
        "dpo, beta {value:g}: to prefer chosen answers to rejected ones, near the base model",
        value=beta,
    )


def preferred(point: LogPoint) -> str:
    """Reward accuracy and margin of one validation."""
    if point.margin is None:
        return translate(
            "{share:.1f} % of preferences at step {step:,}", share=point.accuracy, step=point.step
        )
    return translate(
        "{share:.1f} % of preferences at step {step:,} (margin {value})",
        share=point.accuracy,
        step=point.step,
        value=number(point.margin, 2),
    )


def answer_lengths(record: RunRecord) -> str:
    """Mean lengths of the answers before and after, and the length slope."""
    if not is_of_preferences(record):
        return ""
    pairs = [
        [len(str(row.answers[model].get("text") or "")) for model in (BASE, TUNED)]
        for row in record.rows
        if {BASE, TUNED} <= row.answers.keys()
    ]
    if len(pairs) < _FEWEST:
        return ""
    before, after = np.array(pairs, dtype=float).T
    means = [number(float(lengths.mean()), 0) for lengths in (after, before)]
    told = translate("{value} characters on average, base {other}", value=means[0], other=means[1])
    spread = float(before.var())
    if spread == 0:
        return told
    slope = float(((before - before.mean()) * (after - after.mean())).mean()) / spread
    return listing_of_clauses(told, translate("length slope {value}", value=number(slope, 2)))
