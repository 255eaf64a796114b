"""Names of a table that installed packages may add to: which are known, and which are disputed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticCustomError

from tunesmith.entry_points import Door, find_plugin, installed
from tunesmith.errors import RecipeError

Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class OpenNames:
    """The names that a key takes: those built in, and those of plug-ins at a door."""

    door: Door
    built_in: tuple[str, ...]

    @property
    def known(self) -> tuple[str, ...]:
        """Every name; what packages add stands last."""
        return tuple(dict.fromkeys([*self.built_in, *(one.name for one in installed(self.door))]))

    @property
    def json_schema(self) -> dict[str, Any]:
        """For editors: they complete what is built in, and leave other names alone."""
        return {"anyOf": [{"enum": list(self.built_in)}, {"type": "string"}]}

    def check(self, value: str) -> str:
        """The name, if it is known."""
        if value not in self.built_in and value not in self.known:
            raise PydanticCustomError("unknown_name", "unknown name")
        return value

    def dispute(self, name: object) -> str | None:
        """Why a name that is known cannot be used, for two offer it; None where it can."""
        if not isinstance(name, str):
            return None
        try:
            find_plugin(self.door, name, built_in=self.built_in)
        except RecipeError as error:
            return str(error)
        return None


def values_at(data: object, path: Sequence[str]) -> Iterator[tuple[Key, object]]:
    """What stands at a path of a recipe as it is written, with its key; of a list, each item."""
    if isinstance(data, list):
        for position, item in enumerate(data):
            yield from (((position, *key), value) for key, value in values_at(item, path))
    elif not path:
        yield (), data
    elif isinstance(data, Mapping) and path[0] in data:
        found = values_at(data[path[0]], path[1:])
        yield from (((path[0], *key), value) for key, value in found)
