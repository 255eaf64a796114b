"""What `preview` is to look at -> recipes that were named, or that the options stand for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunesmith.cli.arguments.inputs import is_recipe, place_of, refuse_unused
from tunesmith.errors import RecipeError

if TYPE_CHECKING:
    from tunesmith.recipe.recipe import Recipe


def open_targets(
    targets: Sequence[str],
    *,
    written: Mapping[str, Any],
    source: Mapping[str, Any],
    settings: Sequence[str],
) -> "list[tuple[Recipe, Path]]":
    """One or two recipes, each with its folder.

    Args:
        targets: Recipes, files, folders or Hub data sets.
        written: For material: the other keys of a recipe that were given.
        source: For material: the keys of its source.
        settings: `--set`, for recipes.

    Raises:
        RecipeError: There are more, a recipe is wrong, or an option has no effect beside one.
    """
    if len(targets) > 2:
        cure = "Name one, or two to see side by side."
        raise RecipeError(f"{len(targets)} targets were named", where="TARGET", cure=cure)
    return [
        _of_recipe(target, settings) if is_recipe(target) else _of_material(target, written, source)
        for target in targets
    ]


def refuse_beside_recipe(targets: Sequence[str], options: Mapping[str, object]) -> None:
    """Refuse options that describe material where a recipe does so itself.

    Raises:
        RecipeError: One was given.
    """
    if any(is_recipe(target) for target in targets):
        refuse_unused(options, "beside a recipe")


def _of_recipe(target: str, settings: Sequence[str]) -> "tuple[Recipe, Path]":
    from tunesmith.recipe.load_recipe import load_recipe

    return load_recipe(Path(target), overrides=settings), Path(target).parent


def _of_material(
    target: str, written: Mapping[str, Any], source: Mapping[str, Any]
) -> "tuple[Recipe, Path]":
    """Rows of the Hub are not stored for a look."""
    from tunesmith.recipe.load_recipe import recipe_from_mapping

    place: dict[str, Any] = place_of(target)
    if "hub" in place:
        place["stream"] = True
    return recipe_from_mapping({**written, "sources": [{**place, **source}]}, name=target), Path()
