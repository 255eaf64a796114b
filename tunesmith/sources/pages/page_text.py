"""A page's file -> its text, decoded and of bounded length."""

import codecs
from pathlib import Path

from tunesmith.errors import DataError
from tunesmith.sources.chunks import text_chunks

MAX_PAGE_BYTES = 16 << 20


def read_page_text(path: Path, name: str) -> str:
    r"""The whole text of a page, every line ended by `\n`.

    Raises:
        DataError: It is longer than a page can be, no text, or in an unknown encoding.
    """
    data = _read_bytes(path, name).removeprefix(codecs.BOM_UTF8)
    if (place := data.find(b"\0")) >= 0:
        line = data.count(b"\n", 0, place) + 1
        raise DataError(
            "holds a NUL byte, which no text does; it is a binary file or damaged",
            where=f"{name}:{line}",
            cure="Name a page of text, or take it out of sources.",
        )
    return _decoded(data, name).replace("\r\n", "\n").replace("\r", "\n")


def _read_bytes(path: Path, name: str) -> bytes:
    parts, num_bytes = [], 0
    for chunk in text_chunks(path, name):
        parts.append(chunk)
        num_bytes += len(chunk)
        if num_bytes > MAX_PAGE_BYTES:
            raise DataError(
                f"is longer than {MAX_PAGE_BYTES >> 20} MB, more than a page is read of",
                where=name,
                cure="Cut it into several pages, or name its kind if it is no page.",
            )
    return b"".join(parts)


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"not UTF-8: byte 0x{data[error.start]:02x} (byte {error.start:,} of the file)",
            where=f"{name}:{line}",
            cure="Save the file as UTF-8.",
        ) from None
