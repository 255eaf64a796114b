"""The bytes of a request -> a JSON object, and typed values out of it, each within bounds."""

import json
from collections.abc import Mapping
from typing import Any

import orjson

from tunesmith.serving.api_error import ApiError


def read_request_body(body: bytes, *, depth: int) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ApiError: It is no JSON, no object, nested too deeply, or names a key twice.
    """
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ApiError(f"the body is no JSON: {error}", code="invalid_json") from None
    if not isinstance(found, dict):
        raise ApiError("the body is no JSON object", code="invalid_json")
    _refuse_deep(found, depth)
    json.loads(body, object_pairs_hook=_refuse_twice)
    return found


def integer(body: Mapping[str, Any], name: str, *, least: int, most: int) -> int | None:
    """A whole number within bounds; None where it is not given.

    Raises:
        ApiError: It is another value.
    """
    value = body.get(name)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if value is None or (is_whole and least <= value <= most):
        return value
    raise wrong_value(name, value, f"a whole number from {least:,} to {most:,}")


def real(body: Mapping[str, Any], name: str, *, above: float, most: float) -> float | None:
    """A number from `above`, or behind it where that is negative, to `most`; None if not given.

    Raises:
        ApiError: It is another value.
    """
    value = body.get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is None or (is_number and above <= value <= most):
        return None if value is None else float(value)
    raise wrong_value(name, value, f"a number from {above:g} to {most:g}")


def flag(body: Mapping[str, Any], name: str) -> bool:
    """True or false; false where it is not given.

    Raises:
        ApiError: It is another value.
    """
    value = body.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise wrong_value(name, value, "true or false")


def wrong_value(name: str, value: object, expected: str) -> ApiError:
    """The refusal of a value."""
    shown = repr(value)
    shown = shown if len(shown) <= 60 else f"{shown[:60]}..."
    return ApiError(f"{name}: {shown} is not {expected}", param=name, code="invalid_value")


def _refuse_deep(found: object, depth: int) -> None:
    level: list[Any] = [found]
    for _ in range(depth):
        parts = (one.values() if isinstance(one, dict) else one for one in level)
        level = [part for one in parts for part in one if isinstance(part, dict | list)]
        if not level:
            return
    raise ApiError(f"the JSON is nested deeper than {depth}", code="invalid_json")


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) < len(pairs):
        keys = [name for name, _ in pairs]
        twice = next(name for name in keys if keys.count(name) > 1)
        raise ApiError(f"the key {twice[:60]!r} stands there twice", code="invalid_json")
    return names
