"""The command line's words -> a command's exit code; the one place where errors become text."""

import errno
import os
import re
import sys
import traceback
from collections.abc import Sequence

from tunesmith.errors import DiskFullError, TunesmithError

_OF_A_PATH = (
    errno.EACCES,
    errno.EEXIST,
    errno.EISDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
)


def main() -> None:
    """The entry of the program `tunesmith`."""
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; every error ends here."""
    _tolerate_odd_terminals()
    try:
        code = _invoke(list(arguments) or ["--help"])
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        code = 141
    except Exception as error:  # noqa: BLE001 - the last resort: a line instead of a traceback
        code = _report(error, arguments)
    if code == 141:
        _discard_output()
    return code


def _invoke(arguments: list[str]) -> int:
    import typer

    from tunesmith.cli.app import make_app

    command = typer.main.get_command(make_app())
    try:
        code = command.main(arguments, prog_name="tunesmith", standalone_mode=False)
    except typer.Abort:
        return 130
    return code if isinstance(code, int) else 0


def _report(error: Exception, arguments: Sequence[str]) -> int:
    """Say what went wrong, on stderr, and with `--json` on stdout too."""
    known = _as_known(error)
    if _is_given("v", "--verbose", arguments):
        traceback.print_exception(error)
    try:
        if "--json" in arguments:
            from tunesmith.cli.terminal.output import print_json

            print_json({"schema": 1, **known.to_json()})
        print(f"error: {known}", file=sys.stderr)
    except OSError:
        _discard_output()
    return known.exit_code


def _as_known(error: Exception) -> TunesmithError:
    """Any error as one of ours, with its exit code."""
    import typer

    if isinstance(error, TunesmithError):
        return error
    if isinstance(error, typer.TyperException):
        return _usage_error(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFullError(str(error), cure="Free some space and run the same command again.")
    if isinstance(error, OSError) and error.filename is not None and error.errno in _OF_A_PATH:
        return _path_error(error)
    message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return TunesmithError(message, where="unexpected", cure="Run with -v for the traceback.")


def _path_error(error: OSError) -> TunesmithError:
    """A path that cannot be used, wherever that was noticed."""
    from tunesmith.errors import MissingError, RecipeError

    kind = MissingError if error.errno == errno.ENOENT else RecipeError
    where, said = os.fsdecode(error.filename2 or error.filename), str(error.strerror).lower()
    cure = "Check the path: each part before the last must be a folder that you may use."
    return kind(f"cannot be used as a path here ({said})", where=where, cure=cure)


def _usage_error(error: Exception) -> TunesmithError:
    """A mistake in the command line, with the help that explains it."""
    from tunesmith.errors import RecipeError

    context = getattr(error, "ctx", None)
    command = context.command_path if context else "tunesmith"
    text = getattr(error, "format_message", lambda: str(error))()
    message = " ".join(text.split()).rstrip(".")
    return RecipeError(message, where=command, cure=f"`{command} --help` explains it.")


def _is_given(letter: str, name: str, arguments: Sequence[str]) -> bool:
    """Whether a flag was given; asked of the words, since parsing may be what failed."""
    words = list(arguments)
    words = words[: words.index("--")] if "--" in words else words
    return any(word == name or re.fullmatch(rf"-[a-z]*{letter}[a-z]*", word) for word in words)


def _tolerate_odd_terminals() -> None:
    """A terminal that lacks a character shows its code instead."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """Let nothing be written any more: the reader has gone, or the disk is full."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)


if __name__ == "__main__":
    main()
