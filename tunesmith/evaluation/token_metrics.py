"""Each row's summed loss and correct next tokens -> grades of token accuracy and loss.

Rows weigh by their trained tokens, so the score over all rows is the corpus figure: correct
tokens over all tokens, nats over all tokens. A mean of row means would weigh a token of a
short answer above one of a long answer.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from tunesmith.evaluation.grade import Grade

TokenMetric = Literal["token_accuracy", "loss"]
TOKEN_METRICS: tuple[TokenMetric, ...] = ("token_accuracy", "loss")
BESIDE_TEXT = frozenset({*TOKEN_METRICS, "judge", "win_rate"})  # told beside metrics of answers
LOWER_IS_BETTER = frozenset({"loss"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTotals:
    """What a model makes of one row's reference: sums over its trained tokens.

    `failure` says why the row could not be measured (longer than the model's context).
    """

    example_id: str
    model: str
    nats: float
    num_targets: int
    num_correct: int
    failure: str | None = None


def grade_tokens(totals: Iterable[TokenTotals], *, metric: TokenMetric) -> Iterator[Grade]:
    """Grade rows by next-token accuracy (0 to 100) or loss (nats per token), weighted."""
    for row in totals:
        failure = _failure(row)
        if failure is not None:
            yield Grade(
                example_id=row.example_id,
                model=row.model,
                metric=metric,
                score=None,
                reason=failure,
            )
            continue
        total = row.nats if metric == "loss" else 100.0 * row.num_correct
        yield Grade(
            example_id=row.example_id,
            model=row.model,
            metric=metric,
            score=total / row.num_targets,
            weight=float(row.num_targets),
        )


def _failure(row: TokenTotals) -> str | None:
    if row.failure is not None:
        return row.failure
    if row.num_targets == 0:
        return "no trained token"
    if not math.isfinite(row.nats):
        return f"loss is {row.nats}"
    return None
