"""Reviews of a run's answers -> each kind of failure with its rate and interval.

Half of the rows measure and half teach, by their ids. Rows that measure are reviewed in a shuffled
order, and the longest reviewed beginning of it tells the rates: rows that are picked because they
look wrong would make every kind seem frequent. They are never trained on, so that the next round is
measured on the same rows, none of which is there, or gone, because of what was answered to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from tunesmith.evaluation.interval import share_interval
from tunesmith.rounds.answer_review import Review

UNNAMED = "not named yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRate:
    """How often a kind was seen.

    Attributes:
        name: Of the kind; `not named yet` counts wrong answers without one.
        num_seen: Answers that were called so, picked ones too.
        num_random: Those of them in the random share.
        count: Rows of the random share that were called right or wrong.
        rate: Percent of answers, with the 95 % interval; None where the share is empty.
    """

    name: str
    num_seen: int
    num_random: int
    count: int
    rate: float | None = None
    low: float | None = None
    high: float | None = None


def shuffled_ids(ids: Sequence[str], seed: int = 0) -> list[str]:
    """All rows in an order that depends on each row's id and the seed alone."""
    salt = b"review %d " % seed
    return sorted(ids, key=lambda one: blake2b(salt + one.encode(), digest_size=8).digest())


def measures(row: str) -> bool:
    """Whether a row measures, rather than teaches."""
    return blake2b(b"measures " + row.encode(), digest_size=1).digest()[0] % 2 == 0


def random_share(ids: Sequence[str], reviewed: Mapping[str, Review], seed: int = 0) -> list[str]:
    """The rows that tell rates: measuring and reviewed, from the beginning of their order on."""
    share = []
    for row in shuffled_ids([*filter(measures, ids)], seed):
        if row not in reviewed:
            break
        share.append(row)
    return share


def kind_rates(ids: Sequence[str], reviewed: Mapping[str, Review], seed: int = 0) -> list[KindRate]:
    """Each kind, the most frequent first.

    Args:
        ids: All rows that could be reviewed.
        reviewed: One person's reviews of these rows' answers, by row.
        seed: Of the shuffled order.
    """
    told = [one for one in random_share(ids, reviewed, seed) if _is_told(reviewed[one])]
    seen = [_kind(one) for row, one in reviewed.items() if row in {*ids}]
    in_share = [_kind(reviewed[row]) for row in told]
    names = dict.fromkeys(name for name in seen if name is not None)
    rates = [_rate(name, seen.count(name), in_share.count(name), len(told)) for name in names]
    return sorted(rates, key=lambda one: (-one.num_random, -one.num_seen, one.name))


def one_kind_rate(
    kind: str, ids: Sequence[str], reviewed: Mapping[str, Review], seed: int = 0
) -> KindRate:
    """One kind, whether it was seen or not; as `kind_rates` has it."""
    told = [one for one in random_share(ids, reviewed, seed) if _is_told(reviewed[one])]
    seen = sum(_kind(one) == kind for row, one in reviewed.items() if row in {*ids})
    return _rate(kind, seen, sum(_kind(reviewed[row]) == kind for row in told), len(told))


def seen_kinds(reviews: Sequence[Review]) -> list[str]:
    """The kinds of wrong answers, in the order in which they were reviewed."""
    return [one.kind for one in reviews if one.kind is not None]


def _is_told(review: Review) -> bool:
    return review.judgement in ("right", "wrong")


def _kind(review: Review) -> str | None:
    return (review.kind or UNNAMED) if review.judgement == "wrong" else None


def _rate(name: str, num_seen: int, num_random: int, count: int) -> KindRate:
    found = KindRate(name=name, num_seen=num_seen, num_random=num_random, count=count)
    if not count:
        return found
    low, high = share_interval(num_random, count)
    return KindRate(
        name=name, num_seen=num_seen, num_random=num_random, count=count,
        rate=100 * num_random / count, low=low, high=high,
    )  # fmt: skip
