"""The bytes of one JSON value -> the value, or exactly why it is refused.

Stricter than Python and most libraries, which let pass in silence what spoils training
later: NaN, a key given twice (the last wins), half an emoji (no tokenizer can encode it),
control characters. Nesting is measured before parsing, because parsers crash on it.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from tunesmith.sources.row import RowError

MAX_DEPTH = 64

_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\Z)|[\[{]|[\]}]', re.DOTALL)
UNFIT = re.compile("[\x00-\x08\x0e-\x1f\ud800-\udfff]")


def parse_json(data: bytes, *, offset: int = 0) -> Any:
    """Parse one JSON value; `offset` is its place in the file, for messages.

    Raises:
        RowError: It is not valid, or holds what training could not use.
    """
    check_depth(data)
    text = _decode(data, offset)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _syntax_fault(error, data) from None
    except RowError:
        raise
    except ValueError:  # Python's own limit on the digits of an integer
        raise RowError("number too long", "an integer has more than 4,300 digits") from None
    if b"\\u" in data or b"\\b" in data:
        check_characters(value)
    return value


def check_characters(value: object) -> None:
    """Refuse text that no tokenizer can encode or that is not text.

    Allowed are tab, line feed, vertical tab, form feed and carriage return, and all
    characters from the space on but half surrogate pairs.

    Raises:
        RowError: A lone surrogate or a control character.
    """
    if isinstance(value, str):
        if match := UNFIT.search(value):
            raise _unfit_fault(match)
    elif isinstance(value, dict):
        for key, item in value.items():
            check_characters(key)
            check_characters(item)
    elif isinstance(value, list | tuple):
        for item in value:
            check_characters(item)


def _unfit_fault(match: re.Match[str]) -> RowError:
    code = ord(match.group())
    place = f"at character {match.start() + 1} of a text"
    if code < 0x20:
        return RowError("control character", f"control character U+{code:04X} {place}")
    return RowError("lone surrogate", f"half a surrogate pair, U+{code:04X}, {place}")


def check_depth(data: bytes) -> None:
    """Refuse deep nesting before a parser meets it.

    Raises:
        RowError: Nested more than 64 levels deep.
    """
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for match in _TOKEN.finditer(data):
        token = data[match.start()]
        if token in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise RowError("nested too deeply", f"nested more than {MAX_DEPTH} levels deep")
        elif token in b"]}":
            depth -= 1


def _decode(data: bytes, offset: int) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise RowError(
            "not UTF-8",
            f"not UTF-8: byte 0x{data[error.start]:02x} at column {error.start + 1} "
            f"(byte {offset + error.start:,} of the file). Save the file as UTF-8",
        ) from None


def _syntax_fault(error: json.JSONDecodeError, data: bytes) -> RowError:
    ends_early = not data[: len(data.rstrip())].endswith((b"}", b"]"))
    cut = "; the line ends early" if ends_early and error.pos >= len(error.doc.rstrip()) - 1 else ""
    place = f"column {error.colno}" if error.lineno == 1 else f"line {error.lineno} of the row"
    return RowError("bad JSON", f"not valid JSON: {error.msg} at {place}{cut}")


def _unique_keys(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise RowError("duplicate key", f"the key '{key}' stands there twice")
            seen.add(key)
    return fields


def _refuse_constant(name: str) -> NoReturn:
    raise RowError("NaN or Infinity", f"{name} is not a JSON value")


def _finite_float(literal: str) -> float:
    number = float(literal)
    if number in (float("inf"), float("-inf")):
        raise RowError("NaN or Infinity", f"the number {literal[:20]} is too large to hold")
    return number


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique_keys,
    parse_constant=_refuse_constant,
    parse_float=_finite_float,
)
