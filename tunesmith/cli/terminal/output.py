"""Results -> stdout, as text for people or as one JSON object for machines."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from tunesmith.cli.terminal.progress_bars import is_first_rank

SCHEMA = 1
# Control characters could move the cursor or change the colours of the reader's terminal.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class StageRecord(Protocol):
    """What a stage returned, as `stages.results` has it."""

    def to_dict(self) -> dict[str, object]:
        """The JSON of `--json`."""


def show_result(result: StageRecord | Mapping[str, object], *, is_json: bool) -> None:
    """Print what a stage returned; of the processes that torchrun started, one does."""
    if not is_first_rank():
        return
    record = result if isinstance(result, Mapping) else result.to_dict()
    if is_json:
        print_json({"schema": SCHEMA, **record})
        return
    for_people = {"summary": getattr(result, "summary", ())}
    from tunesmith.cli.terminal.result_lines import result_lines

    for line in result_lines({**for_people, **record}):
        print(printable(line))


def print_json(value: object) -> None:
    """Print one JSON value on one line."""
    import orjson

    text = orjson.dumps(value, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY)
    print(text.decode(), flush=True)


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")


def printable(text: str) -> str:
    """Text of a model or of data, with control characters shown instead of obeyed."""
    return _CONTROL.sub(_picture, text)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code == 0x7F:
        return "\u2421"
    return chr(0x2400 + code) if code < 0x20 else f"\\x{code:02x}"


def is_coloured() -> bool:
    """Whether stdout shows colours and the reader wants them (NO_COLOR, FORCE_COLOR)."""
    from rich.console import Console

    console = Console(file=sys.stdout)
    return console.is_terminal and not console.no_color
