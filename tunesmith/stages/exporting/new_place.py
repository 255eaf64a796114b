"""A path -> a place beside it that takes its name once all is written; or nothing is left.

A folder says in `export.json` which files an export wrote; with `--replace` those may go, and no
others.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tunesmith.errors import RecipeError
from tunesmith.files import our_records, read_json, write_json

RECORD = "export.json"
_MAGIC = b"GGUF"
_SCHEMA = 1


def check_free(path: Path, *, is_replacing: bool) -> None:
    """Refuse a path at which something stands that may not go.

    Raises:
        RecipeError: Something stands there, and may not be replaced or is no export.
    """
    if not path.exists():
        return
    cure = "Name another place with --out"
    if not is_replacing:
        cure = f"{cure}, or replace it with --replace."
        raise RecipeError("something stands there already", where=str(path), cure=cure)
    if stranger := _stranger(path):
        problem = f"{stranger} was not written by an export and is not replaced"
        raise RecipeError(problem, where=str(path), cure=f"{cure}.")


@contextmanager
def new_place(path: Path) -> Iterator[Path]:
    """A path of the same name in a temporary folder; it becomes `path` where nothing is raised."""
    beside = path.with_name(f".tmp-{path.name}")
    _remove(beside)
    beside.mkdir(parents=True)
    try:
        yield beside / path.name
        _remove(path)
        (beside / path.name).rename(path)
    finally:
        _remove(beside)


def write_record(folder: Path, told: Mapping[str, object]) -> None:
    """Write what was exported and compared into its folder, with the names of its files."""
    files = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    write_json(folder / RECORD, {"schema": _SCHEMA, **told, "files": sorted(files)})


def _stranger(path: Path) -> str | None:
    """What stands there and is no part of an export."""
    if path.is_file():
        with path.open("rb") as stream:
            return None if stream.read(len(_MAGIC)) == _MAGIC else path.name
    if path.is_symlink() or not (path / RECORD).is_file():
        return path.name
    with our_records(path / RECORD):
        known = {*read_json(path / RECORD)["files"], RECORD}
    found = (one.relative_to(path).as_posix() for one in path.rglob("*") if not one.is_dir())
    return next((name for name in found if name not in known), None)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
