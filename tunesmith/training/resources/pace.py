"""What a checkpoint costs and what a kill would lose -> when the next checkpoint is due."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

POINTS_PER_RUN = 10
_LONGEST_LOSS = 600.0  # seconds of training that a kill costs at most
_TIMES_ITS_COST = 20  # training between two checkpoints takes at least so many times one of them


@dataclass(slots=True, kw_only=True)
class CheckpointPace:
    """When checkpoints are due.

    With `auto`: after every tenth of the run or ten minutes of training, whichever comes first,
    but so that saving takes at most a twentieth of the time that training does. When it is due
    changes nothing of the result.

    Attributes:
        every: Steps between two, or auto.
        num_steps: Of the whole training.
        step: Of the newest checkpoint; 0 before the first.
        seconds: Of training at the newest checkpoint.
        cost: Seconds that the newest one took to write; 0 before the first of this process.
    """

    every: int | Literal["auto"]
    num_steps: int
    step: int = 0
    seconds: float = 0.0
    cost: float = 0.0

    def is_due(self, step: int, seconds: float) -> bool:
        """Whether to save after `step` updates and `seconds` of training."""
        if self.every != "auto":
            return step % self.every == 0
        spent = seconds - self.seconds
        if spent < _TIMES_ITS_COST * self.cost:
            return False
        return step - self.step >= steps_between(self.num_steps) or spent >= _LONGEST_LOSS

    @contextmanager
    def saving(self, step: int, seconds: float) -> Iterator[None]:
        """Time the checkpoint that is written within the block."""
        started = time.monotonic()
        yield
        self.step, self.seconds = step, seconds
        self.cost = time.monotonic() - started

    def count(self, *, step_seconds: float, cost: float) -> int:
        """How many there will be, the one after the last step included, were all steps alike."""
        steps = self.num_steps
        if self.every != "auto":
            return math.ceil(steps / self.every)
        first = min(steps_between(steps), math.ceil(_LONGEST_LOSS / step_seconds))
        later = max(first, math.ceil(_TIMES_ITS_COST * cost / step_seconds))
        before_last = max(0, 1 + (steps - 1 - first) // later)
        return before_last + 1


def steps_between(num_steps: int) -> int:
    """A tenth of a run, rounded up."""
    return math.ceil(num_steps / POINTS_PER_RUN)
