"""A text file -> its lines as text, each with its number; bad ones come as Dropped."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tunesmith.sources.chunks import text_chunks
from tunesmith.sources.lines import split_lines
from tunesmith.sources.row import Dropped, RowError
from tunesmith.sources.tables.strict_json import check_characters


class TextLine(NamedTuple):
    """A line without its end."""

    number: int  # from 1
    text: str


def read_text_lines(
    path: Path, name: str, *, without: re.Pattern[str] | None = None
) -> Iterator[TextLine | Dropped]:
    """Read line by line, blank lines too.

    Args:
        path: The file.
        name: What it is called in places.
        without: What to take out of every line before it is checked.
    """
    for line in split_lines(text_chunks(path, name)):
        try:
            if line.is_too_long:
                raise RowError("line too long", f"{line.num_bytes:,} bytes long")
            text = line.data.decode().rstrip("\r\n")
            text = without.sub("", text) if without else text
            check_characters(text)
        except UnicodeDecodeError as error:
            fault = RowError("not UTF-8", f"byte 0x{line.data[error.start]:02x} is not UTF-8")
            yield Dropped.of(fault, source=f"{name}:{line.number}", text=line.data)
        except RowError as fault:
            yield Dropped.of(fault, source=f"{name}:{line.number}", text=line.data)
        else:
            yield TextLine(line.number, text)
