"""A model, its rows and a recipe -> the plan of a training, and where it begins."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import torch

from tunesmith.models.forward import LanguageModel
from tunesmith.models.shortcuts.setting import TrainingSetting
from tunesmith.models.shorten import SHORTCUTS, Shortcut, ShortcutUse, shorten
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.tokens.store import TokenStore
from tunesmith.training.distributed import Ranks
from tunesmith.training.engine import Engine, identity
from tunesmith.training.feed import Feed
from tunesmith.training.optimizer import make_optimizer
from tunesmith.training.plan import TrainingPlan, TrainingState
from tunesmith.training.resources.memory_budget import largest_micro_batch, usable_memory
from tunesmith.training.schedule import count_steps, rows_of_step


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingTerms:
    """Under what a training is planned.

    Attributes:
        recipe: How to train.
        engine: Where and how the arithmetic runs.
        ranks: This process among the others.
        folder: Where checkpoints go.
        identity: What a checkpoint must agree with beside recipe, engine and rows.
        shortcuts: Those that may be used.
    """

    recipe: TrainingRecipe
    engine: Engine
    ranks: Ranks
    folder: Path
    identity: Mapping[str, Any]
    shortcuts: Mapping[str, Shortcut] = field(default_factory=lambda: SHORTCUTS)


def make_plan(
    model: LanguageModel, store: TokenStore, held_out: TokenStore, *, terms: TrainingTerms
) -> TrainingPlan:
    """Plan a training; the model takes its shortcuts.

    Args:
        model: As training needs it.
        store: The rows to train on, at least one.
        held_out: The rows to validate on; there may be none.
        terms: Recipe, engine, and the rest.
    """
    recipe = terms.recipe
    num_steps = count_steps(len(store), recipe)
    shortcuts = shorten_model(model, store, terms)
    feed = Feed(
        store=store,
        rows_of_step=lambda step: rows_of_step(
            step, num_rows=len(store), num_steps=num_steps, recipe=recipe
        ),
        micro_batch=1,
        shared_row_limit=model.shared_row_limit,
        device=model.device,
        ranks=terms.ranks,
        smallest_saving=None if recipe.dropout else model.smallest_saving,
    )
    return TrainingPlan(
        model=model,
        optimizer=make_optimizer(model.network, recipe),
        feed=feed,
        validation=replace(feed, store=held_out) if len(held_out) else None,
        recipe=recipe,
        engine=terms.engine,
        num_steps=num_steps,
        folder=terms.folder,
        shortcuts=shortcuts,
        identity={**_identity(store, model, terms), "products": products_of(shortcuts)},
    )


def shorten_model(
    model: LanguageModel, store: TokenStore, terms: TrainingTerms
) -> dict[str, ShortcutUse]:
    """Compute the same with less, where that may be; how, stands in environment.json."""
    setting = TrainingSetting(
        network=model.inner,
        device=terms.engine.device,
        precision=terms.engine.precision,
        is_full=terms.recipe.lora is None,
        read_ids=cache(lambda: torch.from_numpy(store.distinct_ids())),
    )
    return shorten(setting, shortcuts=terms.shortcuts)


def first_state(plan: TrainingPlan) -> TrainingState:
    """Where a training begins: nothing done, and as many examples at once as fit."""
    recipe = plan.recipe
    size = recipe.micro_batch
    if size == "auto":
        size = largest_micro_batch(
            plan.model,
            plan.feed,
            learning=sum(p.nbytes for p in plan.optimizer.parameters),
            precision=plan.engine.precision,
            free=usable_memory(plan.model.device, recipe.memory),
            examples_per_step=recipe.step_size,
        )
    size = min(size, recipe.step_size)
    is_on = recipe.activation_checkpointing == "on"
    return TrainingState(micro_batch=plan.ranks.from_first(size), is_checkpointing=is_on)


def products_of(shortcuts: Mapping[str, ShortcutUse]) -> str:
    """Who multiplies fp32 matrices: `onednn`, or torch's choice, `standard`."""
    use = shortcuts.get("matmul_library")
    return "onednn" if use is not None and use.is_used else "standard"


def _identity(store: TokenStore, model: LanguageModel, terms: TrainingTerms) -> dict[str, Any]:
    return {
        **identity(terms.engine),
        **{f"training.{key}": value for key, value in _deciding(terms.recipe).items()},
        "data": store.key,
        **terms.identity,
        "layout": model.layout,
        "head": "plain" if model.tiled_head is None else "tiled",
        "ranks": terms.ranks.size,
    }


def _deciding(recipe: TrainingRecipe) -> dict[str, Any]:
    """The settings that can change a bit of the result."""
    settings = recipe.model_dump()
    for name in ("checkpoint_every", "device", "memory", "precision", "samples"):
        settings.pop(name)
    return settings
