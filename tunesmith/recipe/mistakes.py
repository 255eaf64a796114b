"""What pydantic and the YAML reader found -> every mistake at once, in sentences.

A mistake names its key, what is wrong with which value, and what would be right.
"""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from tunesmith.errors import RecipeError
from tunesmith.recipe.fields import allowed_values, choices, keys_at, paths_named
from tunesmith.recipe.section import NoEffectError

Key = tuple[str | int, ...]
Place = TypeVar("Place")

# What other tools call our keys, where the spelling is too far off to be near.
_OTHER_NAMES = {
    "base_model": "name",
    "batch_size": "examples_per_step",
    "dataset": "sources",
    "data": "sources",
    "lora_alpha": "alpha",
    "lora_r": "rank",
    "lr": "learning_rate",
    "lr_scheduler_type": "schedule",
    "max_length": "max_tokens",
    "max_seq_len": "max_tokens",
    "max_steps": "steps",
    "num_epochs": "epochs",
    "num_train_epochs": "epochs",
    "per_device_train_batch_size": "micro_batch",
    "r": "rank",
    "target_modules": "targets",
    "val": "validation",
    "warmup_ratio": "warmup_fraction",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One thing that is wrong: the key it stands at, and a sentence without its full stop."""

    key: Key
    message: str

    def __str__(self) -> str:
        name = dotted(self.key)
        return f"{name}: {self.message}" if name else self.message


def dotted(key: Key) -> str:
    """`("sources", 0, "path")` as `sources.0.path`."""
    return ".".join(str(part) for part in key)


def raise_mistakes(mistakes: Sequence[Mistake], name: str, places: Mapping[Key, str]) -> None:
    """Raise one RecipeError that lists all mistakes; return if there are none.

    Args:
        mistakes: What is wrong, in any order.
        name: The recipe's file, for the headline.
        places: Where each key was written: `recipe.yaml:4`, or `--set training.epochs=0`.
    """
    if not mistakes:
        return
    if len(mistakes) == 1:
        where = nearest_group(mistakes[0].key, places) or name
        raise RecipeError(str(mistakes[0]), where=where)
    lines = [f"{nearest_group(one.key, places) or name}: {_sentence(str(one))}" for one in mistakes]
    listing = "\n  ".join(sorted(dict.fromkeys(lines), key=_line_order))
    raise RecipeError(f"{len(set(lines))} mistakes:\n  {listing}", where=name)


def _line_order(line: str) -> tuple[str, int]:
    """By file, then by line number as a number."""
    place, _, rest = line.partition(": ")
    name, _, number = place.rpartition(":")
    return (name, int(number)) if number.isdigit() else (place, len(rest))


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def nearest_group(key: Key, places: Mapping[Key, Place]) -> Place | None:
    """Where the key, or the nearest group around it, was written."""
    for length in range(len(key), 0, -1):
        if place := places.get(key[:length]):
            return place
    return None


def mistakes_of(error: ValidationError, data: object, model: type) -> list[Mistake]:
    """What pydantic found, one mistake a key: the attempts at a union count as one."""
    found: dict[Key, Mistake] = {}
    members: dict[Key, list[Mistake]] = {}
    for one in error.errors(include_url=False):
        key, is_attempt, is_inside = _real_key(one["loc"], data, str(one["type"]))
        listed = _mistakes_at(dict(one), key, model)
        if is_attempt and not is_inside:
            found.setdefault(key, listed[0])
        else:
            members.setdefault(key, []).extend(listed)
    inside = [mistake for group in members.values() for mistake in group]
    keys = {mistake.key for mistake in inside}
    return inside + [one for key, one in found.items() if not _has_below(key, keys)]


def _mistakes_at(error: Mapping[str, Any], key: Key, model: type) -> list[Mistake]:
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, NoEffectError):
        reasons = cause.reasons.items()
        return [Mistake(key=(*key, name), message=reason) for name, reason in reasons]
    return [Mistake(key=key, message=_message(error, key, model))]


def _has_below(key: Key, others: set[Key]) -> bool:
    return any(other[: len(key)] == key for other in others)


def _real_key(loc: Sequence[str | int], data: object, kind: str) -> tuple[Key, bool, bool]:
    """Drop the names pydantic gives to the members of a union.

    Returns:
        The key as the user wrote it, whether a union was met, and whether the mistake lies
        inside the value that the union's member read (and so says more than the union).
    """
    key: list[str | int] = []
    is_attempt, is_inside = False, False
    for position, part in enumerate(loc):
        is_last_missing = kind == "missing" and position == len(loc) - 1
        if isinstance(data, Mapping) and (part in data or is_last_missing):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part]
        else:
            is_attempt = True
            continue
        key.append(part)
        is_inside = is_attempt
    return tuple(key), is_attempt, is_inside


def _message(error: Mapping[str, Any], key: Key, model: type) -> str:
    kind = error["type"]
    if kind == "extra_forbidden":
        return unknown_key(str(key[-1]), key[:-1], model)
    if kind == "missing":
        return f"is missing. Write {allowed_values(model, key)}"
    if kind == "value_error":
        return str(error["ctx"]["error"]).rstrip(".")
    near = difflib.get_close_matches(str(error["input"]), choices(model, key), n=1)
    hint = f". Did you mean {near[0]}?" if near else ""
    return f"{_shown(error['input'])} is not allowed. Allowed: {allowed_values(model, key)}{hint}"


def unknown_key(name: str, group: Key, model: type) -> str:
    """Say that a key is unknown, and which one was probably meant."""
    known = keys_at(model, group)
    other = _OTHER_NAMES.get(name.lower())
    near = difflib.get_close_matches(name.lower().replace("-", "_"), known, n=1)
    if near or other in known:
        return f"unknown key. Did you mean {near[0] if near else other}?"
    elsewhere = paths_named(model, name) or (paths_named(model, other) if other else [])
    if elsewhere:
        return f"unknown key. Did you mean {' or '.join(elsewhere)}?"
    return f"unknown key. Known here: {', '.join(known)}" if known else "unknown key"


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
