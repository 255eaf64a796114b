"""A run and its base model -> the recipe of its training, with every number that `auto` came to.

What `auto` stands for is found once, when the run is first trained, and kept with the run.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.stage import Stage, finished_result

SEARCH = "search"
SETTLED = ("learning_rate", "epochs", "examples_per_step", "early_stopping")
_VERSION = 1  # of how numbers are found
# What neither costs nor losses of trials depend on, but for the last bits of a sum.
_NO_MATTER = (
    "activation_checkpointing",
    "checkpoint_every",
    "device",
    "keep",
    "max_tokens",
    "memory",
    "micro_batch",
    "when_too_long",
)


def search_stage(run: Run, base: list[Any]) -> Stage:
    """The stage that finds the numbers: what they depend on, and where they are written.

    Args:
        run: It is prepared.
        base: Which model it starts from.
    """
    recipe = run.recipe.training.model_dump(exclude=set(_NO_MATTER))
    inputs = {
        "data": run.folder.read_manifest().get("prepare", {}).get("key"),
        "base model": base,
        "training": recipe,
        "version": _VERSION,
    }
    return Stage(name=SEARCH, inputs=inputs, outputs=[run.folder.settings])


def settled_run(run: Run) -> Run:
    """The run with what was found for its training; what was not is still `auto`."""
    if not run.recipe.training.open_settings:
        return run
    entry = run.folder.read_manifest().get(SEARCH)
    if entry is None:
        return run
    stage = search_stage(run, entry["inputs"]["base model"])  # train looks at it, and at its key
    found = finished_result(run.folder, stage)
    return run if found is None else with_training(run, with_numbers(run.recipe.training, found))


def with_numbers(recipe: TrainingRecipe, found: Mapping[str, Any]) -> TrainingRecipe:
    """The recipe with what a search left; `found` is the stage's result."""
    numbers = {name: found[name] for name in SETTLED if name in found}
    return recipe.model_copy(update=numbers)


def with_training(run: Run, training: TrainingRecipe) -> Run:
    """The run by a recipe with another training."""
    return replace(run, recipe=run.recipe.model_copy(update={"training": training}))
