"""How often each kind was seen -> how likely the next wrong answer is of a kind nobody has seen.

Good and Turing's estimate (Good 1953): the share of kinds seen once among all that was seen.
Its interval has the variance that Esty gave (1983), which counts kinds seen twice as well, and
two counts more, without which it is too narrow where nearly all is seen; below twenty answers
nothing is claimed. How many kinds are unseen is Chao's lower bound (1984).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_Z = 1.959964
_LAST = 20
_FEWEST = 20
_FLOOR = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Saturation:
    """How near the end of new kinds is.

    Attributes:
        num_seen: Wrong answers with a kind.
        num_kinds: Kinds among them.
        num_new: Kinds that first came among the last twenty.
        unseen: The chance in percent that the next wrong answer is of a new kind, with its
            95 % interval in `low` and `high`.
        num_unseen: How many kinds are still to come, at least.
    """

    num_seen: int
    num_kinds: int
    num_new: int
    unseen: float
    low: float
    high: float
    num_unseen: float


def saturation(kinds: Sequence[str]) -> Saturation:
    """Of the kinds of wrong answers, in the order in which they were seen."""
    counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    once = sum(count == 1 for count in counts.values())
    twice = sum(count == 2 for count in counts.values())
    earlier = {*kinds[:-_LAST]}
    low, high = unseen_interval(once, twice, len(kinds))
    return Saturation(
        num_seen=len(kinds),
        num_kinds=len(counts),
        num_new=len({*kinds[-_LAST:]} - earlier),
        unseen=100 * once / len(kinds) if kinds else 100.0,
        low=100 * low,
        high=100 * high,
        num_unseen=once * (once - 1) / (2 * (twice + 1)),
    )


def unseen_interval(once: int, twice: int, count: int) -> tuple[float, float]:
    """The 95 % interval of the chance that what comes next is new.

    Args:
        once: Kinds seen once.
        twice: Kinds seen twice.
        count: Everything that was seen.

    Returns:
        From 0 to 1; 0 and 1 where fewer than twenty were seen.
    """
    if count < _FEWEST:
        return 0.0, 1.0
    reach = _Z * math.sqrt(max(once + 2 * twice - once**2 / count, 0) + _FLOOR)
    return max(0.0, (once - reach) / count), min(1.0, (once + reach) / count)
