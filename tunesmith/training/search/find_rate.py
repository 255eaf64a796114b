"""Short trials by validation loss -> the learning rate of a training; knows no model.

Rates stand on a ladder, each three times the one below. The trials of a rung are as long as each
other and begin at the same weights; the rung grows at the end at which the best one lies, and its
two best are tried again, twice as long (successive halving, arXiv 1502.07943). What is best in a
short trial is too much for a long training, so that the ladder stands higher for a shorter one.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tunesmith.training.search.rules_of_thumb import horizon_factor

FACTOR = 3.0
_NEAR, _FAR = 4.0, 300.0  # times below the rate at which the loss rises
_HIGHEST = 4  # places above the middle, and below it
_DIGITS = 4  # of a loss: the last bits of a sum depend on how examples are grouped


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A trial: steps at a rate, and the validation loss after them; None where it diverged."""

    learning_rate: float
    steps: int
    loss: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Where rates are looked for.

    Attributes:
        middle: The rate of the whole training that is tried first.
        num_steps: Of the whole training.
        trial_steps: Of a trial of the first rung.
        num_trials: Trials of the first rung that may be paid; of the second each counts as two.
    """

    middle: float
    num_steps: int
    trial_steps: int
    num_trials: int

    def rate(self, place: float, steps: int | None = None) -> float:
        """The rate of a place, 0 in the middle; of a trial of some steps, or of the whole."""
        longer = 1.0 if steps is None else horizon_factor(steps, max(steps, self.num_steps))
        return rounded(self.middle * FACTOR**place * longer)


@dataclass(slots=True)
class RateSearch:
    """The trials of one ladder as they are made."""

    ladder: Ladder
    attempt: Callable[[float, int], float | None]  # rate, steps -> loss
    told: Callable[[Trial], None]
    trials: list[Trial] = field(default_factory=list)

    def best_rate(self) -> float:
        """Try what may be tried; the rate of the whole training."""
        losses = self._first_rung()
        if not any(map(math.isfinite, losses.values())):
            return self.ladder.rate(min(losses, default=0) - 1)
        return self.ladder.rate(self._second_rung(losses, vertex(losses)))

    def _first_rung(self) -> dict[int, float]:
        losses: dict[int, float] = {}
        wanted = [0, -1, 1]
        while wanted and len(self.trials) < self.ladder.num_trials:
            place = wanted.pop(0)
            losses[place] = self._try(place, self.ladder.trial_steps)
            if not wanted:
                beyond = _beyond(losses)
                wanted = [] if beyond is None else [beyond]
        return losses

    def _second_rung(self, losses: dict[int, float], found: float) -> float:
        """Half way to its neighbour where the second best does better in longer trials."""
        first, second = (*sorted(losses, key=lambda place: losses[place]), None, None)[:2]
        is_paid = len(self.trials) + 4 <= self.ladder.num_trials
        if first is None or second is None or not is_paid:
            return found
        longer = {place: self._try(place, 2 * self.ladder.trial_steps) for place in (first, second)}
        return found if longer[first] <= longer[second] else (first + second) / 2

    def _try(self, place: int, steps: int) -> float:
        rate = self.ladder.rate(place, steps)
        loss = self.attempt(rate, steps)
        is_finite = loss is not None and math.isfinite(loss)
        known = float(f"{loss:.{_DIGITS}g}") if loss is not None and is_finite else None
        self.trials.append(Trial(learning_rate=rate, steps=steps, loss=known))
        self.told(self.trials[-1])
        return math.inf if known is None else known


def within_range(middle: float, tested: Sequence[tuple[float, float | None]]) -> float:
    """The rate that trials begin with: the expected one, kept away from where the loss rises.

    Args:
        middle: Of trials, as it is expected.
        tested: Of a range test, which ends where the loss rises above its beginning; or nothing.
    """
    known = [loss for _, loss in tested if loss is not None]
    if not known or (len(known) == len(tested) and known[-1] <= known[0]):
        return middle
    edge = tested[-1][0]
    return min(max(middle, edge / _FAR), edge / _NEAR)


def _beyond(losses: dict[int, float]) -> int | None:
    """The next place to try: beyond the end at which the best lies; None where it is inside."""
    best = min(losses, key=lambda place: (losses[place], abs(place)))
    if not math.isfinite(losses[best]):
        wanted = min(losses) - 1
    elif best == min(losses):
        wanted = best - 1
    else:
        wanted = best + 1
    return None if wanted in losses or abs(wanted) > _HIGHEST else wanted


def vertex(losses: dict[int, float]) -> float:
    """The place of the lowest loss: of the parabola through the best and its two neighbours."""
    best = min(losses, key=lambda place: (losses[place], abs(place)))
    if best - 1 not in losses or best + 1 not in losses:
        return float(best)
    worst = max(loss for loss in losses.values() if math.isfinite(loss))
    far = worst + (worst - losses[best])  # in the place of what diverged
    below, above = (min(losses[place], far) for place in (best - 1, best + 1))
    bend = below - 2 * losses[best] + above
    return best + (below - above) / (2 * bend) if bend > 0 else float(best)


def rounded(rate: float) -> float:
    """A rate with two digits, as one writes it into a recipe."""
    return float(f"{rate:.1e}")
