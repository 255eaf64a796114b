"""Cohen's kappa: values that others printed, and intervals that hold."""

from collections.abc import Hashable

import numpy as np
import pytest

from tunesmith.rounds.agreement import agreement, cohen_kappa


def labels(table: list[list[int]]) -> tuple[dict[Hashable, str], dict[Hashable, str]]:
    """Two people's words with this table of counts."""
    pairs = [
        (i, j)
        for i, line in enumerate(table)
        for j, count in enumerate(line)
        for _ in range(count)
    ]  # fmt: skip
    one = {place: f"w{i}" for place, (i, _) in enumerate(pairs)}
    return dict(one), {place: f"w{j}" for place, (_, j) in enumerate(pairs)}


@pytest.mark.parametrize(
    ("table", "kappa", "same"),
    [
        ([[20, 5], [10, 15]], 0.4, 70.0),
        ([[45, 15], [25, 15]], 0.1304, 60.0),
        ([[25, 35], [5, 35]], 0.2593, 60.0),
        ([[10, 0], [0, 10]], 1.0, 100.0),
        ([[5, 5], [5, 5]], 0.0, 50.0),
        ([[0, 5], [5, 0]], -1.0, 0.0),
        ([[88, 14, 18], [10, 40, 10], [2, 6, 12]], 0.4915, 70.0),
    ],
)
def test_known_tables_have_their_known_kappa(
    table: list[list[int]], kappa: float, same: float
) -> None:
    one, two = labels(table)
    found = agreement(("ann", one), ("bob", two))
    assert found.kappa == pytest.approx(kappa, abs=5e-4)
    assert found.same == pytest.approx(same)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= kappa + 1e-3
    assert found.high >= kappa - 1e-3


def test_only_what_both_spoke_of_counts() -> None:
    found = agreement(("ann", {1: "a", 2: "b", 3: "a"}), ("bob", {2: "b", 3: "b", 4: "a"}))
    assert (found.count, found.same) == (2, 50.0)
    assert agreement(("ann", {1: "a"}), ("bob", {2: "a"})).same is None


def test_one_word_throughout_tells_nothing() -> None:
    found = agreement(("ann", {1: "a", 2: "a"}), ("bob", {1: "a", 2: "a"}))
    assert (found.same, found.kappa, found.low) == (100.0, None, None)


def test_ten_times_the_same_is_not_certain() -> None:
    one, two = labels([[5, 0], [0, 5]])
    found = agreement(("ann", one), ("bob", two))
    assert found.low is not None
    assert 0.3 < found.low < 0.95
    assert found.high == 1.0


def test_things_of_one_row_are_weighed_together() -> None:
    one, two = labels([[30, 10], [10, 30]])
    apart = agreement(("ann", one), ("bob", two))
    together = agreement(("ann", one), ("bob", two), row_of=lambda thing: int(thing) % 5)
    assert apart.kappa == together.kappa
    assert together.low != apart.low


def test_the_interval_holds_the_truth() -> None:
    shares, held = np.array([0.4, 0.1, 0.15, 0.35]), 0
    truth = float(cohen_kappa(shares.reshape(1, 2, 2))[0])
    rng = np.random.default_rng(3)
    for _ in range(100):
        one, two = labels(rng.multinomial(40, shares).reshape(2, 2).tolist())
        found = agreement(("ann", one), ("bob", two))
        held += found.low is not None and found.low <= truth <= (found.high or 0)
    assert held >= 88
