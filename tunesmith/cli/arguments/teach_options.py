"""What `tunesmith teach` was given -> the source of a recipe with a teacher."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tunesmith.cli.arguments.inputs import refuse_unused
from tunesmith.errors import RecipeError

if TYPE_CHECKING:
    from tunesmith.recipe.source_recipe import SourceRecipe

Task = Annotated[
    str,
    typer.Argument(metavar="TASK", help="self-instruct, documents or improve.", show_default=False),
]
MaterialOption = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SOURCE]...",
        help="For documents: pages and folders of pages; for improve: a file of pairs.",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FILE", help="The file of pairs to write.")
]
Url = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="The server, e.g. http://localhost:11434/v1."),
]
Model = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="The model's name at the server.")
]
KeyEnv = Annotated[
    str | None,
    typer.Option("--key-env", metavar="NAME", help="The environment variable with its key."),
]
LocalPath = Annotated[
    str | None,
    typer.Option("--path", metavar="FOLDER", help="Instead of a server, a model's folder here."),
]
Count = Annotated[
    int | None,
    typer.Option("--count", metavar="NUMBER", help="Pairs; 100 after seeds, else all there are."),
]
LanguageOption = Annotated[
    str | None, typer.Option("--language", metavar="NAME", help="en, if not given, or zh.")
]
Seeds = Annotated[
    str | None,
    typer.Option("--seeds", metavar="FILE", help="Seed tasks; Tunesmith's own if not given."),
]
Styles = Annotated[
    str | None,
    typer.Option("--styles", metavar="NAMES", help="Of question,instruction,how-to; all."),
]
Avoid = Annotated[
    list[str] | None,
    typer.Option("--avoid", metavar="FILE", help="A test set: nothing like it is kept."),
]
MaxCalls = Annotated[
    int | None, typer.Option("--max-calls", metavar="NUMBER", help="Calls to make at most.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only say how many calls and tokens it would take.")
]
Check = Annotated[bool, typer.Option("--check", help="Only say whether the model can answer.")]
TeacherSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Any key of a recipe's teacher: teacher.temperature=1."
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TeachOptions:
    """The options that say who writes what."""

    task: str
    sources: Sequence[str]
    endpoint: dict[str, Any]
    keys: dict[str, Any]
    styles: str | None
    settings: Sequence[str]


def teacher_source(given: TeachOptions) -> "SourceRecipe":
    """The source of a recipe that says the same.

    Raises:
        RecipeError: A value is not allowed, or has no effect for this task.
    """
    from tunesmith.recipe.load_recipe import recipe_from_mapping

    keys = {"task": given.task, **given.keys}
    if given.styles is not None:
        keys["styles"] = [name.strip() for name in given.styles.split(",") if name.strip()]
    if given.task == "documents":
        keys["documents"] = list(given.sources)
    elif given.task == "improve":
        if len(given.sources) > 1:
            cure = "Name one file; `tunesmith import` makes one of several."
            raise RecipeError("improve reads one file of pairs", where="SOURCE", cure=cure)
        keys["pairs"] = next(iter(given.sources), None)
    else:
        refuse_unused({"SOURCE": given.sources}, f"for {given.task}; seed tasks go to --seeds")
    written = {key: value for key, value in keys.items() if value is not None}
    written["endpoint"] = {key: value for key, value in given.endpoint.items() if value is not None}
    overrides = [_override(one) for one in given.settings]
    source = {"teacher": written}
    recipe = recipe_from_mapping({"sources": [source]}, overrides=overrides, name="command line")
    return recipe.sources[0]


def _override(setting: str) -> str:
    if setting.startswith("teacher."):
        return f"sources.0.{setting}"
    if setting.startswith("subject="):
        return f"sources.0.{setting}"
    cure = "For example: --set teacher.temperature=1, --set subject=Ledgerly"
    raise RecipeError(f"no key of a teacher: {setting}", where="--set", cure=cure)
