"""Learning rates and the order of rows, as known values."""

import math
from collections import Counter

import pytest

from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.training.schedule import count_steps, learning_rate_at, rows_of_step


def _rates(num_steps: int, **keys: object) -> list[float]:
    recipe = TrainingRecipe(learning_rate=1.0, **keys)
    return [learning_rate_at(step, num_steps=num_steps, recipe=recipe) for step in range(num_steps)]


def _order(num_rows: int, recipe: TrainingRecipe) -> list[list[int]]:
    num_steps = count_steps(num_rows, recipe)
    return [
        rows_of_step(step, num_rows=num_rows, num_steps=num_steps, recipe=recipe)
        for step in range(num_steps)
    ]


def test_the_rate_rises_linearly_to_its_peak_while_warming_up() -> None:
    rates = _rates(20, warmup_fraction=0.25, schedule="linear")
    assert rates[:6] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0, 1.0])
    assert rates[6] < 1.0


def test_linear_decay_falls_by_the_same_amount_each_step() -> None:
    rates = _rates(10, warmup_fraction=0.2, schedule="linear")
    assert rates == pytest.approx([0.5, 1.0, 1.0, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8])


def test_cosine_decay_is_half_way_down_in_the_middle() -> None:
    rates = _rates(8, warmup_fraction=0.0, schedule="cosine")
    assert rates[0] == 1.0
    assert rates[2] == pytest.approx((1 + math.sqrt(0.5)) / 2)
    assert rates[4] == pytest.approx(0.5)
    assert rates[7] == pytest.approx((1 + math.cos(7 * math.pi / 8)) / 2)
    assert rates == sorted(rates, reverse=True)


def test_constant_stays_at_its_peak() -> None:
    assert _rates(6, warmup_fraction=0.0, schedule="constant") == [1.0] * 6
    assert _rates(4, warmup_fraction=0.5, schedule="constant") == [0.5, 1.0, 1.0, 1.0]


@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant"])
def test_a_single_step_takes_the_peak(schedule: str) -> None:
    assert _rates(1, schedule=schedule) == [1.0]
    assert _rates(1, schedule=schedule, warmup_fraction=0.0) == [1.0]


def test_no_step_has_a_rate_of_zero_or_above_the_peak() -> None:
    for schedule in ("cosine", "linear", "constant"):
        for num_steps in (1, 2, 3, 17, 100):
            rates = _rates(num_steps, schedule=schedule, warmup_fraction=0.1)
            assert all(0 < rate <= 1.0 for rate in rates)


@pytest.mark.parametrize(
    ("num_rows", "keys", "expected"),
    [
        (8, {"epochs": 1.0}, 2),
        (9, {"epochs": 1.0}, 3),
        (10, {"epochs": 2.5}, 7),
        (100, {"epochs": 0.1}, 3),
        (3, {"epochs": 0.01}, 1),
        (10, {"steps": 6}, 6),
    ],
)
def test_steps_cover_the_epochs_and_are_counted_up(
    num_rows: int, keys: dict[str, float], expected: int
) -> None:
    assert count_steps(num_rows, TrainingRecipe(examples_per_step=4, **keys)) == expected


def test_steps_run_over_the_end_of_an_epoch_and_only_the_last_is_smaller() -> None:
    order = _order(10, TrainingRecipe(examples_per_step=4, epochs=2.5))
    assert [len(rows) for rows in order] == [4, 4, 4, 4, 4, 4, 1]
    flat = [row for rows in order for row in rows]
    assert sorted(flat[:10]) == list(range(10))
    assert sorted(flat[10:20]) == list(range(10))
    assert len(set(flat[20:])) == 5
    assert flat[:10] != flat[10:20], "each epoch has an order of its own"


def test_a_step_may_hold_several_epochs() -> None:
    order = _order(3, TrainingRecipe(examples_per_step=8, epochs=4.0))
    assert [len(rows) for rows in order] == [8, 4]
    assert Counter(row for rows in order for row in rows) == {0: 4, 1: 4, 2: 4}


def test_a_number_of_steps_fills_every_step() -> None:
    order = _order(10, TrainingRecipe(examples_per_step=4, steps=6))
    assert [len(rows) for rows in order] == [4] * 6


def test_the_order_depends_on_the_seed_and_the_epoch_alone() -> None:
    def flat(**keys: object) -> list[int]:
        order = _order(20, TrainingRecipe(**{"epochs": 2.0, "examples_per_step": 4, **keys}))
        return [row for rows in order for row in rows]

    usual = flat()
    assert flat(examples_per_step=7) == usual
    assert flat(epochs=1.0) == usual[:20]
    assert flat(learning_rate=1.0, schedule="constant", micro_batch=1) == usual
    assert flat(seed=1) != usual


def test_a_step_can_be_asked_for_without_those_before_it() -> None:
    recipe = TrainingRecipe(examples_per_step=4, epochs=6.0)
    order = _order(10, recipe)
    for step in (14, 0, 7, 3):
        assert rows_of_step(step, num_rows=10, num_steps=15, recipe=recipe) == order[step]
