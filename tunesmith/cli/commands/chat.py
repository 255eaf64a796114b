"""`tunesmith chat MODEL`: a conversation, line by line; reads stdin where it is a pipe."""

import sys
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from tunesmith.cli.arguments import options as given
from tunesmith.cli.arguments.inputs import generation_settings, sampling_overrides
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import printable
from tunesmith.cli.terminal.progress_bars import talking
from tunesmith.cli.terminal.typed_lines import typed_lines
from tunesmith.errors import DataError

if TYPE_CHECKING:
    from tunesmith.stages.chat import ChatSession

EXAMPLES = """tunesmith chat runs/mine

printf 'Hello\\n/reset\\nHello again\\n' | tunesmith chat starter"""

Model = Annotated[
    str, typer.Argument(metavar="MODEL", help="A run, a folder, a Hub id or starter.")
]


def chat(
    model: Model,
    *,
    max_new_tokens: given.MaxNewTokens = None,
    temperature: given.Temperature = None,
    seed: given.SamplingSeed = None,
    stop: given.StopTexts = None,
    quiet: given.QuietFlag = False,
    verbose: given.VerboseFlag = False,
) -> None:
    """Talk with a model. /reset forgets the conversation; /quit or Ctrl-D ends it."""
    generation = generation_settings(
        sampling_overrides(max_new_tokens, temperature, seed=seed, stop=stop)
    )
    is_typed = sys.stdin.isatty()
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages.chat import chat as stage

        session = stage(model, generation=generation)
        if is_typed:
            progress.note("/reset forgets the conversation, /quit ends it.")
        for line in typed_lines() if is_typed else sys.stdin:
            text = line.strip()
            if text == "/quit":
                return
            if text == "/reset":
                session.reset()
                progress.note("The conversation is forgotten.")
            elif text:
                _reply(session, text, is_typed=is_typed)


def _reply(session: "ChatSession", text: str, *, is_typed: bool) -> None:
    """Print a reply as it is written.

    Where it is typed, neither Ctrl-C nor a message without an answer ends the conversation.
    """
    try:
        with closing(session.reply(text)) as pieces:
            for piece in pieces:
                print(printable(piece), end="", flush=True)
    except KeyboardInterrupt:
        if not is_typed:
            raise
    except DataError as error:
        if not is_typed:
            raise
        print(f"error: {error}", file=sys.stderr, flush=True)
        return
    print(flush=True)
