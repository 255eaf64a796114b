"""UTF-8 in chunks -> lines with number and place; a monstrous line costs only itself.

Only line feed, carriage return and both together end a line. U+2028, U+0085 and the like
are ordinary characters of a text.
"""

import codecs
from collections.abc import Iterable, Iterator
from typing import NamedTuple

MAX_LINE_BYTES = 16 << 20
PREVIEW_CHARACTERS = 200


class Line(NamedTuple):
    """A line with its end; `data` is only its beginning where `num_bytes` is larger."""

    number: int  # from 1
    offset: int  # of its first byte in the file
    data: bytes
    num_bytes: int

    @property
    def is_too_long(self) -> bool:
        """Whether the line was longer than is read."""
        return self.num_bytes > MAX_LINE_BYTES


def split_lines(chunks: Iterable[bytes]) -> Iterator[Line]:
    """Cut a file into lines, holding no more than one chunk and one line of legal length."""
    number, offset = 1, 0
    for data, num_bytes in _pieces(chunks):
        text, start = data, offset
        if number == 1 and data.startswith(codecs.BOM_UTF8):
            text, start = data[3:], offset + 3
        yield Line(number, start, text, num_bytes)
        number += 1
        offset += num_bytes


def excerpt(data: bytes | str) -> str:
    """The beginning of what was dropped, as text that can be written and read."""
    if isinstance(data, bytes):
        text = data[: 4 * PREVIEW_CHARACTERS].decode("utf-8", "backslashreplace")
    else:
        text = data.encode("utf-8", "backslashreplace").decode()
    return text[:PREVIEW_CHARACTERS].rstrip("\r\n")


def num_characters(text: bytes | str) -> int:
    """How many characters a text has besides blanks and line ends."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return sum(map(len, text.split()))


def _pieces(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    """Lines and their true length. The part of a line still open is carried along."""
    rest, num_skipped = b"", 0
    for chunk in chunks:
        pieces = (rest + chunk).splitlines(keepends=True)
        # A carriage return may be followed by its line feed in the next chunk.
        rest = pieces.pop() if pieces and not pieces[-1].endswith(b"\n") else b""
        for piece in pieces:
            yield piece[:MAX_LINE_BYTES] if num_skipped else piece, num_skipped + len(piece)
            num_skipped = 0
        if len(rest) > MAX_LINE_BYTES:
            kept = 4 * PREVIEW_CHARACTERS
            num_skipped += len(rest) - kept
            rest = rest[:kept]
    if rest:
        yield rest, num_skipped + len(rest)
