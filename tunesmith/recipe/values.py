"""The kinds of values that recipes hold: names of a closed set, shares, paths, devices."""

import codecs
import difflib
import re
from datetime import datetime
from encodings.aliases import aliases
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, WithJsonSchema

from tunesmith.recipe.open_names import OpenNames

SplitName = Literal["train", "validation", "test"]
SourceKindName = Literal[
    "json",
    "jsonl",
    "csv",
    "tsv",
    "parquet",
    "arrow",
    "text",
    "faq",
    "document",
    "slack",
    "dialogues",
    "mbox",
    "whatsapp",
    "messenger",
    "irc",
    "transcript",
    "feedback",
]
TemplateName = Literal[
    "auto", "alpaca", "question-answer", "concatenate", "phi3", "chatml", "chat", "plain"
]
MetricName = Literal["exact_match", "token_f1", "rouge_l", "chrf", "token_accuracy", "final_answer"]
KIND_NAMES = OpenNames("sources", get_args(SourceKindName))
TEMPLATE_NAMES = OpenNames("templates", get_args(TemplateName))
METRIC_NAMES = OpenNames("metrics", get_args(MetricName))
Baseline = Literal["nearest", "few-shot"]
FieldName = Literal[
    "instruction",
    "input",
    "response",
    "messages",
    "text",
    "system",
    "history",
    "choices",
    "chosen",
    "rejected",
    "thread",
    "author",
    "role",
    "message",
]
RedactKind = Literal["email", "phone", "card", "account", "ip", "secret", "handle"]
Share = Annotated[float, Field(ge=0.0, lt=1.0)]
Positive = Annotated[int, Field(ge=1)]
StopText = Annotated[str, Field(min_length=1)]
Rate = Annotated[float, Field(gt=0)]
Passes = Annotated[float, Field(gt=0)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


_NOT_OF_TEXT = ("idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "utf-7")


def _plain_path(value: str) -> str:
    """Expand `~`, and nothing else; a URL is no path."""
    if not value.strip() or re.search(r"[\x00-\x1f]", value):
        raise ValueError("is empty or holds control characters")
    if scheme := re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", value):
        raise ValueError(f"{scheme[0]} is not read; write the path of a file or folder")
    try:
        return str(Path(value).expanduser()) if value.startswith("~") else value
    except RuntimeError as error:
        raise ValueError(f"~ cannot be expanded: {error}") from None


def _known_template(value: str) -> str:
    """A template's name, or a Jinja file."""
    if value.endswith(".jinja"):
        return _plain_path(value)
    known = TEMPLATE_NAMES.known
    if value not in known:
        near = difflib.get_close_matches(value, known, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        names = ", ".join(sorted(known))
        raise ValueError(f"template {value!r} is unknown. Known: {names}, a .jinja file.{hint}")
    return value


def _known_encoding(value: str) -> str:
    """A character set that Python knows."""
    try:
        found = codecs.lookup(value)
    except (LookupError, ValueError):
        found = None
    if found is None or not found._is_text_encoding or found.name in _NOT_OF_TEXT:
        names = [name.replace("_", "-") for name in {*aliases, *aliases.values()}]
        near = difflib.get_close_matches(value.lower().replace("_", "-"), sorted(names), n=3)
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        known = "utf-8, utf-16, cp1252 (Windows calls it ANSI), iso-8859-2, gb18030, shift-jis"
        raise ValueError(f"encoding {value!r} is unknown. Known are {known} and others.{hint}")
    return value


def _known_date(value: str) -> str:
    """`auto`, `none`, or a day of the calendar, perhaps with the time."""
    if value in ("auto", "none"):
        return value
    try:
        datetime.fromisoformat(value)
    except ValueError:
        found = None
    else:
        found = re.fullmatch(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?)?", value)
    if found is None:
        raise ValueError(f"{value!r} is no date; write auto, none, 2026-11-30 or 2026-11-30 09:30")
    return value


def _known_device(value: str) -> str:
    """A device that PyTorch and Tunesmith both know."""
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", value):
        raise ValueError(f"device {value!r} is unknown. Known: auto, cpu, cuda, cuda:1, mps.")
    return value


_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_MEMORY = r"(\d+(?:\.\d+)?) ?([KMG]i?B)"


def memory_bytes(text: str) -> int:
    """Bytes of an amount such as `8 GiB`."""
    found = re.fullmatch(_MEMORY, text)
    if found is None:
        raise ValueError(f"{text!r} is no amount of memory; write a number and KB to GiB: 8 GiB")
    return int(float(found[1]) * _UNITS[found[2]])


def _known_memory(value: str) -> str:
    """`auto`, or an amount with its unit."""
    if value != "auto" and memory_bytes(value) == 0:
        raise ValueError("must be more than nothing")
    return value


Memory = Annotated[
    str,
    AfterValidator(_known_memory),
    WithJsonSchema({"type": "string", "pattern": f"^(auto|{_MEMORY})$"}),
]
PlainPath = Annotated[str, AfterValidator(_plain_path)]
KindReference = Annotated[
    str, KIND_NAMES, AfterValidator(KIND_NAMES.check), WithJsonSchema(KIND_NAMES.json_schema)
]
MetricReference = Annotated[
    str, METRIC_NAMES, AfterValidator(METRIC_NAMES.check), WithJsonSchema(METRIC_NAMES.json_schema)
]
TemplateReference = Annotated[
    str, AfterValidator(_known_template), WithJsonSchema(TEMPLATE_NAMES.json_schema)
]
EncodingName = Annotated[str, AfterValidator(_known_encoding)]
TemplateDate = Annotated[str, AfterValidator(_known_date)]
Device = Annotated[
    str,
    AfterValidator(_known_device),
    WithJsonSchema({"type": "string", "pattern": "^(auto|cpu|mps|cuda(:[0-9]+)?)$"}),
]
