"""A run's recipe and data -> the baselines that answer its test set.

By default `nearest` always does: a look-up costs nothing, and where it does as well the headline
has to say so. `few-shot` is asked where the examples fit into a prompt and its answers take a
small part of the time that training takes, so that a default run stays about as long.
"""

from typing import Any

from tunesmith.files import read_json
from tunesmith.models.load import context_tokens
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.preparing.split_rows import read_split
from tunesmith.stages.responders.renderer import recipe_model

NEAREST, FEW_SHOT = "nearest", "few-shot"
_TRAINED_A_NEW_TOKEN = 7  # trained tokens in whose time few-shot may write one


def chosen_baselines(run: Run) -> tuple[str, ...]:
    """The baselines that the recipe names, or those worth their time.

    Args:
        run: Its data is prepared.
    """
    named = run.recipe.evaluation.baselines
    if named != "auto":
        return tuple(named)
    if not (_asks(run.folder, "train") and _asks(run.folder, "test")):
        return ()
    fits = is_held_by_a_prompt(run) and _is_cheap(run)
    return (NEAREST, FEW_SHOT) if fits else (NEAREST,)


def _asks(folder: RunFolder, split: Any) -> bool:
    """Whether there is a row that asks something; plain texts do not."""
    return any(not example.is_text for example in read_split(folder, split))


def is_held_by_a_prompt(run: Run) -> bool:
    """Whether the base model can read as many examples as few-shot shows, and still answer."""
    recipe, lengths = run.recipe, read_json(run.folder.token_lengths)
    context = context_tokens(recipe_model(recipe, run.recipe_folder))
    shown = recipe.evaluation.shots * lengths["splits"]["train"]["median"]
    asked = lengths["longest_prompt"] + recipe.generation.max_new_tokens
    return context is None or shown + asked <= context


def _is_cheap(run: Run) -> bool:
    """By tokens, not by the clock: the same run has the same baselines everywhere."""
    recipe, splits = run.recipe.training, read_json(run.folder.summary)["splits"]
    trained = splits["train"]["tokens"]
    if isinstance(recipe.epochs, int | float) and recipe.steps is None:
        trained *= recipe.epochs
    written = splits["test"]["rows"] * run.recipe.generation.max_new_tokens
    return bool(written * _TRAINED_A_NEW_TOKEN <= trained)
