"""When a checkpoint is due: what a kill loses against what saving costs."""

import itertools
import time
from pathlib import Path

import pytest

from tests.training.rig import make_plan
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.training.plan import TrainingState
from tunesmith.training.resources.pace import CheckpointPace, steps_between


def saved_steps(pace: CheckpointPace, *, step_seconds: float, cost: float) -> list[int]:
    """The steps after which a run saves; the last one always."""
    saved = []
    for step in range(1, pace.num_steps + 1):
        if pace.is_due(step, step * step_seconds) or step == pace.num_steps:
            with pace.saving(step, step * step_seconds):
                pass
            pace.cost = cost
            saved.append(step)
    return saved


def test_named_steps_are_kept_to_whatever_they_cost() -> None:
    pace = CheckpointPace(every=3, num_steps=10)
    assert saved_steps(pace, step_seconds=0.001, cost=1e6) == [3, 6, 9, 10]


def test_cheap_checkpoints_come_after_each_tenth() -> None:
    pace = CheckpointPace(every="auto", num_steps=95)
    assert saved_steps(pace, step_seconds=1.0, cost=0.1) == [*range(10, 91, 10), 95]


def test_dear_checkpoints_take_a_twentieth_of_the_time() -> None:
    pace = CheckpointPace(every="auto", num_steps=1000)
    saved = saved_steps(pace, step_seconds=1.0, cost=15.0)
    assert saved == [100, 400, 700, 1000]


def test_a_long_run_loses_ten_minutes_at_most() -> None:
    pace = CheckpointPace(every="auto", num_steps=10_000)
    saved = saved_steps(pace, step_seconds=10.0, cost=1.0)
    assert {after - before for before, after in itertools.pairwise(saved)} == {60, 40}


@pytest.mark.parametrize("num_steps", [1, 2, 10, 24, 95, 1000])
@pytest.mark.parametrize("step_seconds", [0.01, 1.0, 300.0, 1000.0])
@pytest.mark.parametrize("cost", [0.0, 0.7, 3.0, 100.0])
@pytest.mark.parametrize("every", ["auto", 7])
def test_a_forecast_counts_as_many_as_there_will_be(
    every, num_steps: int, step_seconds: float, cost: float
) -> None:
    pace = CheckpointPace(every=every, num_steps=num_steps)
    expected = pace.count(step_seconds=step_seconds, cost=cost)
    assert len(saved_steps(pace, step_seconds=step_seconds, cost=cost)) == expected


def test_after_a_resume_the_pace_goes_on_from_the_step_that_stands(tmp_path: Path) -> None:
    plan = make_plan(tmp_path, TrainingRecipe(steps=100))
    pace = plan.pace(TrainingState(step=37, seconds=5.0))
    assert not pace.is_due(46, 6.0)
    assert pace.is_due(47, 6.0)


def test_what_a_checkpoint_takes_is_measured() -> None:
    pace = CheckpointPace(every="auto", num_steps=100)
    with pace.saving(10, 2.0):
        time.sleep(0.05)
    assert (pace.step, pace.seconds) == (10, 2.0)
    assert pace.cost >= 0.05
    assert not pace.is_due(20, 2.0 + 19 * 0.05)


@pytest.mark.parametrize(("steps", "between"), [(1, 1), (9, 1), (10, 1), (11, 2), (24, 3)])
def test_a_run_is_looked_at_ten_times_at_most(steps: int, between: int) -> None:
    assert steps_between(steps) == between
