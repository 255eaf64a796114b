"""A recipe file and `--set a.b=c` overrides -> a validated Recipe, or all mistakes at once.

Paths stay relative; whoever reads a source resolves them against the recipe's folder. `~`
is expanded in paths, and nothing else: no environment variables, no URLs.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from tunesmith.errors import MissingError, RecipeError
from tunesmith.files import given_path
from tunesmith.recipe.mistakes import Key, Mistake, mistakes_of, raise_mistakes
from tunesmith.recipe.open_names import OpenNames, values_at
from tunesmith.recipe.recipe import Recipe
from tunesmith.recipe.redaction import redacted
from tunesmith.recipe.section import RecipeSection
from tunesmith.recipe.values import KIND_NAMES, METRIC_NAMES, TEMPLATE_NAMES
from tunesmith.recipe.yaml_text import describe_yaml_error, key_places, read_yaml, write_yaml

MAX_BYTES = 1 << 20
_NAMES_AT: dict[tuple[str, ...], OpenNames] = {
    ("sources", "kind"): KIND_NAMES,
    ("template", "name"): TEMPLATE_NAMES,
    ("evaluation", "metrics"): METRIC_NAMES,
}


def load_recipe(path: str | Path, *, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe.

    Args:
        path: The YAML file.
        overrides: `training.epochs=1`, `sources.0.path=other.jsonl`: the value is YAML.

    Raises:
        MissingError: There is no such file.
        RecipeError: The recipe or an override is wrong; lists every mistake with its line.
    """
    path = given_path(path, where="recipe")
    text = _read_text(path)
    try:
        document = read_yaml(text)
    except yaml.YAMLError as error:
        line, problem = describe_yaml_error(error)
        where = f"{path}:{line}" if line else str(path)
        raise RecipeError(f"not valid YAML: {problem}", where=where) from None
    data = {} if document.value is None else document.value
    if not isinstance(data, dict):
        raise RecipeError("a recipe is a group of keys", where=str(path), cure=NO_KEYS)
    places = key_places(str(path), document.lines)
    for override in checked_overrides(overrides):
        key = _apply(override, data)
        places[key] = _shown(key, override)
    return _validated(data, str(path), places, document.mistakes)


NO_KEYS = "Start from what `tunesmith init` writes."


def recipe_from_mapping(
    mapping: Mapping[str, Any], *, overrides: Sequence[str] = (), name: str = "recipe"
) -> Recipe:
    """A recipe from plain values, as they stand in YAML.

    Raises:
        RecipeError: Lists every mistake.
    """
    if not isinstance(mapping, Mapping):
        found = type(mapping).__name__
        raise RecipeError(f"a recipe is a group of keys, not one of type {found}", where=name)
    data = copy.deepcopy(dict(mapping))
    places = {}
    for override in checked_overrides(overrides):
        key = _apply(override, data)
        places[key] = _shown(key, override)
    return _validated(data, name, places, [])


def checked_overrides(overrides: Sequence[str]) -> Sequence[str]:
    """The overrides that a caller of Python gave.

    Raises:
        RecipeError: They are no list of texts.
    """
    is_list = isinstance(overrides, Sequence) and not isinstance(overrides, str | bytes)
    if is_list and all(isinstance(one, str) for one in overrides):
        return overrides
    cure = "For example: overrides=['training.epochs=1']."
    problem = "takes a list of overrides" + (", not one text" * isinstance(overrides, str))
    cure = f"Write overrides=[{overrides!r}]." if isinstance(overrides, str) else cure
    raise RecipeError(problem, where="overrides", cure=cure)


def _shown(key: Key, override: str) -> str:
    """An override as messages repeat it: who writes a key in its place does not see it again."""
    shown = override.partition("=")[0] if key[-1] == "key_env" else override
    return f"--set {redacted(shown)}"


def _validated(
    data: dict[str, Any],
    name: str,
    places: Mapping[Key, str],
    known_mistakes: Sequence[Mistake],
) -> Recipe:
    result, mistakes = checked_values(data)
    raise_mistakes([*known_mistakes, *mistakes], name, places)
    assert result is not None
    return result


def checked_values(data: dict[str, Any]) -> tuple[Recipe | None, list[Mistake]]:
    """The recipe that plain values make, if they make one, and every mistake in them."""
    result, mistakes = None, []
    try:
        result = Recipe.model_validate(data)
    except ValidationError as error:
        found = mistakes_of(error, data, Recipe)
        mistakes = found + _hidden_mistakes(data, found)
    return result, mistakes + list(_disputed_names(data))


def _disputed_names(data: dict[str, Any]) -> Iterator[Mistake]:
    """Names that a plug-in offers too, and what is built in or another plug-in with it."""
    for path, names in _NAMES_AT.items():
        for key, name in values_at(data, path):
            if dispute := names.dispute(name):
                yield Mistake(key=key, message=dispute)


def _hidden_mistakes(data: dict[str, Any], found: Sequence[Mistake]) -> list[Mistake]:
    """What pydantic looks at only where every single key of a group is right."""
    rest = copy.deepcopy(data)
    for mistake in found:
        place: Any = rest
        for step in mistake.key[:-1]:
            place = _get(place, step)
        if mistake.key and isinstance(place, dict):
            place.pop(mistake.key[-1], None)
    known = [mistake.key for mistake in found]
    try:
        Recipe.model_validate(rest)
    except ValidationError as error:
        hidden = mistakes_of(error, rest, Recipe)
        return [one for one in hidden if not any(key[: len(one.key)] == one.key for key in known)]
    return []


def _read_text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RecipeError("larger than 1 MB, so it is no recipe", where=str(path))
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        cure = "`tunesmith init` writes a recipe to start from."
        raise MissingError("no such recipe", where=str(path), cure=cure) from None
    except (IsADirectoryError, NotADirectoryError):
        raise RecipeError("is no file", where=str(path), cure="Name a YAML file.") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise RecipeError(
            f"byte {error.start} is not UTF-8", where=f"{path}:{line}", cure="Save it as UTF-8."
        ) from None
    except OSError as error:
        raise RecipeError(f"cannot be read ({error.strerror})", where=str(path)) from None


def _apply(override: str, data: dict[str, Any]) -> Key:
    """Write one override into the values; returns its key."""
    name, equals, text = override.partition("=")
    parts = name.strip().split(".")
    if not equals or not all(parts):
        raise RecipeError(
            "an override is written key=value",
            where=f"--set {override}",
            cure="For example: --set training.epochs=1",
        )
    try:
        document = read_yaml(text)
    except yaml.YAMLError as error:
        _, problem = describe_yaml_error(error)
        raise RecipeError(f"the value is not YAML: {problem}", where=f"--set {override}") from None
    return _write(data, parts, document.value, override)


def _write(data: dict[str, Any], parts: Sequence[str], value: object, override: str) -> Key:
    """Walk down, making groups and lists as the names ask for, and set the last part."""
    key: list[str | int] = []
    place: dict[Any, Any] | list[Any] = data
    for position, part in enumerate(parts):
        step = _step(place, part, override)
        key.append(step)
        if position == len(parts) - 1:
            _put(place, step, value)
            break
        inner = _get(place, step)
        if not isinstance(inner, dict | list):
            inner = [] if parts[position + 1].isdigit() else {}
            _put(place, step, inner)
        place = inner
    return tuple(key)


def _step(place: dict[Any, Any] | list[Any], part: str, override: str) -> str | int:
    if isinstance(place, dict):
        return part
    if part.isdigit() and int(part) <= len(place):
        return int(part)
    raise RecipeError(
        f"{part} is no position in a list of {len(place)}",
        where=f"--set {override}",
        cure=f"Positions count from 0; {len(place)} adds one at the end.",
    )


def _get(place: Any, step: Any) -> Any:
    if isinstance(place, dict):
        return place.get(step)
    return place[step] if step < len(place) else None


def _put(place: Any, step: Any, value: object) -> None:
    if isinstance(place, list) and step == len(place):
        place.append(value)
    else:
        place[step] = value


def resolved_mapping(recipe: RecipeSection) -> dict[str, Any]:
    """Every key that has an effect, defaults included, as plain values."""
    result: dict[str, Any] = {}
    for name in type(recipe).model_fields:
        if name not in recipe.without_effect():
            result[name] = _plain(getattr(recipe, name))
    return result


def _plain(value: Any) -> Any:
    if isinstance(value, RecipeSection):
        return resolved_mapping(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value


def resolved_yaml(recipe: Recipe) -> str:
    """The recipe with every default written out; loads back equal."""
    return write_yaml(resolved_mapping(recipe))
