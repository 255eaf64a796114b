"""Token stores and a base model -> the tuned model, its log and its checkpoints.

Under torchrun every rank runs this; rank 0 prepares, writes and talks.
"""

import os
import resource
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import Any

import torch
from transformers import PreTrainedModel

from tunesmith.errors import DataError
from tunesmith.files import hash_json, write_json
from tunesmith.models.forward import LanguageModel, choose_layout
from tunesmith.models.four_bits import num_weights
from tunesmith.models.load import ModelPlace, load_network, to_device, weights_fingerprint
from tunesmith.models.quantized import load_quantized
from tunesmith.models.save import RenderingContract, save_model
from tunesmith.models.shortcuts.matmul_library import use_matmul_library
from tunesmith.models.shortcuts.setting import TrainingSetting
from tunesmith.models.shorten import SHORTCUTS, Shortcut, ShortcutUse, shorten
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.plugins_used import plugin_record
from tunesmith.stages.execution.progress import SilentProgress
from tunesmith.stages.execution.stage import (
    Stage,
    StageResult,
    changed_inputs,
    finished_result,
    run_stage,
)
from tunesmith.stages.execution.training_log import TrainingLog
from tunesmith.stages.prepare import prepare_stage
from tunesmith.stages.preparing.prepared_files import open_store
from tunesmith.stages.responders.renderer import Renderer, contract_of, recipe_renderer
from tunesmith.stages.results.trained import Trained
from tunesmith.tokens.store import TokenStore
from tunesmith.training import checkpoint as checkpoints
from tunesmith.training.distributed import Ranks, joined_ranks
from tunesmith.training.dropout import set_dropout
from tunesmith.training.engine import (
    Engine,
    choose_engine,
    identity,
    seed_everything,
)
from tunesmith.training.feed import Feed
from tunesmith.training.loop import run_training
from tunesmith.training.optimizer import make_optimizer
from tunesmith.training.plan import BEST, TrainingListener, TrainingPlan, TrainingState
from tunesmith.training.resources.allocator import bound_matmul_caches, keep_freed_memory
from tunesmith.training.resources.memory_budget import largest_micro_batch, usable_memory
from tunesmith.training.resources.out_of_memory import use_activation_checkpointing
from tunesmith.training.resume import load_best, resume
from tunesmith.training.schedule import count_steps, rows_of_step
from tunesmith.training.signals import stop_requests

_KIBIBYTE = 1024


def train(run: Run, *, force: str | None = None) -> Trained:
    """Tune the recipe's model on its training examples; resumes what was interrupted.

    Args:
        run: What to tune, on what, how; its data are prepared if they are not.
        force: A reason to resume a checkpoint of another recipe, machine or version.

    Raises:
        DataError: There is nothing to train on.
        DivergedError: The loss is not finite any more.
        RefusedError: The checkpoint belongs to another training.
        StoppedError: A signal stopped the run; the same command resumes it.
    """
    engine = start_engine(run.recipe.training)
    with joined_ranks(torch.device(engine.device)) as ranks, ExitStack() as stack:
        stack.enter_context(use_matmul_library("standard"))  # again, afterwards
        if ranks.is_first:
            stack.enter_context(run.locked())
        else:
            run = run.with_progress(SilentProgress())
        renderer = recipe_renderer(run.recipe, run.recipe_folder)
        if ranks.is_first:
            prepare_stage(run, renderer)
        ranks.barrier()
        training = Training(
            run=run,
            renderer=renderer,
            engine=engine,
            ranks=ranks,
            force=force,
            base=base_record(renderer.place, run),
        )
        return Trained.from_dict(training.result())


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """One call of `train`, on one rank."""

    run: Run
    renderer: Renderer
    engine: Engine
    ranks: Ranks
    force: str | None
    base: dict[str, Any]  # which model the run starts from
    shortcuts: Mapping[str, Shortcut] = field(default_factory=lambda: SHORTCUTS)

    def result(self) -> StageResult:
        """Train unless the model stands already, made from the same inputs."""
        stage = training_stage(self.run, self.base)
        done = self.ranks.from_first(finished_result(self.run.folder, stage))
        if done is not None:
            self.run.progress.note(f"the model of {self.run.folder.path} is up to date")
            return dict(done)
        if self.ranks.is_first:
            self._clear_if_changed(stage)
        self.ranks.barrier()
        if not self.ranks.is_first:
            return self._work()
        return run_stage(self.run.folder, stage, self._work)

    def _clear_if_changed(self, stage: Stage) -> None:
        """Checkpoints of a finished training under another recipe are of no use."""
        changed = changed_inputs(self.run.folder, stage)
        if changed:
            self.run.progress.note(
                f"training anew: {', '.join(changed)} changed since the last time"
            )
            checkpoints.remove_all(self.run.folder.checkpoints, BEST)

    def _work(self) -> StageResult:
        model = self.load()
        plan = self.plan(model)
        if self.ranks.is_first:
            checkpoints.sweep(plan.folder)
        with TrainingLog(
            self.run.folder.log, self.run.progress, is_active=self.ranks.is_first
        ) as log:
            listener = TrainingListener(log=log.log, note=self.run.progress.note)
            state = resume(plan, listener=listener, force=self.force)
            resumed_from = state.step if state is not None else None
            state = state or self.first_state(plan)
            if state.is_checkpointing:
                use_activation_checkpointing(model)
            self._write_environment(plan, state)
            log.begin(state.step, plan.num_steps)
            with stop_requests() as stop:
                run_training(plan, state, listener=listener, stop=stop)
        load_best(plan, state, listener=listener)
        if self.ranks.is_first:
            self._save(model)
        self.ranks.barrier()
        examples = plan.num_examples(state.step)
        return {
            "run": str(self.run.folder.path),
            "steps": state.step,
            "resumed_from": resumed_from,
            "loss": log.last_losses,
            "best_step": state.best_step,
            "seconds": round(state.seconds, 3),
            "examples_per_second": round(examples / state.seconds, 2) if state.seconds else None,
            "peak_memory_bytes": peak_memory_bytes(self.engine),
        }

    def load(self) -> LanguageModel:
        """The base model as training needs it."""
        seed_everything(self.run.recipe.training.seed, 0)
        network = self._load_base()
        set_dropout(network, self.run.recipe.training.dropout)
        model = choose_layout(to_device(network, self.engine.device))
        if model.layout == "padded":
            self.run.progress.note(f"padded batches, since {model.layout_reason}")
        lora = self.run.recipe.training.lora
        if lora is not None:
            from tunesmith.models.adapter import add_adapter, narrow_frozen  # peft takes a second

            dropout = self.run.recipe.training.dropout
            model.network = add_adapter(model.inner, lora, dropout=dropout)
            if self.engine.precision == "bf16" and not lora.use_dora:
                narrow_frozen(model.inner)
        return model

    def _load_base(self) -> PreTrainedModel:
        lora, is_random = self.run.recipe.training.lora, self.run.recipe.model.weights == "random"
        if lora is not None and lora.quantize is not None:
            return load_quantized(self.renderer.place, device=self.engine.device)
        return load_network(self.renderer.place, has_random_weights=is_random)

    def _shorten(self, model: LanguageModel, store: TokenStore) -> dict[str, ShortcutUse]:
        """Compute the same with less, where that may be; how, stands in environment.json."""
        setting = TrainingSetting(
            network=model.inner,
            device=self.engine.device,
            precision=self.engine.precision,
            is_full=self.run.recipe.training.lora is None,
            read_ids=cache(lambda: torch.from_numpy(store.distinct_ids())),
        )
        return shorten(setting, shortcuts=self.shortcuts)

    def plan(self, model: LanguageModel) -> TrainingPlan:
        """What the training is made of."""
        store = open_store(self.run.folder, "train")
        held_out = open_store(self.run.folder, "validation")
        if not len(store):
            raise DataError("there is no training example", where=str(self.run.folder.path))
        training = self.run.recipe.training
        num_steps = count_steps(len(store), training)
        shortcuts = self._shorten(model, store)
        feed = Feed(
            store=store,
            rows_of_step=lambda step: rows_of_step(
                step, num_rows=len(store), num_steps=num_steps, recipe=training
            ),
            micro_batch=1,
            shared_row_limit=model.shared_row_limit,
            device=model.device,
            ranks=self.ranks,
            smallest_saving=None if training.dropout else model.smallest_saving,
        )
        return TrainingPlan(
            model=model,
            optimizer=make_optimizer(model.network, training),
            feed=feed,
            validation=replace(feed, store=held_out) if len(held_out) else None,
            recipe=training,
            engine=self.engine,
            num_steps=num_steps,
            folder=self.run.folder.checkpoints,
            shortcuts=shortcuts,
            identity={**self._identity(store, model), "products": _products_of(shortcuts)},
        )

    def _identity(self, store: TokenStore, model: LanguageModel) -> dict[str, Any]:
        return {
            **identity(self.engine),
            **{f"training.{k}": v for k, v in _deciding(self.run.recipe.training).items()},
            "data": store.key,
            "template": hash_json(self.renderer.template.contract),
            "tokenizer": self.renderer.tokenizer.fingerprint,
            "base model": self.base["fingerprint"],
            "layout": model.layout,
            "head": "plain" if model.tiled_head is None else "tiled",
            "ranks": self.ranks.size,
        }

    def first_state(self, plan: TrainingPlan) -> TrainingState:
        """Where a training begins: nothing done, and as many examples at once as fit."""
        training = self.run.recipe.training
        size = training.micro_batch
        if size == "auto":
            size = largest_micro_batch(
                plan.model,
                plan.feed,
                learning=sum(p.nbytes for p in plan.optimizer.parameters),
                precision=self.engine.precision,
                free=usable_memory(plan.model.device, training.memory),
                examples_per_step=training.examples_per_step,
            )
        size = min(size, training.examples_per_step)
        is_on = training.activation_checkpointing == "on"
        return TrainingState(micro_batch=self.ranks.from_first(size), is_checkpointing=is_on)

    def _write_environment(self, plan: TrainingPlan, state: TrainingState) -> None:
        if not self.ranks.is_first:
            return
        model = plan.model
        environment = {
            "schema": 1,
            **identity(self.engine),
            "seed": self.run.recipe.training.seed,
            "layout": model.layout,
            "layout_reason": model.layout_reason,
            "head": "plain" if model.tiled_head is None else "tiled",
            "head_reason": model.head_reason,
            "products": _products_of(plan.shortcuts),
            "shortcuts": {name: asdict(use) for name, use in plan.shortcuts.items()},
            "micro_batch": state.micro_batch,
            "activation_checkpointing": state.is_checkpointing,
            "ranks": self.ranks.size,
            "parameters": sum(map(num_weights, model.network.parameters())),
            "trained_parameters": sum(
                p.numel() for p in model.network.parameters() if p.requires_grad
            ),
            "embedding_rows_read": plan.optimizer.num_rows_read,
            "base": self.base,
            "data": self.run.folder.read_manifest()["prepare"]["key"],
            "template_hash": hash_json(self.renderer.template.contract),
            "tokenizer": self.renderer.tokenizer.fingerprint,
            "forced": state.forced,
        }
        prepared = self.run.folder.read_manifest()["prepare"]["result"]
        used = plugin_record(self.run.recipe, prepared, self.renderer.template.contract)
        if used:
            environment["plugins"] = used
        write_json(self.run.folder.environment, environment)

    def _save(self, model: LanguageModel) -> None:
        contract = RenderingContract(
            tokenizer=self.renderer.tokenizer.hf,
            chat_template=self.renderer.template.chat_template,
            stop_ids=self.renderer.stop_ids,
            contract=contract_of(self.renderer, self.base),
        )
        save_model(model, self.run.folder.model, contract=contract)


def start_engine(recipe: TrainingRecipe) -> Engine:
    """Choose where and how to compute, and keep freed memory for it."""
    keep_freed_memory()
    bound_matmul_caches()
    return choose_engine(recipe)


def _products_of(shortcuts: Mapping[str, ShortcutUse]) -> str:
    """Who multiplies fp32 matrices: `onednn`, or torch's choice, `standard`."""
    use = shortcuts.get("matmul_library")
    return "onednn" if use is not None and use.is_used else "standard"


def training_stage(run: Run, base: dict[str, Any]) -> Stage:
    """The stage of a run: what the model depends on, where it lies."""
    return Stage(
        name="train",
        inputs={
            "data": run.folder.read_manifest().get("prepare", {}).get("key"),
            "base model": identity_of_base(base),
            "training": run.recipe.training.model_dump(),
        },
        outputs=[run.folder.model, run.folder.log],
    )


def base_record(place: ModelPlace, run: Run) -> dict[str, Any]:
    """Which model a run starts from, exactly enough to notice another one.

    A local folder is named as seen from the tuned model's, so that both can move together.
    """
    local = place.folder
    recipe = run.recipe
    is_random = recipe.model.weights == "random"
    return {
        "name": place.name
        if local is None or place.name == "starter"
        else os.path.relpath(local, run.folder.model),
        "revision": place.revision,
        "weights": recipe.model.weights,
        "seed": recipe.training.seed if is_random else None,
        "fingerprint": weights_fingerprint(local) if local else f"{place.path}@{place.revision}",
    }


def identity_of_base(base: dict[str, Any]) -> list[Any]:
    """What of a base model decides its answers; where it lies does not."""
    return [base["fingerprint"], base["weights"], base["seed"]]


def peak_memory_bytes(engine: Engine) -> int:
    """The most memory this process has held: of the GPU if it trains there, else resident."""
    if engine.device.startswith("cuda"):
        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIBIBYTE


def _deciding(recipe: TrainingRecipe) -> dict[str, Any]:
    """The settings that can change a bit of the result."""
    settings = recipe.model_dump()
    for name in ("checkpoint_every", "device", "memory", "precision"):
        settings.pop(name)
    return settings
