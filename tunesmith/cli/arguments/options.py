"""The arguments and options that several commands share, each with its help."""

from pathlib import Path
from typing import Annotated

import typer

from tunesmith.errors import RecipeError

LOOP = "The loop, whole or by stage"
LOOK = "Look"
USE = "Use the model"
IMPROVE = "Improve it"
START = "Start"

RecipeFile = Annotated[
    Path, typer.Argument(metavar="RECIPE", help="The recipe, a YAML file.", show_default=False)
]
RunFolderOption = Annotated[
    Path | None,
    typer.Option(
        "--run", metavar="FOLDER", help="The run's folder; runs/<recipe's name> if not given."
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Set a key of the recipe; may be given several times."
    ),
]
ForceReason = Annotated[
    str | None,
    typer.Option("--force", metavar="REASON", help="Do what was refused; the reason is recorded."),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
QuietFlag = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes.")]
VerboseFlag = Annotated[
    bool, typer.Option("--verbose", "-v", help="More notes, and the traceback of an error.")
]
MaxNewTokens = Annotated[
    int | None,
    typer.Option(
        "--max-new-tokens", metavar="COUNT", help="Tokens of an answer at most; 256 if not given."
    ),
]
Temperature = Annotated[
    float | None,
    typer.Option(
        "--temperature", metavar="NUMBER", help="0, if not given: always the likeliest token."
    ),
]
AskedRun = Annotated[
    Path | None,
    typer.Option(
        "--run", metavar="FOLDER", help="Whose base and tuned are meant; the newest if not given."
    ),
]
KeyVariable = Annotated[
    str | None,
    typer.Option(
        "--key-env", metavar="NAME", help="Environment variable with the key of URL#MODEL."
    ),
]
StopTexts = Annotated[
    list[str] | None,
    typer.Option(
        "--stop", metavar="TEXT", help="A string at which an answer ends; may be given again."
    ),
]
SamplingSeed = Annotated[
    int | None, typer.Option("--seed", metavar="NUMBER", help="Another seed, other samples.")
]
CheckJudgeFlag = Annotated[
    bool,
    typer.Option(
        "--check-judge", help="Only try the judge with answers whose worth is known; train nothing."
    ),
]
BeforeFlag = Annotated[
    bool,
    typer.Option(
        "--before",
        help="What is there to gain: ask base and rivals the validation rows; train nothing.",
    ),
]


def check_reason(force: str | None) -> str | None:
    """A reason to force something, which must say something.

    Raises:
        RecipeError: The reason is blank.
    """
    if force is not None and not force.strip():
        cure = "For example: --force 'the data was renamed, not changed'"
        raise RecipeError("the reason is empty", where="--force", cure=cure)
    return force
