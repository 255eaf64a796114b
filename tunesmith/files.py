"""Python records -> files that are whole or absent -> the same records.

JSON Lines in and out, atomic writes, folder locks and content hashes.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import orjson

from tunesmith.errors import DataError, DiskFullError, MissingError, RecipeError

RUN_MARKER = "tunesmith-run.json"  # of a run's folder, written before anything else
_HASH_CHUNK_BYTES = 1 << 20


@contextlib.contextmanager
def atomic_file(path: Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """Open a temporary file that takes `path`'s place when the block ends without an error.

    Raises:
        DiskFullError: The device is full; what stood at `path` still stands.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".tmp-{path.name[:40]}-")
    try:
        encoding = None if "b" in mode else "utf-8"
        with os.fdopen(handle, mode, encoding=encoding) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        raise_disk_full(error, path)
        raise
    finally:
        Path(temporary).unlink(missing_ok=True)


def given_path(value: object, *, where: str) -> Path:
    """What a caller of Python gave for a path.

    Raises:
        RecipeError: It is nothing that can name a file.
    """
    cure = "For example: 'runs/mine'."
    if not isinstance(value, str | os.PathLike) or isinstance(os.fspath(value), bytes):
        found = type(value).__name__
        raise RecipeError(f"takes a path, not one of type {found}", where=where, cure=cure)
    if value == "":
        raise RecipeError("the path is empty", where=where, cure=cure)
    try:
        os.stat(value)  # noqa: PTH116 - only whether the system takes it for a path
    except ValueError:
        raise RecipeError("the path holds a NUL character", where=where, cure=cure) from None
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
            raise RecipeError(f"no path ({error.strerror})", where=where, cure=cure) from None
    return Path(value)


def raise_disk_full(error: OSError, path: Path) -> None:
    """Turn "no space" and "file too large" into our own error; return for any other."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        raise DiskFullError(
            f"no space left to write ({error.strerror})",
            where=str(path),
            cure="Free some space and run the same command again; nothing written is lost.",
        ) from error


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    with atomic_file(path) as stream:
        stream.write(text.encode())


def write_json(path: Path, value: object) -> None:
    """Write one JSON value atomically, indented, keys in their order."""
    with atomic_file(path) as stream:
        stream.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def read_json(path: Path) -> Any:
    """Read one JSON value that Tunesmith wrote.

    Raises:
        MissingError: There is no such file.
        DataError: It is not JSON.
    """
    try:
        return orjson.loads(path.read_bytes())
    except FileNotFoundError:
        raise MissingError("no such file", where=str(path)) from None
    except orjson.JSONDecodeError as error:
        raise DataError(f"not valid JSON ({error})", where=str(path)) from None


def json_line(value: object) -> bytes:
    """One record as a line of JSON Lines."""
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


def write_json_lines(path: Path, rows: Iterable[object]) -> int:
    """Write records as JSON Lines, atomically; returns how many."""
    count = 0
    with atomic_file(path) as stream:
        for row in rows:
            stream.write(json_line(row))
            count += 1
    return count


def read_json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Read JSON Lines that Tunesmith wrote; a half-written last line is left out.

    Users' own files go through `tunesmith.sources`, which forgives more and reports more.

    Raises:
        MissingError: There is no such file.
        DataError: A line other than an unfinished last one is not JSON.
    """
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        raise MissingError("no such file", where=str(path)) from None
    with stream:
        for number, line in enumerate(stream, start=1):
            try:
                yield orjson.loads(line)
            except orjson.JSONDecodeError as error:
                if not line.endswith(b"\n"):
                    return
                raise DataError(f"not valid JSON ({error})", where=f"{path}:{number}") from None


def are_all_lines(path: Path, is_ours: Callable[[Any], bool]) -> bool:
    """Whether every line of a file is such a record; an empty file holds nobody's work.

    A last line without its end was not written by us, and a test that a record fails with an
    error it does not pass.
    """
    try:
        if not path.stat().st_size:
            return True
        with path.open("rb") as stream:
            stream.seek(-1, os.SEEK_END)
            is_whole = stream.read() == b"\n"
        return is_whole and all(is_ours(record) for record in read_json_lines(path))
    except (DataError, OSError, KeyError, TypeError, AttributeError):
        return False


def hash_bytes(data: bytes) -> str:
    """SHA-256 as hexadecimal text."""
    return hashlib.sha256(data).hexdigest()


def hash_json(value: object) -> str:
    """SHA-256 of a JSON value, whatever the order of its keys."""
    return hash_bytes(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))


def hash_file(path: Path) -> str:
    """SHA-256 of a file's content, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_HASH_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def sync_file(path: Path) -> None:
    """Make a file that a library wrote survive a power cut."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def sync_folder(path: Path) -> None:
    """Make renames within a folder survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def folder_lock(folder: Path, *, option: str = "--run") -> Iterator[None]:
    """Hold a folder for this process; the lock ends with the process, however it ends.

    Args:
        folder: It is made if it is missing.
        option: Names the folder on the command line.

    Raises:
        RecipeError: Another process holds it, whose process id is named; or it is no folder
            that can be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        stream = os.fdopen(os.open(folder / ".lock", flags, 0o644), "a+")
    except OSError as error:
        raise_disk_full(error, folder)
        raise RecipeError(
            f"nothing can be written there ({error.strerror})",
            where=str(folder),
            cure=f"Name another folder with {option}.",
        ) from None
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            owner = stream.read().strip() or "unknown"
            raise RecipeError(
                f"another tunesmith process (pid {owner}) is working in this folder",
                where=str(folder),
                cure=f"Wait for it, stop it, or name another folder with {option}.",
            ) from None
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield


@contextlib.contextmanager
def our_records(path: Path) -> Iterator[None]:
    """Reading a file that Tunesmith wrote; what does not hold our records is damaged, and is named.

    Raises:
        DataError: It holds something else.
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError):
        cure = "Delete it and run the recipe again."
        raise DataError("this is not what tunesmith writes", where=str(path), cure=cure) from None
