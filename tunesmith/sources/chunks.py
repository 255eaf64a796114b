"""A regular file, gzip or zstd or plain, in any character set -> its text as UTF-8 in chunks.

Memory stays within a few chunks whatever the file holds. What is no file, cannot be
opened or unpacks to far more than it should is refused with the reason.
"""

import codecs
import difflib
import functools
import gzip
import itertools
import logging
import stat
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import zstandard

from tunesmith.errors import DataError, MissingError
from tunesmith.sources.encodings.charset import Charset, find_charset, find_utf16
from tunesmith.sources.encodings.named_encoding import named_encoding, strictly_decoded

CHUNK_BYTES = 1 << 20
MAX_UNPACKED_RATIO = 200  # text packs 3 to 30 times smaller; a bomb 1000 times
_FREE_UNPACKED_BYTES = 8 << 20  # below this a high ratio does no harm
_GZIP = b"\x1f\x8b"
_ZSTD = (b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18")  # a frame; one to skip, as pzstd writes first
_ZSTD_WINDOW_BYTES = 1 << 31  # of `zstd --long=31`
_ZSTD_PIECE_BYTES = 1 << 10  # packed; a bomb makes 32 MB of it
_AHEAD = 8  # chunks that are looked at to learn a character set
_ENOUGH = 200  # bytes beyond ASCII that tell it
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
    """Read a file, unpacked and, if it is UTF-16 or UTF-32, as UTF-8; other bytes as they are.

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
    _tell(str(path), f"{name} is {encoding.upper()}; it is read as such")
    yield from _recoded(itertools.chain([first], chunks), encoding, name)


def text_chunks(path: Path, name: str, *, is_told: bool = True) -> Iterator[bytes]:
    """Read a text as UTF-8, whatever character set it is written in.

    It is that of `named_encoding`; where none is named, UTF-8 or the one that fits best. Bytes that
    fit no set are left for the reader then, as single ones in a text of UTF-8 are.

    Args:
        path: The file.
        name: What it is called in places.
        is_told: Whether to warn of a set that is only guessed.

    Raises:
        DataError: As `file_chunks` does.
    """
    encoding = named_encoding()
    if encoding is not None:
        yield from strictly_decoded(_unpacked(path, name), encoding, name)
        return
    chunks = file_chunks(path, name)
    for chunk in chunks:
        if chunk.isascii():
            yield chunk
            continue
        ahead = [chunk, *_ahead(chunk, chunks)]
        charset = find_charset(b"".join(ahead))
        rest: Iterator[bytes] = itertools.chain(ahead, chunks)
        if charset is not None:
            if is_told and not charset.is_declared:
                _tell(str(path), _notice(charset, name))
            rest = _recoded(rest, charset.codec, name)
        yield from rest


def found_charset(path: Path, name: str) -> Charset | None:
    """What other than UTF-8 a text is taken for, as `text_chunks` does where none is named.

    Raises:
        DataError: As `file_chunks` does.
    """
    chunks = _unpacked(path, name)
    first = next(chunks, b"")
    encoding = _encoding(first)
    if encoding is not None:
        return Charset(encoding, is_declared=True)
    for chunk in itertools.chain([first], chunks):
        if not chunk.isascii():
            return find_charset(b"".join([chunk, *_ahead(chunk, chunks)]))
    return None


def file_head(path: Path, name: str, *, num_bytes: int = 1 << 16) -> bytes:
    """The beginning of a file as `text_chunks` gives it, without a byte order mark."""
    for chunk in text_chunks(path, name, is_told=False):
        return chunk[:num_bytes].removeprefix(codecs.BOM_UTF8)
    return b""


def _ahead(chunk: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Further chunks, while a first one that is not UTF-8 tells too little of its set."""
    num_bytes = len(chunk) - len(chunk.decode("ascii", "ignore"))
    for following in itertools.islice(chunks, _AHEAD if num_bytes < _ENOUGH else 0):
        yield following
        num_bytes += len(following) - len(following.decode("ascii", "ignore"))
        if num_bytes >= _ENOUGH:
            return


def _notice(charset: Charset, name: str) -> str:
    """What was taken, how sure that is, and what to do if it is wrong."""
    others = ", ".join(charset.others[:3])
    sure = f"it may be {others} as well" if others else "no other fits as well"
    return (
        f"{name} is not UTF-8; it is read as {charset.codec}, which fits it best ({sure}). If its "
        "letters come out wrong, name the right one: encoding: NAME (--encoding NAME)"
    )


@functools.cache
def _tell(path: str, notice: str) -> None:
    """Warn once of a file, however often it is opened."""
    logger.warning("%s", notice)


def _unpacked(path: Path, name: str) -> Iterator[bytes]:
    num_bytes = 0
    try:
        packed_bytes = path.stat().st_size
        with path.open("rb") as file:
            chunks, is_packed = _opened(file)
            for chunk in chunks:
                num_bytes += len(chunk)
                if is_packed and num_bytes > _allowed(packed_bytes):
                    raise DataError(
                        f"unpacks to more than {MAX_UNPACKED_RATIO} times its size",
                        where=name,
                        cure="If that is right, unpack the file yourself and name the result.",
                    )
                yield chunk
    except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError) as error:
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


def _opened(file: BinaryIO) -> tuple[Iterator[bytes], bool]:
    """A file's unpacked chunks, and whether it is packed."""
    magic = file.read(4)
    file.seek(0)
    if magic.startswith(_GZIP):
        stream = gzip.GzipFile(fileobj=file)
        return iter(lambda: stream.read(CHUNK_BYTES), b""), True
    if magic in _ZSTD:
        return _joined(_zstd_pieces(file)), True
    return iter(lambda: file.read(CHUNK_BYTES), b""), False


def _zstd_pieces(file: BinaryIO) -> Iterator[bytes]:
    """What all frames of a file hold, one after the other."""
    frames = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES)
    frame, is_open = frames.decompressobj(), False
    while packed := file.read(_ZSTD_PIECE_BYTES):
        while packed:
            yield frame.decompress(packed)
            is_open, packed = not frame.eof, frame.unused_data
            if frame.eof:
                frame = frames.decompressobj()
    if is_open:
        raise EOFError("the last frame ends early")


def _joined(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Pieces of any size as chunks."""
    parts, num_bytes = list[bytes](), 0
    for piece in pieces:
        parts.append(piece)
        num_bytes += len(piece)
        if num_bytes >= CHUNK_BYTES:
            yield b"".join(parts)
            parts, num_bytes = [], 0
    if num_bytes:
        yield b"".join(parts)


def _encoding(head: bytes) -> str | None:
    """The encoding other than UTF-8 that a file declares, or that its NUL bytes betray."""
    marked = (encoding for mark, encoding in _ENCODINGS if head.startswith(mark))
    return next(marked, None) or find_utf16(head)


def _recoded(chunks: Iterable[bytes], encoding: str, name: str) -> Iterator[bytes]:
    """Another set as UTF-8; half a pair or a cut end becomes invalid UTF-8 in its line."""
    errors = "surrogatepass" if encoding.startswith("utf") else "surrogateescape"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
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
