"""The recipe's models -> what each key is called, takes, defaults to and means.

Error messages, the commented recipe and the reference page are all made from this.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from tunesmith.recipe.open_names import OpenNames
from tunesmith.recipe.recipe import Recipe
from tunesmith.recipe.section import RecipeSection

Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeField:
    """One key of a recipe."""

    path: tuple[str, ...]
    allowed: str
    default: Any
    is_required: bool
    description: str
    section: type[RecipeSection] | None  # the group of keys that stands here, if one does


def walk(model: type[RecipeSection] = Recipe, path: tuple[str, ...] = ()) -> Iterator[RecipeField]:
    """Every key in the order of the models, groups before their members."""
    for name, info in model.model_fields.items():
        section = section_of(info.annotation)
        yield RecipeField(
            path=(*path, name),
            allowed=_allowed(info.annotation, info.metadata),
            default=info.get_default(call_default_factory=True),
            is_required=info.is_required(),
            description=info.description or (section.__doc__ or "" if section else ""),
            section=section,
        )
        if section is not None:
            yield from walk(section, (*path, name))


def section_of(annotation: Any) -> type[RecipeSection] | None:
    """The group of keys inside a type: itself, a list's item, a union's member."""
    if isinstance(annotation, type) and issubclass(annotation, RecipeSection):
        return annotation
    for part in get_args(annotation):
        if section := section_of(part):
            return section
    return None


def field_at(model: type, key: Key) -> FieldInfo | None:
    """The field that a key means; list positions are passed over."""
    names = [part for part in key if isinstance(part, str)]
    for position, name in enumerate(names):
        fields: dict[str, FieldInfo] = getattr(model, "model_fields", {})
        if name not in fields:
            return None
        if position == len(names) - 1:
            return fields[name]
        section = section_of(fields[name].annotation)
        if section is None:
            return None
        model = section
    return None


def keys_at(model: type, group: Key) -> list[str]:
    """The keys of a group, the recipe's own for `()`."""
    if not group:
        return list(getattr(model, "model_fields", {}))
    info = field_at(model, group)
    section = section_of(info.annotation) if info else None
    return list(section.model_fields) if section else []


def paths_named(model: type, name: str) -> list[str]:
    """Where in a recipe a key of this name stands, as `training.seed`."""
    if not issubclass(model, RecipeSection):
        return []
    return [".".join(field.path) for field in walk(model) if field.path[-1] == name]


def choices(model: type, key: Key) -> list[str]:
    """The words a key takes, where it takes words."""
    info = field_at(model, key)
    return [str(word) for word in _literals(info.annotation)] if info else []


def _literals(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    if names := _open_names(annotation):
        return list(names.known)
    return [word for part in get_args(annotation) for word in _literals(part)]


def _open_names(annotation: Any) -> OpenNames | None:
    """The names that a type takes, where packages may add some."""
    return next((part for part in get_args(annotation) if isinstance(part, OpenNames)), None)


def allowed_values(model: type, key: Key) -> str:
    """What a key takes, in words."""
    info = field_at(model, key)
    if info is None:
        return "text"
    if key and isinstance(key[-1], int):
        return _allowed(get_args(info.annotation)[0], ())
    return _allowed(info.annotation, info.metadata)


def _allowed(annotation: Any, metadata: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if names := _open_names(annotation):
        return ", ".join(names.known)
    if origin is Annotated:
        own = [one for part in arguments[1:] for one in getattr(part, "metadata", [part])]
        return _allowed(arguments[0], own)
    if origin is Literal:
        return ", ".join(str(word) for word in arguments)
    if origin in (Union, UnionType):
        return ", or ".join(_allowed(part, metadata) for part in arguments)
    if origin in (list, dict):
        return _collection(arguments)
    return _plain(annotation, metadata)


def _collection(arguments: Sequence[Any]) -> str:
    words = ["texts" if part is str else _allowed(part, ()) for part in arguments]
    if len(words) == 1:
        return f"a list of {words[0].replace('a group', 'groups')}"
    return f"a group of keys ({words[0]}), each with {words[1]}"


def _plain(annotation: Any, metadata: Any) -> str:
    if section := section_of(annotation):
        return f"a group of keys ({', '.join(section.model_fields)})"
    words = {bool: "true or false", str: "text", NoneType: "null"}
    if annotation in words:
        return words[annotation]
    noun = "a whole number" if annotation is int else "a number"
    return ", ".join([noun, *_bounds(metadata)])


def _bounds(metadata: Any) -> Iterator[str]:
    words = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}
    bounds = [
        f"{word} {getattr(one, name):.10g}"
        for one in metadata
        for name, word in words.items()
        if getattr(one, name, None) is not None
    ]
    if bounds:
        yield " and ".join(bounds)
