"""The text of a recipe that somebody is writing -> its values, and each mistake with its line."""

from dataclasses import dataclass, field
from typing import Any

import yaml

from tunesmith.recipe.load_recipe import MAX_BYTES, NO_KEYS, checked_values
from tunesmith.recipe.mistakes import Key, Mistake, dotted, nearest_group
from tunesmith.recipe.recipe import Recipe
from tunesmith.recipe.yaml_text import describe_yaml_error, read_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftMistake:
    """What is wrong, where: a line from 1 on, and the key as `training.epochs` if it is known."""

    line: int
    key: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeDraft:
    """What a text says so far.

    Attributes:
        values: As they stand, right or wrong; None where the text is no group of keys.
        lines: Where each key stands.
        mistakes: All of them, by line.
        recipe: Where there is no mistake.
    """

    values: dict[str, Any] | None = None
    lines: dict[Key, int] = field(default_factory=dict)
    mistakes: tuple[DraftMistake, ...] = ()
    recipe: Recipe | None = None


def read_draft(text: str) -> RecipeDraft:
    """Read a recipe's text, whatever is wrong with it."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        return _unreadable(1, "larger than 1 MB, so it is no recipe")
    try:
        document = read_yaml(text)
    except yaml.YAMLError as error:
        line, problem = describe_yaml_error(error)
        return _unreadable(line or 1, f"not valid YAML: {problem}")
    values = {} if document.value is None else document.value
    if not isinstance(values, dict):
        return _unreadable(1, f"a recipe is a group of keys. {NO_KEYS}")
    recipe, mistakes = checked_values(values)
    placed = {_placed(one, document.lines) for one in (*document.mistakes, *mistakes)}
    return RecipeDraft(
        values=values,
        lines=document.lines,
        mistakes=tuple(sorted(placed, key=lambda one: (one.line, one.key, one.message))),
        recipe=None if placed else recipe,
    )


def _unreadable(line: int, message: str) -> RecipeDraft:
    return RecipeDraft(mistakes=(DraftMistake(line=line, key="", message=message),))


def _placed(mistake: Mistake, lines: dict[Key, int]) -> DraftMistake:
    line = nearest_group(mistake.key, lines) or 1
    return DraftMistake(line=line, key=dotted(mistake.key), message=mistake.message)
