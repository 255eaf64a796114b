"""A line that was typed to a model -> what the model replies, or what the line does to the chat."""

import re
import sys
from collections.abc import Callable, Generator
from contextlib import closing
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from tunesmith.cli.terminal.output import printable
from tunesmith.errors import RecipeError, TunesmithError

if TYPE_CHECKING:
    from tunesmith.stages.chat import ChatSession
    from tunesmith.stages.execution.progress import Progress

    Does = Callable[[ChatSession, str, Progress], None]

_COMMAND = re.compile(r"/([a-z]+)(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)
_HELP = {
    "/help": "this list",
    "/system TEXT": "lead the conversation by this; it begins anew. Alone: by nothing",
    "/retry": "answer the last message once more",
    "/save FILE": "write the conversation as JSON Lines, which can be imported",
    "/reset": "forget the conversation",
    "/quit": "end it, as Ctrl-D does",
    "//text": "say a text that begins with /",
}


def answer_line(line: str, session: "ChatSession", progress: "Progress", *, is_typed: bool) -> None:
    """Do what a line says, and print a reply as it is written.

    Where it is typed, neither Ctrl-C nor a line without an answer ends the conversation.
    """
    try:
        pieces = reply_to(line, session, progress)
        if pieces is None:
            return
        with closing(pieces):
            for piece in pieces:
                print(printable(piece), end="", flush=True)
    except KeyboardInterrupt:
        if not is_typed:
            raise
    except TunesmithError as error:
        if not is_typed:
            raise
        print(f"error: {error}", file=sys.stderr, flush=True)
        return
    print(flush=True)


def reply_to(
    line: str, session: "ChatSession", progress: "Progress"
) -> Generator[str, None, None] | None:
    """The pieces of a reply; None where the line is a command that has none.

    Raises:
        RecipeError: There is no such command, or it lacks what it needs.
        DataError: The model cannot answer.
    """
    match = _COMMAND.fullmatch(line)
    if match is None:
        return session.reply(line.removeprefix("/") if line.startswith("//") else line)
    if match[1].lower() == "retry":
        return session.retry()
    _command(match[1].lower())(session, (match[2] or "").strip(), progress)
    return None


def _command(name: str) -> "Does":
    found = _COMMANDS.get(name)
    if found is None:
        near = get_close_matches(name, [*_COMMANDS, "retry", "quit"], n=1)
        hint = f" Did you mean /{near[0]}?" if near else ""
        cure = f"Type /help for a list, or //{name} to say it.{hint}"
        raise RecipeError(f"there is no command /{name}", where="chat", cure=cure)
    return found


def _help(session: "ChatSession", argument: str, progress: "Progress") -> None:
    width = max(map(len, _HELP))
    for name, meaning in _HELP.items():
        progress.note(f"{name:<{width}}  {meaning}.")


def _reset(session: "ChatSession", argument: str, progress: "Progress") -> None:
    session.reset()
    progress.note("The conversation is forgotten.")


def _system(session: "ChatSession", argument: str, progress: "Progress") -> None:
    session.set_system(argument)
    said = "leads the conversation" if argument else "is left out"
    progress.note(f"The system message {said}, which begins anew.")


def _save(session: "ChatSession", argument: str, progress: "Progress") -> None:
    if not argument:
        raise RecipeError("names no file", where="/save", cure="For example: /save chat.jsonl")
    path = Path(argument).expanduser()
    count = session.save(path)
    progress.note(f"{count} answers are in {path}.")


_COMMANDS: "dict[str, Does]" = {
    "help": _help,
    "reset": _reset,
    "save": _save,
    "system": _system,
}
