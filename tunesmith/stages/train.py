"""Token stores and a base model -> the tuned model, its log and its checkpoints.

Under torchrun every rank runs this; rank 0 prepares, writes and talks.
"""

import os
import resource
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch

from tunesmith.errors import DataError
from tunesmith.files import hash_json, write_json
from tunesmith.models.forward import LanguageModel
from tunesmith.models.four_bits import num_weights
from tunesmith.models.load import ModelPlace, weights_fingerprint
from tunesmith.models.save import RenderingContract, save_model
from tunesmith.models.shortcuts.matmul_library import use_matmul_library
from tunesmith.models.shorten import SHORTCUTS, Shortcut
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.stages.before_training import check_disk, check_memory
from tunesmith.stages.execution.opened_run import Run, checked_run
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
from tunesmith.stages.prepare import prepare_stage, write_recipe
from tunesmith.stages.preparing.prepared_files import open_store
from tunesmith.stages.preparing.settled_template import asked_renderer, settled_renderer
from tunesmith.stages.responders.kept_stops import stops_of
from tunesmith.stages.responders.renderer import Renderer, contract_of
from tunesmith.stages.responders.sample_answers import sample_answers
from tunesmith.stages.results.trained import Trained
from tunesmith.stages.settling.search import SettingsSearch
from tunesmith.stages.settling.settled_training import settled_run, with_training
from tunesmith.training import checkpoint as checkpoints
from tunesmith.training.distributed import Ranks, joined_ranks
from tunesmith.training.engine import (
    Engine,
    choose_engine,
    identity,
    kept_randomness,
)
from tunesmith.training.loop import run_training
from tunesmith.training.make_plan import TrainingTerms, first_state, make_plan, products_of
from tunesmith.training.plan import BEST, LogLine, TrainingListener, TrainingPlan, TrainingState
from tunesmith.training.reference_cache import ReferenceCache, with_references
from tunesmith.training.resources.allocator import bound_matmul_caches, keep_freed_memory
from tunesmith.training.resources.out_of_memory import use_activation_checkpointing
from tunesmith.training.resume import load_best, resume
from tunesmith.training.signals import stop_requests
from tunesmith.training.trainable_model import load_trainable

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
    checked_run(run, stage="train")
    engine = start_engine(run.recipe.training)
    with joined_ranks(torch.device(engine.device)) as ranks, ExitStack() as stack:
        stack.enter_context(kept_randomness())
        stack.enter_context(use_matmul_library("standard"))  # again, afterwards
        if ranks.is_first:
            stack.enter_context(run.locked())
        else:
            run = run.with_progress(SilentProgress())
        asked = asked_renderer(run) if ranks.is_first else None
        if asked is not None:
            prepare_stage(run, asked)
        ranks.barrier()
        renderer = settled_renderer(run, asked)
        training = Training(
            run=run,
            renderer=renderer,
            engine=engine,
            ranks=ranks,
            force=force,
            base=base_record(renderer.place, run),
        )
        training = training.with_recipe(training.search.settled())
        if asked is not None:
            write_recipe(run, asked)
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

    def with_recipe(self, recipe: TrainingRecipe) -> "Training":
        """The same by another recipe: that which has all its numbers."""
        return replace(self, run=with_training(self.run, recipe))

    @property
    def search(self) -> SettingsSearch:
        """The search for the numbers that the recipe leaves to `auto`."""
        return SettingsSearch(
            run=self.run,
            base=identity_of_base(self.base),
            place=self.renderer.place,
            engine=self.engine,
            ranks=self.ranks,
            plan_of=self._planned_by,
        )

    def _planned_by(self, recipe: TrainingRecipe) -> TrainingPlan:
        """The training by a recipe, with a model of its own."""
        training = self.with_recipe(recipe)
        plan = training.plan(training.load())
        check_memory(plan)
        return plan

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
        check_memory(plan)
        if self.ranks.is_first:
            checkpoints.sweep(plan.folder)
            check_disk(self.run, plan)
        with TrainingLog(
            self.run.folder.log, self.run.progress, is_active=self.ranks.is_first
        ) as log:
            samples = sample_answers(self.run, self.renderer, model)

            def keep(line: LogLine) -> None:
                log.log(line)
                if self.ranks.size == 1:
                    samples.after(line)

            listener = TrainingListener(log=keep, note=self.run.progress.note)
            state = resume(plan, listener=listener, force=self.force)
            resumed_from = state.step if state is not None else None
            state = state or first_state(plan)
            if state.is_checkpointing:
                use_activation_checkpointing(model)
            self._write_environment(plan, state)
            log.begin(state.step, plan.num_steps)
            samples.begin(state.step)
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
            "reward_accuracy" if plan.feed.pairs else "accuracy": log.last_accuracy,
            "best_step": state.best_step,
            "seconds": round(state.seconds, 3),
            "examples_per_second": round(examples / state.seconds, 2) if state.seconds else None,
            "peak_memory_bytes": peak_memory_bytes(self.engine),
        }

    def load(self) -> LanguageModel:
        """The base model as training needs it."""
        model = load_trainable(self.renderer.place, self.run.recipe, engine=self.engine)
        if model.layout == "padded":
            self.run.progress.note(f"padded batches, since {model.layout_reason}")
        return model

    def plan(self, model: LanguageModel) -> TrainingPlan:
        """What the training is made of."""
        store = open_store(self.run.folder, "train")
        if not len(store):
            raise DataError("there is no training example", where=str(self.run.folder.path))
        plan = make_plan(model, store, open_store(self.run.folder, "validation"), terms=self.terms)
        if self.run.recipe.training.objective == "dpo":
            return with_references(plan, self._references)
        return plan

    @property
    def _references(self) -> ReferenceCache:
        """What the untuned model thinks of the answers: once for all steps, epochs and resumes."""
        terms = self.terms
        quantize = self.run.recipe.training.lora and self.run.recipe.training.lora.quantize
        decides = [identity_of_base(self.base), terms.identity, identity(self.engine), quantize]
        return ReferenceCache(folder=self.run.folder.tokens, depends_on=decides)

    @property
    def terms(self) -> TrainingTerms:
        """Under what it is planned."""
        return TrainingTerms(
            recipe=self.run.recipe.training,
            engine=self.engine,
            ranks=self.ranks,
            folder=self.run.folder.checkpoints,
            identity={
                "template": hash_json(self.renderer.template.contract),
                "tokenizer": self.renderer.tokenizer.fingerprint,
                "base model": self.base["fingerprint"],
            },
            shortcuts=self.shortcuts,
        )

    def _write_environment(self, plan: TrainingPlan, state: TrainingState) -> None:
        if not self.ranks.is_first:
            return
        model = plan.model
        environment = {
            "schema": 1,
            **identity(self.engine),
            "seed": self.run.recipe.training.seed,
            "steps": plan.num_steps,
            "layout": model.layout,
            "layout_reason": model.layout_reason,
            "head": "plain" if model.tiled_head is None else "tiled",
            "head_reason": model.head_reason,
            "products": products_of(plan.shortcuts),
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
        stops = stops_of(self.run.recipe.generation, self.renderer.place)
        contract = RenderingContract(
            tokenizer=self.renderer.tokenizer.hf,
            chat_template=self.renderer.template.chat_template,
            stop_ids=self.renderer.stop_ids,
            contract=contract_of(self.renderer, self.base, stop=stops.texts),
        )
        save_model(model, self.run.folder.model, contract=contract)


def start_engine(recipe: TrainingRecipe) -> Engine:
    """Choose where and how to compute, and keep freed memory for it."""
    keep_freed_memory()
    bound_matmul_caches()
    return choose_engine(recipe)


def training_stage(run: Run, base: dict[str, Any]) -> Stage:
    """The stage of a run: what the model depends on, where it lies."""
    run = settled_run(run)
    return Stage(
        name="train",
        inputs={
            "data": run.folder.read_manifest().get("prepare", {}).get("key"),
            "base model": identity_of_base(base),
            "training": run.recipe.training.model_dump(exclude={"samples"}),
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
