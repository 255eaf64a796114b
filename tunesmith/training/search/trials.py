"""A training's plan -> short trials of it, all from the same weights, and what loss each reached.

A trial is a short training: the first rows of the training itself, its seed, and its schedule from
warm-up to nothing, at another rate. What it reached is what such a rate comes to, not what it is on
the way. The model is changed by it and put back before the next one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch

from tunesmith.tokens.store import TokenStore
from tunesmith.training.feed import Feed
from tunesmith.training.loop import update, use_less_memory
from tunesmith.training.optimizer import make_optimizer, trainable
from tunesmith.training.plan import TrainingPlan, TrainingState
from tunesmith.training.resources.out_of_memory import OutOfMemory
from tunesmith.training.schedule import rows_of_step
from tunesmith.training.search.budget import RANGE_ROWS, RANGE_STEPS, SearchRows
from tunesmith.training.signals import StopRequest
from tunesmith.training.validate import validate

_BELOW = 32.0  # the range test begins so many times below the rate that is expected
_GROWTH = 2.0
RangeTest = list[tuple[float, float | None]]  # rates, and the loss after each; None: not finite


@dataclass(slots=True, kw_only=True)
class TrialRoom:
    """Where trials are made.

    Attributes:
        plan: The training, whose model is changed by each trial.
        held_out: The store that its validation rows lie in.
        rows: What trials read and are measured by.
        state: As many examples at once as fit; less where memory runs out.
        note: Told where it does.
        stop: Looked at after each step.
        start: The trained weights as all trials find them.
    """

    plan: TrainingPlan
    held_out: TokenStore
    rows: SearchRows
    state: TrainingState
    note: Callable[[str], None]
    stop: StopRequest
    start: dict[str, torch.Tensor] = field(init=False)

    def __post_init__(self) -> None:
        """Keep the weights beside the model, where its device's memory is not needed for them."""
        named = trainable(self.plan.model.network)
        self.start = {name: p.detach().to("cpu", copy=True) for name, p in named.items()}

    def attempt(self, rate: float, steps: int) -> float | None:
        """The loss on the rows held out after some steps at a rate; None where it diverged.

        Raises:
            StoppedError: A signal came.
        """
        plan = replace(self._anew(rate), num_steps=steps)
        feed = replace(plan.feed, rows_of_step=self._rows_of_step)
        for step in range(steps):
            if not math.isfinite(self._step(plan, feed, step)):
                return None
        return self._measure()

    def range_test(self, expected: float) -> RangeTest:
        """Rates, each twice the one before, and what loss the same few rows have after it.

        The learning-rate range test (arXiv 1506.01186) on one batch, so that losses differ by
        the rate alone. It begins well below the rate that is expected, and ends where the loss is
        above that of the first step.
        """
        rows = self._longest()
        feed = replace(self.plan.feed, rows_of_step=lambda _: rows)
        rates = [expected / _BELOW * _GROWTH**step for step in range(RANGE_STEPS)]
        plan, losses = self._anew(expected), list[float]()
        flat = {"schedule": "constant", "warmup_fraction": 0.0}
        for step, rate in enumerate(rates):
            recipe = plan.recipe.model_copy(update={**flat, "learning_rate": rate})
            losses.append(self._step(replace(plan, recipe=recipe), feed, step))
            if not losses[-1] <= losses[0]:
                break
        told = [loss if math.isfinite(loss) else None for loss in losses[1:]]
        return list(zip(rates, told, strict=False))

    def _anew(self, rate: float) -> TrainingPlan:
        """The plan with another rate, and the weights as they were."""
        with torch.no_grad():
            for name, parameter in trainable(self.plan.model.network).items():
                parameter.copy_(self.start[name])
        recipe = self.plan.recipe.model_copy(update={"learning_rate": rate})
        self.plan.model.network.train()
        optimizer = make_optimizer(self.plan.model.network, recipe)
        return replace(self.plan, recipe=recipe, optimizer=optimizer)

    def _rows_of_step(self, step: int) -> list[int]:
        """Those of the training, if what is held aside were not there."""
        train, num_steps = self.rows.train, self.plan.num_steps
        recipe = self.plan.recipe.model_copy(update={"steps": num_steps})  # epochs would be shorter
        places = rows_of_step(step, num_rows=len(train), num_steps=num_steps, recipe=recipe)
        return [train[place] for place in places]

    def _longest(self) -> list[int]:
        """A few rows that a range test repeats; the longest have the most to be learnt."""
        lengths = self.plan.feed.store.lengths
        return sorted(self.rows.train, key=lambda row: (-int(lengths[row]), row))[:RANGE_ROWS]

    def _step(self, plan: TrainingPlan, feed: Feed, step: int) -> float:
        """One update; its loss, or a gradient's norm that is not finite."""
        while True:
            try:
                data = replace(feed, micro_batch=self.state.micro_batch).data_of(step)
                result, _ = update(plan, data)
            except OutOfMemory as error:
                use_less_memory(plan, self.state, self.note, error)
                continue
            if plan.ranks.from_first(self.stop.number is not None):
                raise self.stop.error("the trials that are done")
            return result.loss if math.isfinite(result.grad_norm) else math.nan

    def _measure(self) -> float | None:
        """Nats per token over what is held out, of both stores."""
        plan, nats, count = self.plan, 0.0, 0
        parts = ((plan.feed.store, self.rows.held_aside), (self.held_out, self.rows.validation))
        for store, chosen in parts:
            if chosen:
                feed = replace(plan.feed, store=store, micro_batch=self.state.micro_batch)
                precision = plan.engine.precision
                found = validate(plan.model, feed, precision=precision, chosen=chosen)
                nats, count = nats + found.loss * found.num_targets, count + found.num_targets
        loss = float(plan.ranks.from_first(nats / count))
        return loss if math.isfinite(loss) else None
