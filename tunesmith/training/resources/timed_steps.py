"""A plan and a few of its steps, really done -> seconds, peak memory and what limits them.

The steps are drawn across the distribution of step costs, the dearest first, since it decides
how much memory is needed. The weights are of no use afterwards.
"""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from tunesmith.errors import TunesmithError
from tunesmith.models.four_bits import num_weights
from tunesmith.training.feed import Feed, StepData
from tunesmith.training.loss import target_predictions
from tunesmith.training.plan import TrainingPlan, TrainingState
from tunesmith.training.resources.out_of_memory import OutOfMemory, use_activation_checkpointing
from tunesmith.training.step import train_step

FloatArray = npt.NDArray[np.float64]
_MOST_SECONDS = 20.0
_SHARE_OF_ESTIMATE = 0.05
_FEWEST_STEPS = 6  # after the warm-up
_FEWEST_SECONDS = 2.0  # a few short steps alone say little
_WARM_UP = 2  # the first steps ask the system for memory and prepare the products
_MOST_STEPS_LOOKED_AT = 2000
_VALIDATION_SECONDS = 2.0
_DRIFT = 0.05  # of a machine between now and then


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedStep:
    """One real step: its arithmetic in FLOPs, and how long it and its data took."""

    cost: float
    seconds: float
    data_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTimes:
    """Where the time of training goes.

    Attributes:
        warm_up_seconds: What the first steps took beyond others of their cost.
        seconds: Of all steps, the warm-up included.
        spread: Of `seconds`, as a share: 0.1 is ten per cent up or down.
        update_seconds: Of one step's optimiser and gradient norm.
        data_seconds: Of one step's data, prepared beside the step before.
        flops: Floating-point operations of an average step.
        num_trials: Steps that were done.
    """

    warm_up_seconds: float
    seconds: float
    spread: float
    update_seconds: float
    data_seconds: float
    flops: float
    num_trials: int


class Arithmetic:
    """Operations that rows cost in matrix products, from a model's shape."""

    def __init__(self, plan: TrainingPlan) -> None:
        network = plan.model.inner
        head = network.get_output_embeddings()
        embeddings = network.get_input_embeddings()
        self._head = head.weight.numel() if head is not None else 0
        outside = {id(module.weight) for module in (head, embeddings) if module is not None}
        matrices = [p for p in plan.model.network.parameters() if p.ndim == 2]
        body = [p for p in matrices if id(p) not in outside]
        learns = sum(p.numel() for p in body if p.requires_grad)
        size = sum(map(num_weights, body))
        # Forward and the gradient of what comes in: 2 each a weight; its own gradient: 2 more.
        self._a_token = 4.0 * size + 2.0 * learns
        is_trained = head is not None and head.weight.requires_grad
        self._a_target = (6.0 if is_trained else 4.0) * self._head

    def of_rows(self, feed: Feed, rows: Sequence[int]) -> float:
        """Of learning from some rows of a store."""
        index = np.asarray(rows)
        tokens = int(feed.store.lengths[index].sum())
        targets = int(feed.store.num_targets[index].sum())
        return float(self._a_token * tokens + self._a_target * targets)


def step_costs(plan: TrainingPlan) -> dict[int, float]:
    """Steps spread evenly over the training, and the arithmetic of each."""
    arithmetic = Arithmetic(plan)
    count = min(plan.num_steps, _MOST_STEPS_LOOKED_AT)
    chosen = np.unique(np.linspace(0, plan.num_steps - 1, count).astype(int)).tolist()
    return {step: arithmetic.of_rows(plan.feed, plan.feed.rows_of_step(step)) for step in chosen}


def spread_out(costs: dict[int, float]) -> Iterator[int]:
    """The dearest step, then steps from all parts of the distribution, then all anew.

    Halving the gaps again and again (van der Corput) leaves no part out, wherever it ends.
    """
    ordered = sorted(costs, key=lambda step: costs[step])
    yield ordered[-1]
    while True:
        for index in range(1, max(2, len(ordered))):
            place = sum(((index >> bit) & 1) / (2 << bit) for bit in range(index.bit_length()))
            yield ordered[min(int(place * len(ordered)), len(ordered) - 1)]


def measure_steps(plan: TrainingPlan, state: TrainingState) -> StepTimes:
    """Train for a few steps; twenty seconds, or a twentieth of what all will take, is enough.

    Changes the weights, and `state` where memory runs out: the micro-batch that fits.
    """
    costs = step_costs(plan)
    plan.model.network.train()
    trials: list[TimedStep] = []
    started = time.monotonic()
    for step in spread_out(costs):
        trials.append(_fitting_trial(plan, state, step, cost=costs[step]))
        spent = time.monotonic() - started
        if _is_enough(plan, trials, spent):
            break
    return _add_up(plan, costs, trials)


def _is_enough(plan: TrainingPlan, trials: list[TimedStep], spent: float) -> bool:
    steady = trials[_WARM_UP:]
    if spent >= _MOST_SECONDS:
        return True
    if len(steady) < _FEWEST_STEPS or spent < _FEWEST_SECONDS:
        return False
    estimate = plan.num_steps * float(np.mean([trial.seconds for trial in steady]))
    return spent >= _SHARE_OF_ESTIMATE * estimate


def _fitting_trial(
    plan: TrainingPlan, state: TrainingState, step: int, *, cost: float
) -> TimedStep:
    """Do a step; where memory runs out, with less of it, as the training itself will."""
    while True:
        try:
            return _trial(plan, state, step, cost=cost)
        except OutOfMemory as error:
            plan.optimizer.zero_grad()
            if state.micro_batch > 1:
                state.micro_batch //= 2
            elif plan.recipe.activation_checkpointing == "auto" and not state.is_checkpointing:
                state.is_checkpointing = True
                use_activation_checkpointing(plan.model)
            else:
                raise TunesmithError(
                    "one example alone does not fit into memory",
                    where="forecast",
                    cure="Lower training.max_tokens, use method: lora, or a smaller model.",
                ) from error


def _trial(plan: TrainingPlan, state: TrainingState, step: int, *, cost: float) -> TimedStep:
    started = time.monotonic()
    data = replace(plan.feed, micro_batch=state.micro_batch).data_of(step)
    ready = time.monotonic()
    _step(plan, data)
    return TimedStep(cost=cost, seconds=time.monotonic() - ready, data_seconds=ready - started)


def _step(plan: TrainingPlan, data: StepData) -> None:
    """One update at the recipe's rate; a loss that is not finite changes no weight."""
    train_step(
        plan.model,
        data.batches,
        optimizer=plan.optimizer,
        num_targets=data.divisor,
        rules=plan.rules,
    )
    wait_for_device(plan.model.device)


def _add_up(plan: TrainingPlan, costs: dict[int, float], trials: list[TimedStep]) -> StepTimes:
    steady = trials[_WARM_UP:] or trials
    spent = np.array([trial.seconds for trial in steady])
    fixed, rate = fit_line(np.array([trial.cost for trial in steady]), spent)
    expected = fixed + rate * np.array([trial.cost for trial in steady])
    scatter = float(np.std(spent - expected)) / float(np.mean(spent))
    warm_up = sum(trial.seconds - fixed - rate * trial.cost for trial in trials[:_WARM_UP])
    warm_up = max(0.0, warm_up) if len(trials) > _WARM_UP else 0.0
    mean_cost = float(np.mean(list(costs.values())))
    return StepTimes(
        warm_up_seconds=warm_up,
        seconds=plan.num_steps * (fixed + rate * mean_cost) + warm_up,
        spread=_DRIFT + 2 * scatter / math.sqrt(len(steady)),
        update_seconds=_update_seconds(plan),
        data_seconds=float(np.mean([trial.data_seconds for trial in trials])),
        flops=mean_cost,
        num_trials=len(trials),
    )


def fit_line(costs: FloatArray, seconds: FloatArray) -> tuple[float, float]:
    """Seconds a step costs at least, and seconds a FLOP; neither is negative.

    Where costs hardly differ, or dearer steps were no slower, time is taken as proportional.
    """
    around = costs - costs.mean()
    slope = float((around * seconds).sum() / (around**2).sum()) if around.any() else 0.0
    fixed = float(seconds.mean() - slope * costs.mean())
    if slope <= 0 or fixed < 0:
        return 0.0, float(seconds.mean() / costs.mean())
    return fixed, slope


def _update_seconds(plan: TrainingPlan) -> float:
    """The optimiser and the gradient's norm again, over the gradients of the last step."""
    started = time.monotonic()
    gradients = [p.grad for p in plan.optimizer.parameters if p.grad is not None]
    torch.nn.utils.get_total_norm(gradients)
    plan.optimizer.step()
    wait_for_device(plan.model.device)
    return time.monotonic() - started


def validation_seconds(plan: TrainingPlan, state: TrainingState) -> float:
    """How long one measurement of the validation loss takes, from some of its rows.

    The longest rows come first: nothing later needs more memory.
    """
    if plan.validation is None:
        return 0.0
    feed = replace(plan.validation, micro_batch=state.micro_batch)
    arithmetic = Arithmetic(plan)
    rows = list(range(len(feed.store)))
    size = feed.micro_batch
    longest = sorted(rows, key=lambda row: -int(feed.store.lengths[row]))[:size]
    _predict(plan, feed, longest)
    done, started = 0.0, time.monotonic()
    for first in range(0, len(rows), size):
        _predict(plan, feed, rows[first : first + size])
        done += arithmetic.of_rows(feed, rows[first : first + size])
        if time.monotonic() - started > _VALIDATION_SECONDS:
            break
    return (time.monotonic() - started) * arithmetic.of_rows(feed, rows) / done


def _predict(plan: TrainingPlan, feed: Feed, rows: list[int]) -> None:
    plan.model.network.eval()
    for batch in feed.batches_of(rows)[1]:
        target_predictions(plan.model, batch, precision=plan.engine.precision)
    wait_for_device(feed.device)


def wait_for_device(device: torch.device) -> None:
    """Until the device has done what it was asked for."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def matmul_rate(device: torch.device, precision: str) -> float:
    """FLOPs a second of a large matrix product alone: what no training can exceed."""
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    size = 1024 if device.type == "cpu" else 8192
    left, right = (torch.ones(size, size, dtype=dtype, device=device) for _ in range(2))
    best = math.inf
    for _ in range(5):
        started = time.perf_counter()
        left @ right
        wait_for_device(device)
        best = min(best, time.perf_counter() - started)
    return 2.0 * size**3 / best
