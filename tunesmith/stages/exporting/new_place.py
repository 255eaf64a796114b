"""A path -> a place beside it that takes its name once all is written; or nothing is left.

A folder says in `export.json` which files an export wrote, and a GGUF file in a field of its own
that one wrote it; with `--replace` those may go, and no others.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tunesmith.errors import RecipeError
from tunesmith.export.gguf_files.gguf_mark import is_our_gguf
from tunesmith.files import our_records, read_json, write_json
from tunesmith.stages.execution.claim import part_of_run

RECORD = "export.json"
_WORKING = ".tmp-export-"
_SCHEMA = 1


def check_free(path: Path, *, is_replacing: bool) -> None:
    """Refuse a path at which something stands that may not go, or which is a run's own.

    Raises:
        RecipeError: Something stands there, and may not be replaced or is no export.
    """
    cure = "Name another place with --out"
    if (part := part_of_run(path)) is not None:
        problem = f"{part} is a part of a run, whose own files stand there"
        raise RecipeError(problem, where=str(path), cure=f"{cure}.")
    if not path.exists() and not path.is_symlink():
        return
    if not is_replacing:
        cure = f"{cure}, or replace it with --replace."
        raise RecipeError("something stands there already", where=str(path), cure=cure)
    if stranger := _stranger(path):
        problem = f"{stranger} was not written by an export and is not replaced"
        raise RecipeError(problem, where=str(path), cure=f"{cure}.")


@contextmanager
def new_place(path: Path, *, is_replacing: bool) -> Iterator[Path]:
    """A path of the same name in a temporary folder; it becomes `path` where nothing is raised.

    What killed exports left beside it is cleared away first, whatever their names were.

    Raises:
        RecipeError: Something has come to stand there meanwhile; see `check_free`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        beside = _working_folder(path.parent, stack)
        stack.callback(shutil.rmtree, beside, ignore_errors=True)
        (beside / "new").mkdir()
        yield beside / "new" / path.name
        check_free(path, is_replacing=is_replacing)
        if path.is_dir():
            path.rename(beside / "old")
        (beside / "new" / path.name).replace(path)


def write_record(folder: Path, told: Mapping[str, object]) -> None:
    """Write what was exported and compared into its folder, with the names of its files."""
    files = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    write_json(folder / RECORD, {"schema": _SCHEMA, **told, "files": sorted(files)})


def _working_folder(parent: Path, stack: ExitStack) -> Path:
    """A new folder that is locked for as long as this export is at work."""
    with ExitStack() as held:
        _lock(parent, held, fcntl.LOCK_EX)  # nobody sees a new folder before it is locked
        for left in parent.glob(f"{_WORKING}*"):
            with ExitStack() as owner, suppress(OSError):  # somebody is at work in it
                _lock(left, owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
        beside = Path(tempfile.mkdtemp(prefix=_WORKING, dir=parent))
        _lock(beside, stack, fcntl.LOCK_EX)
    return beside


def _lock(folder: Path, stack: ExitStack, how: int) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    stack.callback(os.close, handle)
    fcntl.flock(handle, how)


def _stranger(path: Path) -> str | None:
    """What stands there and is no part of an export."""
    if path.is_symlink():
        return path.name
    if path.is_file():
        return None if is_our_gguf(path) else path.name
    if not (path / RECORD).is_file():
        return path.name
    with our_records(path / RECORD):
        known = {*read_json(path / RECORD)["files"], RECORD}
    found = (one.relative_to(path).as_posix() for one in path.rglob("*") if not one.is_dir())
    return next((name for name in found if name not in known), None)
