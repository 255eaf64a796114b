"""A recipe and a stage's name -> the stage's result, shown: what six commands do."""

import importlib
from dataclasses import dataclass
from pathlib import Path

from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import show_result
from tunesmith.cli.terminal.progress_bars import talking


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenRecipe:
    """What a command was given: a recipe's file, the run's folder, overrides; how to talk."""

    recipe: Path
    run: Path | None
    settings: list[str] | None
    json: bool
    quiet: bool
    verbose: bool


def carry_out(stage: str, given: GivenRecipe, **options: object) -> None:
    """Open the run of a recipe, call a stage, and show what it returns.

    Args:
        stage: A module of `stages`, and the function in it: `evaluate:check_judge`.
        given: What the command was given.
        options: For the function, beside the run.
    """
    from tunesmith.stages.execution.opened_run import open_recipe

    opened = open_recipe(given.recipe, folder=given.run, overrides=given.settings or ())
    module, _, function = stage.partition(":")
    with talking(given.quiet, given.verbose) as progress:
        with fast_imports():
            found = importlib.import_module(f"tunesmith.stages.{module}")
        result = getattr(found, function or module)(opened.with_progress(progress), **options)
    show_result(result, is_json=given.json)
