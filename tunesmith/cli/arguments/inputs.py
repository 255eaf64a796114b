"""What a command was given -> the recipe, the run's folder, the settings of generation."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tunesmith.errors import MissingError, RecipeError

if TYPE_CHECKING:
    from tunesmith.recipe.recipe import GenerationRecipe
    from tunesmith.stages.execution.run_folder import RunFolder

RECIPE_ENDINGS = (".yaml", ".yml")
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w-]*/[A-Za-z0-9][\w.-]*")
_FILE_ENDINGS = frozenset(
    {
        *(".csv", ".eml", ".gz", ".htm", ".html", ".json", ".jsonl", ".log", ".mbox", ".md"),
        *(".parquet", ".rst", ".tsv", ".txt", ".xml", ".zip", ".zst"),
    }
)


def is_recipe(target: str) -> bool:
    """Whether a command was given a recipe rather than a run, a model or a data file."""
    return target.endswith(RECIPE_ENDINGS)


def place_of(target: str) -> dict[str, str]:
    """The key of a source that a command was given: its `path`, or `hub` for `owner/name`.

    What is there is a path; so is what ends like a file, or lies in a folder that is there.
    """
    path = Path(target)
    is_there = path.exists() or path.is_symlink() or path.parent.is_dir()
    is_hub = _HUB_NAME.fullmatch(target) and path.suffix.lower() not in _FILE_ENDINGS
    return {"hub": target} if is_hub and not is_there else {"path": target}


def existing_folder(target: str, run: Path | None) -> "RunFolder":
    """The folder of the run that a recipe or a folder names.

    Raises:
        MissingError: There is no such run.
    """
    from tunesmith.stages.execution.opened_run import run_path
    from tunesmith.stages.execution.run_folder import RunFolder

    path = run_path(Path(target), run) if is_recipe(target) else run or Path(target)
    if not path.is_dir():
        cure = "`tunesmith run RECIPE` makes one; --run FOLDER names one elsewhere."
        raise MissingError("no such run", where=str(path), cure=cure)
    return RunFolder(path)


def refuse_unused(options: Mapping[str, object], reason: str) -> None:
    """Refuse options that would have no effect here.

    Raises:
        RecipeError: One of them was given.
    """
    given = [name for name, value in options.items() if value]
    if given:
        raise RecipeError(f"has no effect {reason}", where=", ".join(given), cure="Leave it out.")


def sampling_overrides(
    max_new_tokens: int | None,
    temperature: float | None,
    *,
    seed: int | None = None,
    stop: Sequence[str] | None = None,
) -> list[str]:
    """Options of the command line as overrides of a recipe."""
    stops = json.dumps(list(stop), ensure_ascii=False) if stop else None
    given = {
        "max_new_tokens": max_new_tokens,
        "temperature": temperature,
        "seed": seed,
        "stop": stops,
    }
    return [f"generation.{name}={value}" for name, value in given.items() if value is not None]


def model_and_generation(
    target: str, run: Path | None, settings: Sequence[str]
) -> "tuple[str, GenerationRecipe]":
    """The model that a recipe, a run or a model's name means, and how it is to answer.

    Raises:
        RecipeError: A setting is wrong, or belongs to a recipe that was not given.
    """
    if is_recipe(target):
        from tunesmith.stages.execution.opened_run import open_recipe

        opened = open_recipe(Path(target), folder=run, overrides=settings)
        return str(opened.folder.path), opened.recipe.generation
    others = [one for one in settings if not one.startswith("generation.")]
    refuse_unused({"--set": others, "--run": run}, "without a recipe")
    return target, generation_settings(settings)


def generation_settings(overrides: Sequence[str]) -> "GenerationRecipe":
    """How to answer where there is no recipe: `generation.max_new_tokens=64`, ...

    Raises:
        RecipeError: A value is not allowed, or has no effect beside the others.
    """
    from tunesmith.recipe.load_recipe import recipe_from_mapping

    return recipe_from_mapping(
        {"sources": [{"path": "-"}]}, overrides=overrides, name="command line"
    ).generation
