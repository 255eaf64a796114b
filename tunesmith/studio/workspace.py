"""A folder -> the recipes and runs in it, by the names that pages and commands call them."""

import fcntl
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tunesmith.errors import MissingError
from tunesmith.stages.execution.claim import is_run
from tunesmith.stages.execution.run_folder import RunFolder

_RECIPE_ENDINGS = (".yaml", ".yml")
_RECIPE_KEY = re.compile(rb"^(sources|model|training|examples|evaluation)\s*:", re.MULTILINE)
_HEAD_BYTES = 1_000_000
Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Workspace:
    """What the studio works on. Nothing is kept: each question looks at the folder again.

    Attributes:
        folder: Where the recipes lie; commands that pages show are run from here.
    """

    folder: Path

    @classmethod
    def around(cls, path: Path) -> "Workspace":
        """The workspace of a folder, or of the folder that a run's `runs/` stands in.

        Raises:
            MissingError: There is no such folder.
        """
        if not path.is_dir():
            cure = "Name a folder with recipes or runs."
            raise MissingError("no such folder", where=str(path), cure=cure)
        path = path.resolve()
        if not is_run(path):
            return cls(path)
        return cls(path.parent.parent if path.parent.name == "runs" else path.parent)

    def runs(self) -> dict[str, RunFolder]:
        """Each run by its path from the folder, the newest first."""
        inside = [self.folder, self.folder / "runs"]
        found = [one for place in inside if place.is_dir() for one in place.iterdir()]
        runs = sorted(
            (one for one in found if one.is_dir() and is_run(one)), key=_changed, reverse=True
        )
        recipe_folder = self.folder if self.recipes() else None
        return {self.name(one): RunFolder(one, recipe_folder) for one in runs}

    def recipes(self) -> dict[str, Path]:
        """Each recipe by its name, in alphabetical order."""
        files = (one for one in self.folder.iterdir() if one.suffix in _RECIPE_ENDINGS)
        return {one.name: one for one in sorted(files) if one.is_file() and _is_recipe(one)}

    def run(self, name: str | None) -> RunFolder:
        """A run by its name; the newest, if none is given.

        Raises:
            MissingError: There is none.
        """
        runs = self.runs()
        if not runs:
            cure = "Begin one on the Training page, or: tunesmith run recipe.yaml"
            raise MissingError("there is no run here yet", where=str(self.folder), cure=cure)
        return _named(runs, name, "run")

    def recipe(self, name: str | None) -> Path:
        """A recipe by its name; the first, if none is given.

        Raises:
            MissingError: There is none.
        """
        recipes = self.recipes()
        if not recipes:
            cure = "tunesmith init --data FILE writes one."
            raise MissingError("there is no recipe here yet", where=str(self.folder), cure=cure)
        return _named(recipes, name, "recipe")

    def name(self, path: Path) -> str:
        """What a file or folder of the workspace is called."""
        return path.relative_to(self.folder).as_posix()


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Nobody else who asks for it works on a folder's files, in this studio or another.

    Raises:
        OSError: The folder cannot be opened.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _named(found: Mapping[str, Kind], name: str | None, what: str) -> Kind:
    if not name:
        return next(iter(found.values()))
    if name not in found:
        cure = f"Known: {', '.join(list(found)[:9])}."
        raise MissingError(f"no {what} is called {name[:80]!r} here", where=what, cure=cure)
    return found[name]


def _changed(path: Path) -> float:
    """When something last came into a run's folder."""
    return path.stat().st_mtime


def _is_recipe(path: Path) -> bool:
    """Whether a YAML file has a recipe's keys, so that a broken one can be mended too."""
    with path.open("rb") as stream:
        return _RECIPE_KEY.search(stream.read(_HEAD_BYTES)) is not None
