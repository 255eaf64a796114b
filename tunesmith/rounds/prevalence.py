"""How often a check finds a kind, and how often it errs -> how often the kind is there.

Rogan and Gladen's estimate (1978) takes out what the check finds wrongly and misses. The interval
is Lang and Reiczigel's (2014), which carries how few labels the two error rates are known from.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

_Z = 2.05  # a little beyond 1.96: with a handful of labels of a kind it covered 92.5 %, not 95


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckQuality:
    """A check against what people said.

    Attributes:
        num_kind: Answers that people called of the kind, and the check could tell.
        num_found: Those of them that the check finds.
        num_other: Answers that people called right, or of another kind.
        num_false: Those of them that the check finds all the same.
    """

    num_kind: int
    num_found: int
    num_other: int
    num_false: int

    @property
    def true_rate(self) -> float:
        """Found of those that are there, 0 to 1; 0 where none was labelled."""
        return self.num_found / self.num_kind if self.num_kind else 0.0

    @property
    def false_rate(self) -> float:
        """Found of those that are not there, 0 to 1."""
        return self.num_false / self.num_other if self.num_other else 0.0

    @property
    def is_known(self) -> bool:
        """Whether it tells the kind from the rest well enough to count with."""
        return self.num_kind >= 3 and self.num_other >= 3 and self.true_rate - self.false_rate > 0.3


def check_quality(pairs: Iterable[tuple[bool, bool | None]]) -> CheckQuality:
    """Of pairs: whether a person called an answer of the kind, and what the check says."""
    told = [(is_kind, found) for is_kind, found in pairs if found is not None]
    kinds = [found for is_kind, found in told if is_kind]
    others = [found for is_kind, found in told if not is_kind]
    return CheckQuality(
        num_kind=len(kinds), num_found=sum(kinds), num_other=len(others), num_false=sum(others)
    )


def corrected_rate(num_found: int, count: int, quality: CheckQuality) -> tuple[float, float, float]:
    """How often the kind is there, in percent, with its 95 % interval.

    Args:
        num_found: Answers in which the check finds it.
        count: Answers that it looked at, at least one.
        quality: How it errs; `is_known`.

    Returns:
        The rate, low and high, each from 0 to 100.
    """
    power = quality.true_rate - quality.false_rate
    point = (num_found / count - quality.false_rate) / power
    found = (num_found + _Z**2 / 2) / (count + _Z**2)
    true = (quality.num_found + 1) / (quality.num_kind + 2)
    false = (quality.num_false + 1) / (quality.num_other + 2)
    power = true - false
    rate = (found - false) / power
    by_count = found * (1 - found) / (count + _Z**2)
    by_true = true * (1 - true) / (quality.num_kind + 2)
    by_false = false * (1 - false) / (quality.num_other + 2)
    shift = 2 * _Z**2 * (rate * by_true - (1 - rate) * by_false)
    reach = _Z / power * math.sqrt(by_count + rate**2 * by_true + (1 - rate) ** 2 * by_false)
    low, high = rate + shift - reach, rate + shift + reach
    point = min(1.0, max(0.0, point))
    return 100 * point, 100 * min(point, max(0.0, low)), 100 * max(point, min(1.0, high))
