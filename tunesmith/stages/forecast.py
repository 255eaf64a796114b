"""A recipe -> a few real steps -> how long training will take, how much memory, and why.

Prepares the data, as training would, and leaves nothing else in the run's folder.
"""

import os
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any

import psutil
import torch

from tunesmith.errors import TunesmithError
from tunesmith.models.shortcuts.matmul_library import use_matmul_library
from tunesmith.report.number_text import duration
from tunesmith.stages.execution.opened_run import Run, checked_run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.prepare import prepare_stage
from tunesmith.stages.preparing.settled_template import asked_renderer, settled_renderer
from tunesmith.stages.results.trained import (
    Forecast,
    ForecastLimit,
    ForecastMemory,
    ForecastSeconds,
)
from tunesmith.stages.train import Training, base_record, peak_memory_bytes, start_engine
from tunesmith.training import checkpoint as checkpoints
from tunesmith.training.distributed import Ranks
from tunesmith.training.engine import kept_randomness
from tunesmith.training.make_plan import first_state
from tunesmith.training.optimizer import trainable
from tunesmith.training.plan import TrainingPlan, TrainingState
from tunesmith.training.resources.memory_budget import kept_bytes
from tunesmith.training.resources.out_of_memory import use_activation_checkpointing
from tunesmith.training.resources.timed_steps import (
    StepTimes,
    matmul_rate,
    measure_steps,
    step_costs,
    validation_seconds,
)
from tunesmith.training.resources.token_share import share_in_words, tokens_and_weights
from tunesmith.training.state import write_state

_WRITTEN = 2**30  # bytes at most
_FRESH_WRITES = 2  # into memory that the system has yet to find; three times as slow as later ones
_WRITES = 4
_FRESH_CHECKPOINTS = 3  # that stand at once while the oldest is replaced
_MEBIBYTE = 2**20


def forecast(run: Run) -> Forecast:
    """Do some steps of a run's training, throw them away, and reckon up the whole.

    Args:
        run: What is to be trained, on what, how; its data are prepared if they are not.

    Raises:
        DataError: There is nothing to train on.
        TunesmithError: One example does not fit into memory; or this is torchrun.
    """
    checked_run(run, stage="forecast")
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise TunesmithError(
            "a forecast is made in one process", where="torchrun", cure="Start it without."
        )
    started = time.monotonic()
    engine = start_engine(run.recipe.training)
    with run.locked(), use_matmul_library("standard"), kept_randomness():
        asked = asked_renderer(run)
        opened = time.monotonic()
        prepare_stage(run, asked)
        renderer = settled_renderer(run, asked)
        training = Training(
            run=run,
            renderer=renderer,
            engine=engine,
            ranks=Ranks(),
            force=None,
            base=base_record(renderer.place, run),
        )
        recipe, share = training.search.outlook()
        return _measure(training.with_recipe(recipe), run, opening=opened - started, share=share)


def _measure(training: Training, run: Run, *, opening: float, share: float) -> Forecast:
    started, imports = time.monotonic(), psutil.Process().memory_info().rss
    model = training.load()
    plan = training.plan(model)
    state = first_state(plan)
    if state.is_checkpointing:
        use_activation_checkpointing(model)
    loading = opening + time.monotonic() - started
    run.progress.start("measuring steps", None)
    kept = _kept(plan, state)
    times = measure_steps(plan, state)
    parts = _Measured(
        plan=plan,
        loading=loading,
        times=times,
        one_validation=validation_seconds(plan, state),
        disk=_weigh_disk(plan, run.folder),
        search_share=share,
    )
    peak = matmul_rate(model.device, plan.engine.precision)
    run.progress.close()
    memory = _memory(plan, imports=imports, kept=kept)
    limit = _limit(plan, times, peak)
    tokens, weights = tokens_and_weights(plan)
    result = Forecast(
        run=str(run.folder.path),
        steps=plan.num_steps,
        measured_steps=times.num_trials,
        micro_batch=state.micro_batch,
        activation_checkpointing=state.is_checkpointing,
        seconds=parts.seconds(),
        memory=memory,
        limit=limit,
        not_included=("answering and scoring the test rows", "starting Python"),
        trained_tokens=tokens,
        trained_weights=weights,
    )
    return replace(result, summary=tuple(_lines(result)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Disk:
    """Seconds that a byte takes: the first times, and where something is replaced."""

    fresh: float
    again: float

    def seconds(self, size: int, *, times: int, fresh_times: int) -> float:
        """Of writing `size` bytes some times, each time deleting what is not kept."""
        fresh = min(times, fresh_times)
        return size * (fresh * self.fresh + (times - fresh) * self.again)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """What was measured, and how often each of it will happen."""

    plan: TrainingPlan
    loading: float
    times: StepTimes
    one_validation: float
    disk: _Disk
    search_share: float  # of training and validation: what finding the rate costs beside them

    def seconds(self) -> ForecastSeconds:
        """Each part of the time, their sum, and between what it should lie."""
        training = self.times.seconds
        num_validations = ceil(self.plan.num_steps / self.plan.validate_every)
        validation = self.one_validation * (1 + num_validations)
        saving = self._saving(num_validations)
        search = self.search_share * (training + validation)
        loading = self.loading * (2 if search else 1)  # trials have a model of their own
        total = loading + search + training + validation + saving
        off = self.times.spread * (search + training + validation) + 0.5 * saving
        parts = {
            "loading": loading,
            "search": search,
            "training": training,
            "validation": validation,
            "saving": saving,
            "total": total,
            "low": total - off,
            "high": total + off,
        }
        return ForecastSeconds(**{name: round(value, 3) for name, value in parts.items()})

    def _saving(self, num_validations: int) -> float:
        """Checkpoints, the best weights as often as a validation may improve, and the model."""
        plan, disk = self.plan, self.disk
        weights = sum(p.nbytes for p in trainable(plan.model.network).values())
        whole = sum(t.nbytes for part in _tensors(plan).values() for t in part.values())
        is_full = plan.recipe.lora is None
        model = sum(p.nbytes for p in plan.model.network.parameters()) if is_full else weights
        num_checkpoints = plan.pace(TrainingState()).count(
            step_seconds=self.times.seconds / plan.num_steps, cost=whole * disk.fresh
        )
        keeps_best = plan.validation is not None and plan.recipe.keep == "best"
        num_best = num_validations - 1 if keeps_best else 0  # the last is the model's own
        return (
            disk.seconds(whole, times=num_checkpoints, fresh_times=_FRESH_CHECKPOINTS)
            + disk.seconds(weights, times=num_best, fresh_times=_FRESH_WRITES)
            + disk.seconds(model, times=1, fresh_times=1)
        )


def _tensors(plan: TrainingPlan) -> Any:
    return write_state(plan.model.network, plan.optimizer, state={}).tensors


def _weigh_disk(plan: TrainingPlan, folder: RunFolder) -> _Disk:
    """Write a checkpoint, or as much of it as is enough, to the run's disk, and delete it."""
    some: dict[str, dict[str, torch.Tensor]] = {}
    size = 0
    for part, tensors in _tensors(plan).items():
        some[part] = {}
        for name, tensor in tensors.items():
            if size < _WRITTEN:
                some[part][name] = tensor
                size += tensor.nbytes
    made = checkpoints.Checkpoint(tensors={p: t for p, t in some.items() if t}, state={})
    taken: list[float] = []
    with tempfile.TemporaryDirectory(dir=folder.path, prefix=".tmp-forecast-") as place:
        for _ in range(_WRITES):
            started = time.monotonic()
            checkpoints.save_checkpoint(Path(place) / "some", made)
            taken.append(time.monotonic() - started)
    fresh, again = taken[:_FRESH_WRITES], taken[_FRESH_WRITES:]
    return _Disk(fresh=statistics.mean(fresh) / size, again=statistics.mean(again) / size)


def _kept(plan: TrainingPlan, state: TrainingState) -> int:
    """What the dearest step's micro-batches keep for the backward pass, at most."""
    costs = step_costs(plan)
    rows = plan.feed.rows_of_step(max(costs, key=lambda step: costs[step]))
    groups = [rows[i : i + state.micro_batch] for i in range(0, len(rows), state.micro_batch)]
    heaviest = max(groups, key=lambda group: int(plan.feed.store.lengths[group].sum()))
    plan.model.network.train()
    batch = plan.feed.batches_of(heaviest)[1][0]
    return kept_bytes(plan.model, batch, precision=plan.engine.precision)


def _memory(plan: TrainingPlan, *, imports: int, kept: int) -> ForecastMemory:
    """The peak that was measured, and what is known to be in it."""
    learning = sum(p.nbytes for p in plan.optimizer.parameters)
    beside = (".step", ".rows")
    states = [t for name, t in _tensors(plan)["optimizer"].items() if not name.endswith(beside)]
    return ForecastMemory(
        peak_bytes=peak_memory_bytes(plan.engine),
        imports_bytes=0 if plan.model.device.type == "cuda" else imports,
        weights_bytes=sum(p.nbytes for p in plan.model.network.parameters()),
        gradients_bytes=learning,
        optimizer_bytes=sum(tensor.nbytes for tensor in states),
        activations_bytes=kept,
    )


def _limit(plan: TrainingPlan, times: StepTimes, peak: float) -> ForecastLimit:
    """What a step waits for most: its data, the optimiser's memory, or arithmetic."""
    step = times.seconds / plan.num_steps
    if times.data_seconds > step:
        name = "data"
    elif times.update_seconds > step / 2:
        name = "memory bandwidth of the optimiser"
    else:
        name = "arithmetic"
    reached = times.flops / step
    return ForecastLimit(
        name=name,
        step_seconds=round(step, 6),
        update_seconds=round(times.update_seconds, 6),
        data_seconds=round(times.data_seconds, 6),
        gigaflops_per_second=round(reached / 1e9, 1),
        peak_gigaflops_per_second=round(peak / 1e9, 1),
        mfu_percent=round(100 * reached / peak, 1),
    )


def _lines(result: Forecast) -> list[str]:
    """The forecast for people."""
    seconds, memory, limit = result.seconds, result.memory, result.limit
    parts = ", ".join(
        f"{name} {duration(getattr(seconds, name))}"
        for name in ("loading", "search", "training", "validation", "saving")
        if getattr(seconds, name) or name != "search"
    )
    pieces = ", ".join(
        f"{name.removesuffix('_bytes')} {size / _MEBIBYTE:,.0f}"
        for name, size in asdict(memory).items()
        if name != "peak_bytes"
    )
    checkpointing = ", activations recomputed" if result.activation_checkpointing else ""
    return [
        f"Time          {duration(seconds.total)} "
        f"({duration(seconds.low)} to {duration(seconds.high)})",
        f"              {parts}",
        f"Memory        {memory.peak_bytes / _MEBIBYTE:,.0f} MiB at most",
        f"              {pieces}; the rest is passing",
        f"Micro-batch   {result.micro_batch} examples{checkpointing}",
        f"Limited by    {limit.name}: a step takes {limit.step_seconds * 1000:,.0f} ms, "
        f"the update {limit.update_seconds * 1000:,.0f} of them",
        f"              {limit.gigaflops_per_second:,.0f} of "
        f"{limit.peak_gigaflops_per_second:,.0f} GFLOP/s ({limit.mfu_percent:.0f} %)",
        f"Learns        {result.trained_tokens:,} trained tokens over all epochs, "
        f"{result.trained_weights:,} weights",
        f"              {share_in_words(result.trained_tokens, result.trained_weights)}",
        f"Measured      {result.measured_steps} of {result.steps:,} steps; not included: "
        + ", ".join(result.not_included),
    ]
