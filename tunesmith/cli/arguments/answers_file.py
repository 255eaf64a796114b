"""What `tunesmith evaluate --answers FILE` was given -> the scores of that file, shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import show_result
from tunesmith.cli.terminal.progress_bars import talking
from tunesmith.errors import RecipeError

RecipeOrNone = Annotated[
    Path | None, typer.Argument(metavar="RECIPE", help="The recipe; none with --answers.")
]
AnswersFile = Annotated[
    Path | None,
    typer.Option(
        "--answers", metavar="FILE", help="Score the answers in this file; train nothing."
    ),
]
AnswerFields = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        metavar="OURS=THEIRS",
        help="A column of that file, e.g. answer=gpt4; instruction, reference, score, ...",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswers:
    """A file, its columns where they were named, a judge, and the keys of a recipe."""

    file: Path
    run: Path | None
    fields: Sequence[str]
    judge: Mapping[str, str | None]
    settings: Sequence[str]


def score_answers(given: GivenAnswers, *, json: bool, quiet: bool, verbose: bool) -> None:
    """Score the answers and print what they are worth.

    Raises:
        RecipeError: A field is not OURS=THEIRS, or a setting has no effect here.
    """
    pairs = [one.partition("=") for one in given.fields]
    if any(not ours or not theirs for ours, _, theirs in pairs):
        raise RecipeError(
            "write OURS=THEIRS", where="--field", cure="For example: --field answer=gpt4"
        )
    others = [one for one in given.settings if not one.startswith("evaluation.")]
    if others:
        cure = "Only keys of evaluation do: --set 'evaluation.metrics=[chrf]'."
        raise RecipeError("has no effect beside --answers", where=f"--set {others[0]}", cure=cure)
    judge = {name: value for name, value in given.judge.items() if value is not None}
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages.execution.opened_run import open_run
            from tunesmith.stages.test_set.given_answers import evaluate_answers

        run = open_run(
            {
                "sources": [{"path": str(given.file)}],
                **({"evaluation": {"judge": judge}} if judge else {}),
            },
            folder=given.run or Path("runs", given.file.stem),
            overrides=given.settings,
            progress=progress,
        )
        result = evaluate_answers(run, fields=[(ours, theirs) for ours, _, theirs in pairs])
    show_result(result, is_json=json)
