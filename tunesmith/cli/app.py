"""All commands -> one program, `tunesmith`.

Nothing heavy is imported here or at the top of a command's module, so that help is instant.
"""

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from tunesmith import __version__
from tunesmith.cli.arguments.options import IMPROVE, LOOK, LOOP, START, USE
from tunesmith.cli.commands import (
    answer,
    compare,
    curve,
    demo,
    evaluate,
    forecast,
    import_,
    init,
    plugins,
    prepare,
    preview,
    report,
    run,
    teach,
    train,
)
from tunesmith.cli.commands.improving import arena, edit, review, split, studio
from tunesmith.cli.commands.improving import next as next_round
from tunesmith.cli.commands.using import ask, chat, check, export, publish, serve
from tunesmith.cli.terminal.next_command import EndedCommand, show_next
from tunesmith.errors import RecipeError

EPILOG = """Examples:

tunesmith demo

tunesmith init --data mine.jsonl && tunesmith run recipe.yaml"""

_COMMANDS: tuple[tuple[str, Any, Any], ...] = (
    (START, demo.demo, demo.EXAMPLES),
    (START, init.init, init.EXAMPLES),
    (START, import_.import_, import_.EXAMPLES),
    (START, teach.teach, teach.EXAMPLES),
    (LOOP, run.run, run.EXAMPLES),
    (LOOP, prepare.prepare, prepare.EXAMPLES),
    (LOOP, forecast.forecast, forecast.EXAMPLES),
    (LOOP, train.train, train.EXAMPLES),
    (LOOP, answer.answer, answer.EXAMPLES),
    (LOOP, evaluate.evaluate, evaluate.EXAMPLES),
    (LOOP, report.report, report.EXAMPLES),
    (LOOP, curve.curve, curve.EXAMPLES),
    (LOOK, preview.preview, preview.EXAMPLES),
    (LOOK, compare.compare, compare.EXAMPLES),
    (LOOK, plugins.plugins, plugins.EXAMPLES),
    (IMPROVE, review.review, review.EXAMPLES),
    (IMPROVE, next_round.next_, next_round.EXAMPLES),
    (IMPROVE, edit.edit, edit.EXAMPLES),
    (IMPROVE, arena.arena, arena.EXAMPLES),
    (IMPROVE, split.split, split.EXAMPLES),
    (IMPROVE, studio.studio, studio.EXAMPLES),
    (USE, ask.ask, ask.EXAMPLES),
    (USE, chat.chat, chat.EXAMPLES),
    (USE, serve.serve_, serve.EXAMPLES),
    (USE, check.check, check.EXAMPLES),
    (USE, export.export, export.EXAMPLES),
    (USE, publish.publish, publish.EXAMPLES),
)

_WORDS = "tunesmith.words"  # where a command keeps what it was given, until it has ended
_PATHS = {"target", "runs"}  # texts that may name a file or a folder
_CHECKED = {"text", "force", "models", "field", "settings"}  # by words of their own


class Commands(TyperGroup):
    """The commands, in the order in which they are used; quiet when a pipe closes early."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a reader that has seen enough is no error to talk about."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise typer.Exit(141) from None


class Command(TyperCommand):
    """A command that takes no empty value (an unset variable), and says what comes next."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words; an empty one would be read as the working directory."""
        if not ctx.resilient_parsing:
            given, _, _ = self.make_parser(ctx).parse_args(args=list(args))
            for param in self.get_params(ctx):
                refuse_empty(param, given.get(param.name))
        ctx.meta[_WORDS] = tuple(args)
        rest = super().parse_args(ctx, args)
        ctx.params |= {name: in_home(name, value) for name, value in ctx.params.items()}
        return rest

    def invoke(self, ctx: Any) -> Any:
        """Do the work, and say what comes next where it went well."""
        ended = EndedCommand(name=ctx.info_name, words=ctx.meta[_WORDS], given=ctx.params)
        try:
            result = super().invoke(ctx)
        except typer.Exit as end:
            if end.exit_code == 0:
                show_next(ended)
            raise
        show_next(ended)
        return result


def in_home(name: str, value: Any) -> Any:
    """A path below `~`, which a shell leaves as it is in `--run=~/mine`; else the same value."""
    if isinstance(value, Path):
        return Path(os.path.expanduser(value))  # noqa: PTH111 - never raises
    if name in _PATHS and isinstance(value, str):
        return os.path.expanduser(value)  # noqa: PTH111
    return [in_home(name, one) for one in value] if isinstance(value, list) else value


def refuse_empty(param: Any, given: object) -> None:
    """Refuse an empty value of an option or an argument.

    Raises:
        RecipeError: It is empty, and no check of the command's own says so better.
    """
    values = given if isinstance(given, list | tuple) else [given]
    if param.name in _CHECKED or not any(isinstance(v, str) and not v.strip() for v in values):
        return
    name = ", ".join(sorted(param.opts)) if param.opts[0].startswith("-") else param.metavar
    cure = "Is a variable of the shell unset? Give a value, or leave it out."
    raise RecipeError("the value is empty", where=name, cure=cure)


def show_version(is_wanted: bool) -> None:
    """Print the version and end."""
    if is_wanted:
        print(f"tunesmith {__version__}")
        raise typer.Exit


def tunesmith(
    version: Annotated[
        bool,
        typer.Option("--version", callback=show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Raw material in; an instruction-tuned model, its answers and an honest verdict out."""


def make_app() -> typer.Typer:
    """The program."""
    app = typer.Typer(
        cls=Commands,
        epilog=EPILOG,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
    )
    app.callback()(tunesmith)
    for panel, function, examples in _COMMANDS:
        epilog = f"Examples:\n\n{examples}".replace("[", "\\[")
        name = function.__name__.rstrip("_")  # import_: Python keeps the word for itself
        app.command(name, cls=Command, rich_help_panel=panel, epilog=epilog)(function)
    return app
