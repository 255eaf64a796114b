"""Where Python looks for modules -> the same without the working directory.

`python -m` looks there first, so that a user's `secrets.py` beside the data would run as part of
every command. Nothing is imported here but what Python has loaded before it looks there.
"""

import os
import sys

_PROGRAMS = ("-m", "tunesmith", "tunesmith.exe")  # argv[0] is -m while Python looks for a module


def leave_out_working_directory() -> None:
    """Take the working directory out of the search path, of this program and its children.

    Only where this process is the program `tunesmith`; a notebook's search path is its own. The
    directory stays where an absolute path in PYTHONPATH or the installation names it.
    """
    if not sys.argv or os.path.basename(sys.argv[0]) not in _PROGRAMS:  # noqa: PTH119 - see above
        return
    if sys.argv[0] == "-m" and not sys.flags.safe_path:
        del sys.path[0]
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    kept = [path for path in given if os.path.isabs(path) or not _is_here(path)]  # noqa: PTH117
    if len(kept) < len(given) and not any(map(_is_here, [*kept, _home()])):
        sys.path[:] = [path for path in sys.path if not _is_here(path)]
    if "PYTHONPATH" in os.environ:
        os.environ["PYTHONPATH"] = os.pathsep.join(kept)
    os.environ["PYTHONSAFEPATH"] = "1"


def paths_for_children() -> list[str]:
    """The search path of a process of ours: without the working directory.

    The folder that this package lies in is named last, where it is not named before; it is the
    working directory in a checkout alone.
    """
    paths = [path for path in sys.path if path and (not _is_here(path) or _is_here(_home()))]
    return paths if _home() in paths else [*paths, _home()]


def _home() -> str:
    return os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120


def _is_here(path: str) -> bool:
    return os.path.realpath(path or ".") == os.path.realpath(".")
