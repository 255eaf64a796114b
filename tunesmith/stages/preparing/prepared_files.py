"""A prepared run's folder -> its rows of tokens, a store a split."""

from pathlib import Path

from tunesmith.errors import RefusedError
from tunesmith.examples.splitting.split import Split
from tunesmith.recipe.recipe import Recipe
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.tokens.store import TokenStore, store_name


def open_store(folder: RunFolder, split: Split) -> TokenStore:
    """The rows of a split, as the last preparation encoded them.

    Raises:
        MissingError: The file is gone, or was made of something else.
    """
    return TokenStore(store_path(folder, split), key=folder.read_manifest()["prepare"]["key"])


def refuse_preferences(recipe: Recipe, *, command: str) -> None:
    """Stop a command that knows one answer a row alone.

    Raises:
        RefusedError: The recipe has two.
    """
    if recipe.training.objective == "dpo":
        raise RefusedError(
            f"{command} takes no preferences: a row has a chosen and a rejected answer",
            where="training.objective",
            cure="Use a run of training.objective: supervised.",
        )


def store_path(folder: RunFolder, split: Split) -> Path:
    """The token store of a split, as the last preparation wrote it."""
    key = folder.read_manifest()["prepare"]["key"]
    return folder.tokens / store_name(split, key)
