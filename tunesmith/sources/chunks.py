"""A regular file, gzip or zstd or plain, in any Unicode encoding -> its text as UTF-8 in chunks.

Memory stays within a few chunks whatever the file holds. What is no file, cannot be
opened or unpacks to far more than it should is refused with the reason.
"""

import codecs
import contextlib
import difflib
import gzip
import itertools
import logging
import stat
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from tunesmith.errors import DataError, MissingError

CHUNK_BYTES = 1 << 20
MAX_UNPACKED_RATIO = 200  # text packs 3 to 30 times smaller; a bomb 1000 times
_FREE_UNPACKED_BYTES = 8 << 20  # below this a high ratio does no harm
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ENCODINGS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_UTF8 = b"\xff"  # stands for half a character, so that its line is refused

logger = logging.getLogger(__name__)


def check_file(path: Path, name: str) -> None:
    """Make sure that a path is a folder, or a regular file with content.

    Raises:
        MissingError: Nothing is there.
        DataError: It is a pipe or a device, it is empty, or it may not be read.
    """
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise MissingError("no such file", where=name, cure=_near_names(path)) from None
    except OSError as error:
        raise DataError(f"cannot be opened ({error.strerror})", where=name) from None
    if stat.S_ISDIR(status.st_mode):
        return
    if not stat.S_ISREG(status.st_mode):
        raise DataError(
            "is a pipe or a device, not a file", where=name, cure="Save the rows to a file first."
        )
    if status.st_size == 0:
        raise DataError(
            "the file is empty", where=name, cure="Write rows into it, or take it out of sources."
        )


def file_chunks(path: Path, name: str) -> Iterator[bytes]:
    """Read a file, unpacked and as UTF-8; bytes that are not UTF-8 are left for the reader.

    Raises:
        DataError: The packed data is damaged, ends early or is a bomb; or reading fails.
    """
    chunks = _unpacked(path, name)
    first = next(chunks, b"")
    encoding = _encoding(first)
    if encoding is None:
        yield first
        yield from chunks
        return
    logger.warning("%s is %s; it is read as such", name, encoding.upper())
    yield from _recoded(itertools.chain([first], chunks), encoding, name)


def file_head(path: Path, name: str, *, num_bytes: int = 1 << 16) -> bytes:
    """The beginning of a file as `file_chunks` gives it, without a byte order mark."""
    for chunk in file_chunks(path, name):
        return chunk[:num_bytes].removeprefix(codecs.BOM_UTF8)
    return b""


def _unpacked(path: Path, name: str) -> Iterator[bytes]:
    num_bytes = 0
    try:
        packed_bytes = path.stat().st_size
        with _opened(path) as (stream, is_packed):
            while chunk := stream.read(CHUNK_BYTES):
                num_bytes += len(chunk)
                if is_packed and num_bytes > _allowed(packed_bytes):
                    raise DataError(
                        f"unpacks to more than {MAX_UNPACKED_RATIO} times its size",
                        where=name,
                        cure="If that is right, unpack the file yourself and name the result.",
                    )
                yield chunk
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _damaged(name, error, num_bytes) from None
    except PermissionError:
        raise DataError(
            "may not be read", where=name, cure="Change its permissions, e.g. chmod u+r."
        ) from None
    except OSError as error:
        raise _damaged(name, error, num_bytes) from None


def _allowed(packed_bytes: int) -> int:
    return max(_FREE_UNPACKED_BYTES, MAX_UNPACKED_RATIO * packed_bytes)


def _damaged(name: str, error: Exception, num_bytes: int) -> DataError:
    return DataError(
        f"reading failed after {num_bytes:,} bytes ({error})",
        where=name,
        cure="The file is damaged or incomplete; copy or download it again.",
    )


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, bool]]:
    """A file's unpacked stream, and whether it is packed."""
    with path.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        if magic.startswith(_GZIP):
            yield cast(BinaryIO, gzip.GzipFile(fileobj=file)), True
        elif magic == _ZSTD:
            import pyarrow as pa  # noqa: PLC0415 - heavy, and rarely needed

            yield pa.CompressedInputStream(file, "zstd"), True
        else:
            yield file, False


def _encoding(head: bytes) -> str | None:
    """The encoding other than UTF-8 that a file declares, or that its NUL bytes betray."""
    for mark, encoding in _ENCODINGS:
        if head.startswith(mark):
            return encoding
    is_nul = [byte == 0 for byte in head[:4]]
    if is_nul == [False, True, False, True]:
        return "utf-16-le"
    if is_nul == [True, False, True, False]:
        return "utf-16-be"
    return None


def _recoded(chunks: Iterable[bytes], encoding: str, name: str) -> Iterator[bytes]:
    """UTF-16 or UTF-32 as UTF-8; half a pair or a cut end becomes invalid UTF-8 in its line."""
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    for chunk in chunks:
        try:
            text = decoder.decode(chunk)
        except UnicodeDecodeError as error:
            raise DataError(f"not valid {encoding.upper()} ({error.reason})", where=name) from None
        yield text.encode("utf-8", "surrogatepass")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        yield _NOT_UTF8


def _near_names(path: Path) -> str | None:
    folder = path.parent
    try:
        names = [entry.name for entry in folder.iterdir()]
    except (OSError, ValueError):
        return f"The folder {folder.name or folder} does not exist either."
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"Did you mean {near[0]}?" if near else "Paths are relative to the recipe's folder."


def files_in(folder: Path) -> str:
    """What to name instead of a folder, as a sentence."""
    try:
        names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    except OSError:
        names = []
    shown = ", ".join(names[:5])
    return f"Name a file in it: {shown}." if names else "Name a file."
