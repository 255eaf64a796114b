"""Options that describe sources without a recipe -> the keys of a recipe they stand for."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from tunesmith.cli.arguments.inputs import refuse_unused
from tunesmith.errors import RecipeError

Sources = Annotated[
    list[str], typer.Argument(metavar="SOURCE...", help="Files and folders.", show_default=False)
]
Kind = Annotated[
    str | None,
    typer.Option("--kind", metavar="KIND", help="Of the sources; found out if not given."),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        "--encoding", metavar="NAME", help="Of texts, e.g. cp1252; found out if not given."
    ),
]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--field", metavar="OURS=THEIRS", help="A column of a table, e.g. response=answer."
    ),
]
Ignored = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="COLUMN", help="A column of a table that is not to be read."),
]
Staff = Annotated[
    list[str] | None,
    typer.Option("--staff", metavar="NAME", help="Who answers in chats; found out if not given."),
]
Redact = Annotated[
    str | None,
    typer.Option(
        "--redact", metavar="KINDS", help="What to hide, e.g. email,phone; all if not given; none."
    ),
]

TemplateOption = Annotated[
    str | None, typer.Option("--template", metavar="NAME", help="Without a recipe: its template.")
]
TokenizerOption = Annotated[
    str | None,
    typer.Option("--tokenizer", metavar="MODEL", help="Without a recipe: whose tokenizer."),
]


def source_keys(
    kind: str | None,
    fields: Sequence[str] | None,
    ignored: Sequence[str] | None,
    staff: Sequence[str] | None,
    encoding: str | None,
) -> dict[str, Any]:
    """The keys of a recipe's source that were given.

    Raises:
        RecipeError: A field is not OURS=THEIRS.
    """
    pairs = [field.partition("=") for field in fields or ()]
    if any(not ours or not theirs for ours, _, theirs in pairs):
        cure = "For example: --field response=answer"
        raise RecipeError("write OURS=THEIRS", where="--field", cure=cure)
    keys = {
        "kind": kind,
        "encoding": encoding,
        "fields": {ours: theirs for ours, _, theirs in pairs},
        "ignore": list(ignored or ()),
        "staff": list(staff or ()),
    }
    return {key: value for key, value in keys.items() if value}


def examples_keys(redact: str | None, settings: Sequence[str]) -> dict[str, Any]:
    """The keys of a recipe's `examples`, with `--set examples.language=en` and the like.

    Raises:
        RecipeError: A setting is wrong, or belongs to another part of a recipe.
    """
    from tunesmith.recipe.load_recipe import recipe_from_mapping

    others = [one for one in settings if not one.startswith("examples.")]
    refuse_unused({"--set": others}, "here; only keys of examples have")
    nothing = {"sources": [{"path": "-"}]}
    chosen = recipe_from_mapping(nothing, overrides=settings, name="command line").examples
    keys = chosen.model_dump()
    if redact is not None:
        kinds = [kind.strip() for kind in redact.split(",") if kind.strip()]
        keys["redact"] = [] if kinds == ["none"] else kinds
    return keys
