"""A model and token stores -> trained weights, checkpoints, a log; resumable at any step.

What a run is made of is in `TrainingPlan` and does not change; what changes is in `TrainingState`,
which a checkpoint holds whole. The loop itself only decides what is due after each step.
"""

import math
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace

import torch

from tunesmith.errors import DivergedError, TunesmithError
from tunesmith.training import checkpoint as checkpoints
from tunesmith.training.engine import seed_everything
from tunesmith.training.feed import StepData, prefetched
from tunesmith.training.loss import target_predictions
from tunesmith.training.plan import BEST, LogLine, TrainingListener, TrainingPlan, TrainingState
from tunesmith.training.resources.out_of_memory import OutOfMemory, use_activation_checkpointing
from tunesmith.training.resources.pace import CheckpointPace
from tunesmith.training.schedule import learning_rate_at
from tunesmith.training.signals import StopRequest
from tunesmith.training.state import write_state
from tunesmith.training.step import StepResult, train_step
from tunesmith.training.validate import validate

_KEPT_CHECKPOINTS = 2


def run_training(
    plan: TrainingPlan, progress: TrainingState, *, listener: TrainingListener, stop: StopRequest
) -> None:
    """Train from `progress` to the end, in place.

    Raises:
        DivergedError: A loss or gradient was not finite; the rows are named.
        StoppedError: A signal came; the state is saved.
        DiskFullError: A checkpoint does not fit; the last one stands.
    """
    if progress.step == 0:
        _validate(plan, progress, listener)
    while progress.step < plan.num_steps and not progress.is_stopped_early:
        try:
            _run_steps(plan, progress, listener, stop)
        except OutOfMemory as error:
            use_less_memory(plan, progress, listener.note, error)


def _run_steps(
    plan: TrainingPlan, progress: TrainingState, listener: TrainingListener, stop: StopRequest
) -> None:
    feed = replace(plan.feed, micro_batch=progress.micro_batch)
    wanted = (feed.data_of(step) for step in range(progress.step, plan.num_steps))
    plan.model.network.train()
    pace = plan.pace(progress)
    started = time.monotonic()
    with closing(prefetched(wanted)) as steps:
        for data in steps:
            result, rate = update(plan, data)
            _require_finite(plan, data, result)
            progress.step += 1
            progress.tokens_seen += data.num_tokens
            progress.seconds += time.monotonic() - started
            line = _train_line(plan, progress, result, rate)
            listener.log({**line, "num_targets": data.num_targets})
            _do_what_is_due(plan, progress, pace, listener, stop)
            if progress.is_stopped_early:
                return
            started = time.monotonic()


def update(plan: TrainingPlan, data: StepData) -> tuple[StepResult, float]:
    """Do one step of a plan, with its own seed and rate; the rate is told."""
    seed_everything(plan.recipe.seed, data.step)
    rate = learning_rate_at(data.step, num_steps=plan.num_steps, recipe=plan.recipe)
    for group in plan.optimizer.param_groups:
        group["lr"] = rate
    result = train_step(
        plan.model,
        data.batches,
        optimizer=plan.optimizer,
        num_targets=data.divisor,
        rules=plan.rules,
    )
    return result, rate


def _do_what_is_due(
    plan: TrainingPlan,
    progress: TrainingState,
    pace: CheckpointPace,
    listener: TrainingListener,
    stop: StopRequest,
) -> None:
    is_last = progress.step == plan.num_steps
    if is_last or progress.step % plan.validate_every == 0:
        _validate(plan, progress, listener)
    due = pace.is_due(progress.step, progress.seconds)
    is_stopping, is_due = plan.ranks.from_first((stop.number is not None, due))
    if is_last or is_due or is_stopping or progress.is_stopped_early:
        name = checkpoints.step_name(progress.step)
        with pace.saving(progress.step, progress.seconds):
            _save(plan, progress, name)
        if is_stopping:
            raise stop.error(f"after step {progress.step} of {plan.num_steps} in {name}")


def _validate(plan: TrainingPlan, progress: TrainingState, listener: TrainingListener) -> None:
    if plan.validation is None:
        return
    feed = replace(plan.validation, micro_batch=progress.micro_batch)
    result = validate(plan.model, feed, precision=plan.engine.precision)
    measured = {name: value for name, value in asdict(result).items() if value is not None}
    listener.log({**_where(plan, progress), "split": "validation", **measured})
    if progress.step == 0:
        return  # the base model is not a candidate for the best weights
    best = math.inf if progress.best_loss is None else progress.best_loss
    if result.loss < best:
        progress.best_loss, progress.best_step, progress.num_worse = result.loss, progress.step, 0
        if plan.recipe.keep == "best" and progress.step < plan.num_steps:
            _save_best(plan, progress)
        return
    progress.num_worse += 1
    patience = plan.recipe.early_stopping
    if patience is not None and progress.num_worse >= patience:
        progress.is_stopped_early = True
        listener.note(
            f"stopped early after step {progress.step}: {progress.num_worse} validations "
            f"without improvement; the best was {progress.best_loss:.4f} at {progress.best_step}"
        )


def _save(plan: TrainingPlan, progress: TrainingState, name: str) -> None:
    if plan.ranks.is_first:
        state = {"identity": plan.identity, "progress": asdict(progress)}
        made = write_state(plan.model.network, plan.optimizer, state=state)
        checkpoints.save_checkpoint(plan.folder / name, made)
        checkpoints.keep_newest(plan.folder, _KEPT_CHECKPOINTS)
    plan.ranks.barrier()


def _save_best(plan: TrainingPlan, progress: TrainingState) -> None:
    if plan.ranks.is_first:
        made = write_state(plan.model.network, None, state={"step": progress.step})
        checkpoints.save_checkpoint(plan.folder / BEST, made)


def _where(plan: TrainingPlan, progress: TrainingState) -> LogLine:
    examples = plan.num_examples(progress.step)
    return {
        "step": progress.step,
        "epoch": round(examples / len(plan.feed.store), 4),
        "tokens_seen": progress.tokens_seen,
        "seconds": round(progress.seconds, 3),
    }


def _train_line(
    plan: TrainingPlan, progress: TrainingState, result: StepResult, rate: float
) -> LogLine:
    return {
        **_where(plan, progress),
        "split": "train",
        "loss": result.loss,
        "learning_rate": rate,
        "grad_norm": result.grad_norm,
    }


def _require_finite(plan: TrainingPlan, data: StepData, result: StepResult) -> None:
    if math.isfinite(result.loss) and math.isfinite(result.grad_norm):
        return
    culprits = _rows_without_finite_loss(plan, data)
    named = [plan.feed.store.example_id(row) for row in culprits]
    everyone = [plan.feed.store.example_id(row) for row in data.rows]
    names = plan.ranks.all_of(named) or plan.ranks.all_of(everyone)
    newest, _ = checkpoints.find_newest(plan.folder)
    raise DivergedError(
        f"the loss is {result.loss} and the gradient's norm {result.grad_norm} "
        f"in the examples {', '.join(names)}",
        where=f"step {data.step + 1}",
        cure="Look at these examples in data/train.jsonl, or lower training.learning_rate and "
        "begin anew in another folder (--run). "
        + (f"The newest checkpoint is {newest.name}." if newest else "No checkpoint stands yet."),
    )


def _rows_without_finite_loss(plan: TrainingPlan, data: StepData) -> list[int]:
    culprits: set[int] = set()
    for group, batch in zip(data.groups, data.batches, strict=True):
        found = target_predictions(plan.model, batch, precision=plan.engine.precision)
        bad = batch.target_examples[~torch.isfinite(found.nats)].tolist()
        culprits.update(group[place // plan.feed.store.width] for place in bad)
    return sorted(culprits)


def use_less_memory(
    plan: TrainingPlan, progress: TrainingState, note: Callable[[str], None], error: OutOfMemory
) -> None:
    """Halve the micro-batch, or recompute activations.

    Raises:
        TunesmithError: Nothing is left to try.
    """
    if plan.ranks.size > 1:
        raise TunesmithError(
            f"rank {plan.ranks.rank} ran out of memory at micro-batch {progress.micro_batch}",
            cure="Set training.micro_batch lower; several ranks cannot change it on their own.",
        ) from error
    plan.optimizer.zero_grad()
    before = progress.micro_batch
    if before > 1:
        progress.micro_batch = before // 2
        change = f"micro-batch {before} -> {progress.micro_batch}"
    elif plan.recipe.activation_checkpointing == "auto" and not progress.is_checkpointing:
        progress.is_checkpointing = True
        use_activation_checkpointing(plan.model)
        change = "activations are now recomputed instead of kept"
    else:
        raise TunesmithError(
            "one example alone does not fit into memory",
            where=f"step {progress.step + 1}",
            cure="Lower training.max_tokens, use method: lora, or a smaller model.",
        ) from error
    note(f"memory ran out at step {progress.step + 1}: {change}; the result is the same")
