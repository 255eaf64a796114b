"""Entry points of installed packages -> plug-ins by name; their code is imported when one is used.

Three doors are open: `tunesmith.sources`, `tunesmith.templates` and `tunesmith.metrics`. Names
and versions come from the packages' metadata, which imports nothing of theirs.
"""

import importlib.util
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import UnionType
from typing import (
    Any,
    Literal,
    Protocol,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from tunesmith.errors import RecipeError, TunesmithError
from tunesmith.files import hash_bytes

Door = Literal["sources", "templates", "metrics"]
DOORS: dict[Door, str] = {
    "sources": "source kind",
    "templates": "template",
    "metrics": "metric",
}
_WIDTH = 60
_NAME = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*")


class Named(Protocol):
    """A record that a plug-in gives."""

    @property
    def name(self) -> str:
        """What a recipe calls it."""


T = TypeVar("T", bound=Named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One entry point of an installed package.

    Attributes:
        door: Which table it adds to.
        name: What a recipe calls it.
        distribution: The package, as pip names it.
        version: Of the package.
        target: Where its record is, as `module:name`.
    """

    door: Door
    name: str
    distribution: str
    version: str
    target: str

    @property
    def package(self) -> str:
        """Package and version, for messages."""
        return f"{self.distribution} {self.version}"

    @property
    def title(self) -> str:
        """What it is, for messages: `metric 'brevity'`."""
        return f"{DOORS[self.door]} '{self.name}'"

    @property
    def fingerprint(self) -> list[str]:
        """All that decides what it does; what was made with another one is stale."""
        return [self.name, self.distribution, self.version, _code_of(self.target)]


def installed(door: Door) -> tuple[Plugin, ...]:
    """The plug-ins that installed packages offer at a door, by name; none is imported."""
    return _installed(door, tuple(sys.path))


def find_plugin(door: Door, name: str, *, built_in: Collection[str]) -> Plugin | None:
    """The plug-in of a name; None where no package offers it.

    Raises:
        RecipeError: The name is built in as well, is no name, or two packages offer it.
    """
    found = [plugin for plugin in installed(door) if plugin.name == name]
    if not found:
        return None
    offering = " and ".join(plugin.package for plugin in found)
    if name in built_in:
        raise RecipeError(
            f"{found[0].title} is built in, and cannot be replaced by that of {offering}",
            cure=f"Uninstall {found[0].distribution}, or ask its authors for another name.",
        )
    if len(found) > 1:
        raise RecipeError(f"{found[0].title} comes from {offering}", cure="Uninstall one of them.")
    if not _NAME.fullmatch(name):
        raise RecipeError(
            f"{found[0].title} of {offering} has no name that a recipe could use",
            cure="Its authors have to choose small letters, digits, - and _.",
        )
    return found[0]


@cache
def load_plugin(plugin: Plugin, types: tuple[type[T], ...]) -> T:
    """Import a plug-in's record.

    Args:
        plugin: Of `find_plugin`.
        types: What its entry point may name, or return if it names a function.

    Raises:
        RecipeError: It cannot be imported, or is something else; names the package.
    """
    try:
        group = f"tunesmith.{plugin.door}"
        with redirect_stdout(sys.stderr):
            record = EntryPoint(name=plugin.name, value=plugin.target, group=group).load()
            if callable(record) and not isinstance(record, types):
                record = record()
    except (Exception, SystemExit) as error:
        raise _not_usable(plugin, f"cannot be loaded ({in_words(error)})") from error
    if not isinstance(record, types):
        wanted = " or ".join(kind.__name__ for kind in types)
        raise _not_usable(plugin, f"is of type {type(record).__name__}, not {wanted}")
    if record.name != plugin.name:
        raise _not_usable(plugin, f"calls itself '{record.name}'")
    problem = wrong_field(record)
    if problem is not None:
        raise _not_usable(plugin, f"has a record whose {problem}")
    return record


def wrong_field(record: Any) -> str | None:
    """Which field of a plug-in's record, or of a record in it, is not what it is declared to be."""
    hints = get_type_hints(type(record))
    for field in fields(record):
        value = getattr(record, field.name)
        if not _fits(value, hints[field.name]):
            return f"{field.name} is {shortened(value)}"
    return None


def _fits(value: object, hint: Any) -> bool:
    origin, inside = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, one) for one in inside)
    if origin is tuple and isinstance(value, tuple):
        hints = inside[:1] * len(value) if inside[-1] is ... else inside
        return len(hints) == len(value) and all(map(_fits, value, hints))
    if origin is Mapping:
        return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)
    if is_dataclass(hint):
        return isinstance(value, cast(type, hint)) and wrong_field(value) is None
    if hint is float:
        return isinstance(value, int | float)
    return callable(value) if origin is Callable else isinstance(value, origin or hint)


def shortened(value: object) -> str:
    """A value of other people's code in a few words."""
    text = repr(value)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}..."


@contextmanager
def answerable(plugin: Plugin, *, where: str | None = None) -> Iterator[None]:
    """What a plug-in's code raises becomes an error that names its package.

    What it prints goes to stderr: stdout is the command's result.

    Raises:
        TunesmithError: The code within the block failed; errors of Tunesmith pass as they are.
    """
    try:
        with redirect_stdout(sys.stderr):
            yield
    except TunesmithError:
        raise
    except (Exception, SystemExit) as error:
        raise TunesmithError(
            f"{plugin.title} of {plugin.package} failed ({in_words(error)})",
            where=where,
            cure=f"That is a fault of {plugin.distribution}; tell its authors.",
        ) from error


def in_words(error: BaseException) -> str:
    """An exception of other people's code on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split()).rstrip(": .")


@cache
def _installed(door: Door, _: tuple[str, ...]) -> tuple[Plugin, ...]:
    found = [_plugin(door, point) for point in entry_points(group=f"tunesmith.{door}")]
    return tuple(sorted(found, key=lambda plugin: (plugin.name, plugin.distribution)))


def _plugin(door: Door, point: EntryPoint) -> Plugin:
    package: Any = point.dist
    return Plugin(
        door=door,
        name=point.name,
        distribution=package.metadata["Name"],
        version=package.version,
        target=point.value,
    )


def _not_usable(plugin: Plugin, words: str) -> RecipeError:
    return RecipeError(
        f"{plugin.title} of {plugin.package} {words}",
        cure=f"Install another version of {plugin.distribution}, or uninstall it.",
    )


@cache
def _code_of(target: str) -> str:
    """A hash of the source of the package that a target lies in; importing nothing."""
    top = target.partition(":")[0].partition(".")[0]
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        spec = None
    folders = [Path(place) for place in (spec and spec.submodule_search_locations) or ()]
    files = sorted(file for folder in folders for file in folder.rglob("*.py"))
    if not folders and spec is not None and spec.origin is not None:
        files = [Path(spec.origin)]
    return hash_bytes(b"\0".join(file.read_bytes() for file in files if file.is_file()))
