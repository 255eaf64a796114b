"""A folder, or a zip archive that nobody trusts -> the names in it and their bytes in chunks.

Nothing is ever written to disk. An archive is refused as a whole where a name leads out of it,
stands there twice, is a link or is encrypted, or where it would unpack to too much.
"""

import contextlib
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tunesmith.errors import DataError
from tunesmith.sources.chunks import CHUNK_BYTES, MAX_UNPACKED_RATIO, file_chunks
from tunesmith.sources.row import RowError

MAX_MEMBERS = 200_000
MAX_DEPTH = 8  # folders below the one that is named
MAX_MEMBER_BYTES = 256 << 20
MAX_TOTAL_BYTES = 4 << 30
_FREE_UNPACKED_BYTES = 8 << 20  # below this a high ratio does no harm
_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = b"PK\x01\x02"
_IS_ENCRYPTED = 0x1 | 0x40 | 0x2000
_IS_UTF8 = 0x800


class FolderTree:
    """The regular files of a folder; links are left alone, since they may lead anywhere."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name
        self.links: list[str] = []
        self.names = sorted(self._walk(path))

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a file.

        Raises:
            RowError: It cannot be read.
        """
        try:
            yield from file_chunks(self._path / name, name)
        except DataError as error:
            raise RowError("unreadable file", error.message) from None

    def close(self) -> None:
        """Nothing is open."""

    def _walk(self, folder: Path, *, depth: int = 0) -> Iterator[str]:
        """Files of the folder and of those in it; exports are not deeper than the limit."""
        for number, entry in enumerate(_entries(folder, self._name)):
            if number == MAX_MEMBERS:
                raise _too_many(self._name)
            name = str(entry.relative_to(self._path))
            if entry.is_symlink():
                self.links.append(name)
            elif entry.is_dir() and depth < MAX_DEPTH:
                yield from self._walk(entry, depth=depth + 1)
            elif entry.is_file():
                yield name


class ZipTree:
    """The members of a zip archive, after it was checked as a whole."""

    def __init__(self, path: Path, name: str) -> None:
        self.links: list[str] = []
        self._name = name
        _check_number(path, name)
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise _damaged(name, error) from None
        with _closed_on_error(self._zip):
            self._members = _checked_members(self._zip.infolist(), name)
        self.names = sorted(self._members)

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a member, unpacked as they are read.

        Raises:
            RowError: It is damaged.
        """
        num_bytes = 0
        try:
            with self._zip.open(self._members[name]) as stream:
                while chunk := stream.read(CHUNK_BYTES):
                    num_bytes += len(chunk)
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            detail = f"unpacking failed after {num_bytes:,} bytes ({error})"
            raise RowError("unreadable file", detail) from None

    def close(self) -> None:
        """Close the archive's file."""
        self._zip.close()


def open_tree(path: Path, name: str) -> FolderTree | ZipTree:
    """A folder's or a zip archive's files under one interface.

    Raises:
        DataError: The archive is damaged, hostile or too large.
    """
    return FolderTree(path, name) if path.is_dir() else ZipTree(path, name)


def _entries(folder: Path, name: str) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except OSError as error:
        raise DataError(f"cannot be opened ({error.strerror})", where=name) from None


def _check_number(path: Path, name: str) -> None:
    """Count the entries before zipfile makes an object of each: a million take a gigabyte."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        tail_start = max(0, size - (1 << 16) - _END.size)
        file.seek(tail_start)
        tail = file.read()
        place = tail.rfind(b"PK\x05\x06")
        if place < 0 or len(tail) < place + _END.size:
            return  # zipfile says what is wrong
        num_bytes = _END.unpack_from(tail, place)[5]
        end = tail_start + place
        if num_bytes == 0xFFFFFFFF:
            num_bytes = _long_directory_bytes(tail, place)
        file.seek(max(0, end - num_bytes - _END64.size - _END64_LOCATOR.size))
        count, rest = 0, b""
        while file.tell() < end and (chunk := file.read(CHUNK_BYTES)):
            count += (rest + chunk).count(_ENTRY)
            rest = chunk[-3:]
            if count > MAX_MEMBERS:
                raise _too_many(name)


def _long_directory_bytes(tail: bytes, place: int) -> int:
    """The size of a directory of more than 4 GB, which only a bomb would need."""
    start = place - _END64_LOCATOR.size - _END64.size
    if start < 0 or not tail[start:].startswith(b"PK\x06\x06"):
        return 0
    return int(_END64.unpack_from(tail, start)[8])


def _checked_members(infos: list[zipfile.ZipInfo], archive: str) -> dict[str, zipfile.ZipInfo]:
    members: dict[str, zipfile.ZipInfo] = {}
    total = 0
    for info in infos:
        name = _member_name(info)
        _check_name(name, info, archive)
        if info.is_dir():
            continue
        if name in members:
            raise _hostile(archive, name, "stands there twice")
        total += info.file_size
        _check_size(info, name, archive)
        if total > MAX_TOTAL_BYTES:
            detail = f"unpacks to more than {MAX_TOTAL_BYTES >> 30} GB"
            raise DataError(detail, where=archive, cure="Export fewer channels or days at once.")
        members[name] = info
    return members


def _member_name(info: zipfile.ZipInfo) -> str:
    """Names without the UTF-8 flag are mostly UTF-8 all the same."""
    if info.flag_bits & _IS_UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return info.filename


def _check_name(name: str, info: zipfile.ZipInfo, archive: str) -> None:
    parts = PurePosixPath(name).parts
    is_drive = len(name) > 1 and name[1] == ":"
    if "\\" in name or "\\" in info.orig_filename or "\0" in info.orig_filename:
        raise _hostile(archive, name, "holds a backslash or NUL")
    if name.startswith("/") or is_drive or ".." in parts or not parts:
        raise _hostile(archive, name, "leads out of the archive")
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _hostile(archive, name, "is a link or a device")
    if info.flag_bits & _IS_ENCRYPTED:
        raise DataError(
            f"member {name[:80]!r} is encrypted",
            where=archive,
            cure="Unpack it with its password, and name the folder.",
        )


def _check_size(info: zipfile.ZipInfo, name: str, archive: str) -> None:
    if info.file_size > MAX_MEMBER_BYTES:
        detail = f"member {name[:80]!r} unpacks to more than {MAX_MEMBER_BYTES >> 20} MB"
        raise DataError(detail, where=archive, cure="Take it out of the archive, if it belongs.")
    allowed = max(_FREE_UNPACKED_BYTES, MAX_UNPACKED_RATIO * info.compress_size)
    if info.file_size > allowed:
        detail = f"member {name[:80]!r} unpacks to more than {MAX_UNPACKED_RATIO} times its size"
        raise DataError(
            detail, where=archive, cure="If that is right, unpack it yourself and name the folder."
        )


@contextlib.contextmanager
def _closed_on_error(archive: zipfile.ZipFile) -> Iterator[None]:
    try:
        yield
    except BaseException:
        archive.close()
        raise


def _hostile(archive: str, name: str, words: str) -> DataError:
    return DataError(
        f"member {name[:80]!r} {words}",
        where=archive,
        cure="No export has such a member; ask where the archive comes from.",
    )


def _too_many(name: str) -> DataError:
    return DataError(
        f"holds more than {MAX_MEMBERS:,} files",
        where=name,
        cure="Export fewer channels or days at once.",
    )


def _damaged(name: str, error: Exception) -> DataError:
    return DataError(
        f"not readable as a zip archive ({error})",
        where=name,
        cure="The file is damaged or incomplete; copy or download it again.",
    )
