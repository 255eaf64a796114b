"""The JSON of a new job -> what is to be tuned, on what, how; every key is known or refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tunesmith.serving.api_error import ApiError
from tunesmith.serving.json_body import integer, wrong_value

_KNOWN = {
    "model", "training_file", "validation_file", "hyperparameters", "method", "seed", "suffix",
    "metadata", "integrations",
}  # fmt: skip
_SUFFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
# OpenAI's name of each number -> the recipe's key, whether it is whole, and its most.
_NUMBERS: dict[str, tuple[str, bool, float]] = {
    "n_epochs": ("epochs", True, 1000),
    "batch_size": ("examples_per_step", True, 4096),
    "learning_rate_multiplier": ("learning_rate", False, 1000),
}
_MOST_METADATA = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """What a client asks for.

    Attributes:
        model: The model to begin from, by its id here.
        training_file: A file's id.
        validation_file: Another's, for the loss during training.
        hyperparameters: OpenAI's three, each a number or `auto`.
        seed: Of the order of the examples.
        suffix: Becomes part of the new model's id.
        metadata: The client's own words.
    """

    model: str
    training_file: str
    validation_file: str | None = None
    hyperparameters: dict[str, int | float | str] = field(default_factory=dict)
    seed: int = 0
    suffix: str | None = None
    metadata: dict[str, str] | None = None


def read_job_request(body: Mapping[str, Any]) -> JobRequest:
    """The request of `POST /v1/fine_tuning/jobs`.

    Raises:
        ApiError: A key is unknown, or its value cannot be done.
    """
    for name, value in body.items():
        if name not in _KNOWN and value is not None:
            raise _unsupported(name[:60], f"Known: {', '.join(sorted(_KNOWN))}.")
    if body.get("integrations"):
        raise _unsupported("integrations", "Nothing is sent from here to anywhere.")
    suffix = body.get("suffix")
    if suffix is not None and not (isinstance(suffix, str) and _SUFFIX.fullmatch(suffix)):
        raise wrong_value("suffix", suffix, "1 to 64 letters, digits, dots, dashes")
    return JobRequest(
        model=_text(body, "model"),
        training_file=_text(body, "training_file"),
        validation_file=_text(body, "validation_file") if body.get("validation_file") else None,
        hyperparameters=_hyperparameters(body),
        seed=integer(body, "seed", least=0, most=2**32 - 1) or 0,
        suffix=suffix,
        metadata=_metadata(body.get("metadata")),
    )


def training_keys(
    hyperparameters: Mapping[str, int | float | str], base_rate: object
) -> dict[str, Any]:
    """The keys of a recipe's `training` that OpenAI's hyperparameters stand for.

    Args:
        hyperparameters: As `read_job_request` gives them.
        base_rate: The learning rate that a multiplier multiplies, where defaults give one.

    Raises:
        ApiError: There is nothing that could be multiplied.
    """
    keys: dict[str, Any] = {}
    for name, value in hyperparameters.items():
        if value == "auto" or (name == "learning_rate_multiplier" and value == 1):
            continue
        if name == "learning_rate_multiplier":
            if not isinstance(base_rate, int | float):
                raise ApiError(
                    f"{name}: the learning rate is found by trials here, so that there is none to "
                    "multiply. Leave it out or say auto; or write training.learning_rate to "
                    "defaults.yaml in the server's folder of jobs.",
                    param=name,
                    code="invalid_value",
                )
            keys["learning_rate"] = float(value) * base_rate
        else:
            keys[_NUMBERS[name][0]] = value
    return keys


def _hyperparameters(body: Mapping[str, Any]) -> dict[str, int | float | str]:
    """Those of `method`, or the older ones beside it."""
    older, method = body.get("hyperparameters"), body.get("method")
    found = _numbers(older, "hyperparameters") if older is not None else {}
    if method is None:
        return found
    if not isinstance(method, dict):
        raise wrong_value("method", method, "an object with type: supervised")
    if method.get("type") != "supervised":
        known = "this server tunes with supervised examples alone"
        raise ApiError(
            f"method.type: {str(method.get('type'))[:60]!r}: {known}. Say supervised.",
            param="method.type",
            code="unsupported_value",
        )
    _only(method, {"type", "supervised"}, "method")
    inner = method.get("supervised") or {}
    if not isinstance(inner, dict):
        raise wrong_value("method.supervised", inner, "an object with hyperparameters")
    _only(inner, {"hyperparameters"}, "method.supervised")
    newer = _numbers(inner.get("hyperparameters") or {}, "method.supervised.hyperparameters")
    for name in found.keys() & newer.keys():
        if found[name] != newer[name]:
            problem = f"{name} stands in hyperparameters and in method, and differs. Give one."
            raise ApiError(problem, param=name, code="invalid_value")
    return {**found, **newer}


def _numbers(given: object, where: str) -> dict[str, int | float | str]:
    if not isinstance(given, dict):
        raise wrong_value(where, given, "an object")
    _only(given, set(_NUMBERS), where)
    for name, value in given.items():
        _, is_whole, most = _NUMBERS[name]
        kinds = (int,) if is_whole else (int, float)
        is_number = isinstance(value, kinds) and not isinstance(value, bool) and 0 < value <= most
        if value != "auto" and not is_number:
            what = "a whole number" if is_whole else "a number"
            raise wrong_value(f"{where}.{name}", value, f"auto or {what} above 0, up to {most:g}")
    return dict(given)


def _only(given: Mapping[str, Any], known: set[str], where: str) -> None:
    for name, value in given.items():
        if name not in known and value is not None:
            raise _unsupported(f"{where}.{name[:60]}", f"Known: {', '.join(sorted(known))}.")


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise wrong_value(name, value, "an id")
    return value


def _metadata(value: object) -> dict[str, str] | None:
    if value is None:
        return None
    is_small = isinstance(value, dict) and len(value) <= _MOST_METADATA
    if not is_small or not all(
        isinstance(text, str) and len(key) <= 64 and len(text) <= 512
        for key, text in value.items()  # type: ignore[attr-defined]
    ):
        raise wrong_value("metadata", value, f"up to {_MOST_METADATA} short texts with their keys")
    return dict(value)  # type: ignore[call-overload, no-any-return]


def _unsupported(name: str, cure: str) -> ApiError:
    problem = f"{name}: this server cannot do it. Leave it out. {cure}"
    return ApiError(problem, param=name, code="unsupported_parameter")
