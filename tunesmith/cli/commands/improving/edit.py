"""`tunesmith edit RECIPE ID`: change a prepared pair by hand; the source stays as it is."""

from typing import Annotated

import typer

from tunesmith.cli.arguments import options as given
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import show_result
from tunesmith.cli.terminal.progress_bars import talking

EXAMPLES = """tunesmith edit recipe.yaml 0f3a9c51d2e4b687 --answer 'Within 14 days.'

tunesmith edit recipe.yaml 0f3a9c51d2e4b687 --reject

tunesmith edit recipe.yaml --list

tunesmith edit recipe.yaml --undo 3"""

Pair = Annotated[
    str | None, typer.Argument(metavar="ID", help="The pair's id, as data/train.jsonl has it.")
]
Text = Annotated[str | None, typer.Option(metavar="TEXT", help="What it shall say instead.")]
Reject = Annotated[bool, typer.Option("--reject", help="Leave the pair out.")]
Restore = Annotated[bool, typer.Option("--restore", help="Take it in that was left out.")]
Accept = Annotated[bool, typer.Option("--accept", help="Note that it is good as it is.")]
Choose = Annotated[
    bool, typer.Option("--choose", help="Of contradicting answers, keep this one alone.")
]
Merge = Annotated[
    str | None, typer.Option(metavar="ID", help="Join another pair's answer to it; that one goes.")
]
Redact = Annotated[
    int | None, typer.Option(metavar="NUMBER", help="Note that its first, second... mark is right.")
]
Unredact = Annotated[
    str | None, typer.Option(metavar="NUMBER=TEXT", help="Put back what a mark hides.")
]
Undo = Annotated[int | None, typer.Option(metavar="LINE", help="Take a line of edits.jsonl back.")]
Listed = Annotated[bool, typer.Option("--list", help="Only show every line of edits.jsonl.")]
Author = Annotated[str | None, typer.Option(metavar="NAME", help="Who changes; else your login.")]


def edit(
    recipe: given.RecipeFile,
    example: Pair = None,
    *,
    run: given.RunFolderOption = None,
    question: Text = None,
    input_text: Annotated[str | None, typer.Option("--input", metavar="TEXT")] = None,
    answer: Text = None,
    reject: Reject = False,
    restore: Restore = False,
    accept: Accept = False,
    choose: Choose = False,
    merge: Merge = None,
    redact: Redact = None,
    unredact: Unredact = None,
    undo: Undo = None,
    listed: Listed = False,
    author: Author = None,
    json: given.JsonFlag = False,
    quiet: given.QuietFlag = False,
    verbose: given.VerboseFlag = False,
) -> None:
    """Change, reject or merge prepared pairs by hand; sources stay as they are."""
    with talking(quiet, verbose):
        with fast_imports():
            from tunesmith.stages.editing.edit_pairs import EditWish, carry_out_edit
        wish = EditWish(
            texts={"question": question, "input": input_text, "answer": answer},
            actions={"reject": reject, "restore": restore, "accept": accept, "choose": choose},
            merge=merge,
            redact=redact,
            unredact=unredact,
            undo=undo,
            is_list=listed,
        )
        show_result(carry_out_edit(recipe, example, wish, run=run, author=author), is_json=json)
