"""RunRecord of a training on preferences -> what it was for, what it reached, whether answers grew.

The length slope is the least-squares slope of the tuned model's answer lengths over the base
model's, in characters, on the test rows that are shown: above 1, long answers grew most.
"""

import numpy as np

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
    return f"dpo, beta {beta:g}: to prefer chosen answers to rejected ones, near the base model"


def preferred(point: LogPoint) -> str:
    """Reward accuracy and margin of one validation."""
    told = f"{point.accuracy:.1f} % of preferences at step {point.step:,}"
    return told if point.margin is None else f"{told} (margin {number(point.margin, 2)})"


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
    told = f"{means[0]} characters on average, base {means[1]}"
    spread = float(before.var())
    if spread == 0:
        return told
    slope = float(((before - before.mean()) * (after - after.mean())).mean()) / spread
    return f"{told}; length slope {number(slope, 2)}"
