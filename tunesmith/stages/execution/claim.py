"""A folder named for a run -> marked as a run's, or refused before a byte is written.

A run's folder holds `tunesmith-run.json`, written before anything else. Within it the names of
`RunFolder` are Tunesmith's; a folder without it that holds anything is somebody else's.
"""

import os
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tunesmith import __version__
from tunesmith.errors import DataError, MissingError, RecipeError
from tunesmith.files import RUN_MARKER as MARKER
from tunesmith.files import read_json, write_json
from tunesmith.recipe.recipe import Recipe

_SCHEMA = 1
_CONTRACT = "tunesmith.json"  # of `models.load`, which would import torch
_ENTRY = {"key", "inputs", "outputs", "result"}  # of a finished stage in manifest.json
_NUM_NAMED = 3
_PACKAGE = Path(__file__).resolve().parents[2]
FOLDERS = (
    "before",
    "checkpoints",
    "completions",
    "curve",
    "data",
    "exports",
    "grades",
    "judgements",
    "model",
    "reviews",
    "signs",
    "tokens",
)
_FILES = (
    "calls.sqlite",
    "curves.svg",
    "curve.json",
    "diagnosis.json",
    "environment.json",
    "exports.json",
    "job.json",
    "job.lock",
    "job.pid",
    "job.stop",
    "log.jsonl",
    "looks.jsonl",
    "manifest.json",
    "output.log",
    "probes.jsonl",
    "recipe.yaml",
    "report.html",
    "report.md",
    "samples.jsonl",
    "rounds.json",
    "scores.json",
    "settings.json",
    "splits.jsonl",
    "study.json",
    "trials.jsonl",
    MARKER,
)


def is_run(path: Path) -> bool:
    """Whether a folder is a run's: by its marker, or by the manifest of an older run."""
    if _marker(path).get("kind") == "run":
        return True
    manifest = _read(path / "manifest.json")
    return is_manifest(manifest) and (bool(manifest) or _is_interrupted(path))


def part_of_run(path: Path) -> str | None:
    """The name of a run's own part that a path is, or lies in; what is in `exports` is no part."""
    place = path.resolve()
    around = next((one for one in place.parents if is_run(one)), None)
    if around is None:
        return None
    first, *rest = place.relative_to(around).parts
    is_free = first not in (*FOLDERS, *_FILES) or (first == "exports" and rest)
    return None if is_free else first


def is_manifest(value: object) -> bool:
    """Whether a JSON value is what the finished stages of a run are written down as."""
    if not isinstance(value, dict):
        return False
    return all(isinstance(one, dict) and one.keys() >= _ENTRY for one in value.values())


def begun(path: Path) -> datetime:
    """When a run began, which all its prompts are dated by; now, where it has not."""
    moment = _marker(path).get("begun")
    try:
        return datetime.fromisoformat(moment) if isinstance(moment, str) else _marked_at(path)
    except ValueError:
        return _marked_at(path)


def recorded_recipe(path: Path) -> Path | None:
    """The file of the recipe that a run was made by; None where it does not say, or it is gone."""
    said = _marker(path).get("recipe")
    if not isinstance(said, str):
        return None
    places = [Path(said), *(one / Path(said).name for one in path.resolve().parents[:2])]
    return next((one.resolve() for one in places if one.is_file()), None)


def notes_folder(path: Path) -> Path:
    """Where what people say of a run is kept: beside its recipe, as it outlives the run.

    Args:
        path: The run's folder; it is the place itself where the recipe's cannot be written to, or
            is Tunesmith's own.
    """
    recipe = recorded_recipe(path)
    if recipe is None or recipe.is_relative_to(_PACKAGE) or not os.access(recipe.parent, os.W_OK):
        return path
    return recipe.parent


def _marked_at(path: Path) -> datetime:
    """When the marker of an older run was written, which does not say so itself."""
    marker = path / MARKER
    return datetime.fromtimestamp(marker.stat().st_mtime) if marker.is_file() else right_now()


def right_now() -> datetime:
    """What the clock on the wall says."""
    return datetime.now()


def claim(path: Path, recipe: Recipe, recipe_folder: Path, recipe_file: Path | None = None) -> None:
    """Mark a new folder as a run's.

    Args:
        path: The folder; it may be missing, empty, or a run's.
        recipe: Nothing that it names may lie in the folder.
        recipe_folder: What its relative paths are relative to; not in the folder either.
        recipe_file: As it was given, to be named in what the run says; None: it has none.

    Raises:
        RecipeError: The folder holds something else, or was made by a newer version.
    """
    fault = _fault(path, recipe, recipe_folder)
    if fault is not None:
        cure = "Name another folder with --run, such as runs/mine."
        raise RecipeError(fault, where=str(path) or ".", cure=cure)
    if not (path / MARKER).is_file():
        _mark(path, recipe_file)


def _mark(path: Path, recipe_file: Path | None) -> None:
    about = "Made by tunesmith, which may replace or delete its own files in this folder."
    written = {"schema": _SCHEMA, "kind": "run", "tunesmith": __version__, "about": about}
    written["begun"] = right_now().isoformat()
    if recipe_file is not None:
        written["recipe"] = str(recipe_file)
    try:
        write_json(path / MARKER, written)
    except OSError as error:
        raise RecipeError(
            f"nothing can be written there ({error.strerror})",
            where=str(path),
            cure="Name another folder with --run.",
        ) from None


def _fault(path: Path, recipe: Recipe, recipe_folder: Path) -> str | None:
    """Why the folder cannot be this recipe's run."""
    if path.exists() and not path.is_dir():
        return "this is no folder"
    held = _held(path, recipe, recipe_folder)
    if held is not None:
        return f"this folder is or holds {held}"
    around = next((one for one in path.resolve().parents if is_run(one)), None)
    if around is not None:
        return f"this folder lies in another run's, {around}"
    return _foreign(path)


def _held(path: Path, recipe: Recipe, recipe_folder: Path) -> str | None:
    """What lies in the folder, or is it, that no run may touch."""
    roots = [path.resolve(), *_links(path)]
    places = {"the recipe's folder": recipe_folder, "the working directory": Path.cwd()}
    places["the home folder"] = Path(os.path.expanduser("~"))  # noqa: PTH111 - never raises
    for name, place in places.items():
        if place.resolve().is_relative_to(roots[0]):
            return name
    for text in _texts(recipe.model_dump()):
        for place in (recipe_folder / os.path.expanduser(text), Path(text)):  # noqa: PTH111
            if _exists(place) and any(place.resolve().is_relative_to(root) for root in roots):
                return f"what the recipe reads ({text})"
    return None


def _foreign(path: Path) -> str | None:
    """What stands in the folder that no run has."""
    names = sorted(_names(path))
    if is_run(path):
        schema = _marker(path).get("schema", _SCHEMA)
        if schema != _SCHEMA:
            return f"this run was made by a newer version of tunesmith (schema {schema})"
        return _odd_part(path) or _foreign_model(path / "model")
    if not names or (names == [".lock"] and _holds_process_id(path / ".lock")):
        return None
    listed = ", ".join(names[:_NUM_NAMED]) + (", ..." if len(names) > _NUM_NAMED else "")
    return f"this folder holds files that are no run's ({listed})"


def _foreign_model(model: Path) -> str | None:
    """A new model takes the place of this folder, which therefore has to be one of ours."""
    if _names(model) and not (model / _CONTRACT).is_file():
        return f"its model folder holds no model of tunesmith's (no {_CONTRACT})"
    return None


def _odd_part(run: Path) -> str | None:
    """What goes by a name of ours and is another kind of thing: a user's, or leads to a user's."""
    for name in (*FOLDERS, *_FILES):
        part = run / name
        if part.is_symlink():
            return f"its {name} is a link, and what it leads to would be written over"
        if part.exists() and part.is_dir() != (name in FOLDERS):
            return f"its {name} is no {'folder' if name in FOLDERS else 'file'}"
    return None


def _names(folder: Path) -> Sequence[str]:
    """What lies in a folder; the marker while another process writes it does not count."""
    names = os.listdir(folder) if folder.is_dir() else []  # noqa: PTH208 - names alone
    return [name for name in names if not name.startswith(f".tmp-{MARKER}-")]


def _links(folder: Path) -> list[Path]:
    """Where links in the folder lead, for a run writes through them."""
    return [(folder / name).resolve() for name in _names(folder) if (folder / name).is_symlink()]


def _texts(value: object) -> Iterator[str]:
    """All texts in a recipe, any of which may name a file."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def _exists(path: Path) -> bool:
    return "\0" not in str(path) and os.path.exists(path)  # noqa: PTH110 - long texts are no error


def _marker(run: Path) -> dict[str, Any]:
    """What a run's marker says; nothing where it is missing, damaged or another tool's."""
    marker = _read(run / MARKER)
    return marker if isinstance(marker, dict) else {}


def _read(path: Path) -> Any:
    try:
        return read_json(path) if path.is_file() else None
    except (DataError, MissingError, OSError):
        return None


def _is_interrupted(run: Path) -> bool:
    """Whether an older run was doing its only stage anew, so that its manifest is empty."""
    return _holds_process_id(run / ".lock") and (run / "recipe.yaml").is_file()


def _holds_process_id(lock: Path) -> bool:
    """Whether this is the lock of a run that ended before it wrote anything."""
    try:
        return lock.is_file() and re.fullmatch(r"\d{1,10}", lock.read_text()) is not None
    except (OSError, ValueError):
        return False
