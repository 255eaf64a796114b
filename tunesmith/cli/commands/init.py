"""`tunesmith init`: a recipe to start from, every key explained."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from tunesmith.cli.arguments.options import ForceReason, JsonFlag, VerboseFlag, check_reason
from tunesmith.cli.terminal.output import show_result
from tunesmith.errors import RecipeError, RefusedError

EXAMPLES = """tunesmith init

tunesmith init support.yaml --data tickets.csv"""

NewRecipe = Annotated[
    Path, typer.Argument(metavar="FILE", help="The recipe to write; - prints it.")
]
DataFile = Annotated[str, typer.Option("--data", metavar="FILE", help="Your data.")]


def init(
    file: NewRecipe = Path("recipe.yaml"),
    data: DataFile = "data.jsonl",
    *,
    force: ForceReason = None,
    json: JsonFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Write a recipe in which every key stands with its default and its meaning."""
    from tunesmith.files import write_text
    from tunesmith.recipe.commented import SCHEMA_PATH, commented_recipe

    reason = check_reason(force)
    if str(file) == "-":
        sys.stdout.write(commented_recipe(data))
        return
    if file.is_dir():
        raise RecipeError("is a folder", where=str(file), cure="Name a file to write.")
    if (file.exists() or file.is_symlink()) and reason is None:
        cure = "Name another file, or give --force REASON to replace it."
        raise RefusedError("there is such a file already", where=str(file), cure=cure)
    text = commented_recipe(data, schema=SCHEMA_PATH.as_uri(), name=str(file))
    write_text(file, text)
    show_result({"recipe": str(file), "next": f"tunesmith run {file}"}, is_json=json)
