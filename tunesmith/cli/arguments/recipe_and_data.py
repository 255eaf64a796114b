"""What `init` was given -> the recipe to write, and the places of the data."""

from collections.abc import Sequence
from pathlib import Path

from tunesmith.cli.arguments.inputs import is_recipe, place_of
from tunesmith.cli.arguments.options import check_reason
from tunesmith.errors import RecipeError, RefusedError

_DEFAULT = "recipe.yaml"


def recipe_and_data(files: Sequence[str], data: Sequence[str]) -> tuple[Path, list[dict[str, str]]]:
    """The recipe is what ends in .yaml, or -; all else is data.

    Raises:
        RecipeError: Two recipes were named.
    """
    recipes = [one for one in files if is_recipe(one) or one == "-"]
    if len(recipes) > 1:
        cure = "Name one recipe to write, and data with --data."
        raise RecipeError(f"{' and '.join(recipes)} are two recipes", where="FILE", cure=cure)
    others = [one for one in files if one not in recipes]
    return Path(recipes[0] if recipes else _DEFAULT).expanduser(), [
        place_of(one) for one in (*data, *others)
    ]


def check_new(file: Path, force: str | None) -> None:
    """Make sure that no file of anybody's is replaced without a reason.

    Raises:
        RecipeError: It is a folder.
        RefusedError: It is there.
    """
    reason = check_reason(force)
    if str(file) == "-":
        return
    if file.is_dir():
        raise RecipeError("is a folder", where=str(file), cure="Name a file to write.")
    if (file.exists() or file.is_symlink()) and reason is None:
        cure = "Name another file, or give --force REASON to replace it."
        raise RefusedError("there is such a file already", where=str(file), cure=cure)
