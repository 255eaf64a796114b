"""Records -> lines at the end of a file that is never rewritten, each whole or not at all.

Several processes may append at once (a lock), a full disk leaves no half line, and what a crash
left half-written is closed by the next one. Readers leave out what is no whole line, and count it.
"""

import fcntl
import getpass
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from tunesmith.files import json_line

AUTHOR = "TUNESMITH_AUTHOR"  # who appends, where the login's name does not say


def append_line(path: Path, record: Mapping[str, Any], *, most_bytes: int | None = None) -> None:
    """Add a record as one line.

    Args:
        path: The file; it is made if it is missing, and may not be a link.
        record: JSON values.
        most_bytes: How large the file may become.

    Raises:
        OSError: It cannot be written; EFBIG where it would be larger than `most_bytes`.
    """
    line = json_line(record)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            line = b"\n" + line
        if most_bytes is not None and size + len(line) > most_bytes:
            raise OSError(27, f"it would be larger than {most_bytes:,} bytes")
        _write(handle, line, size)
    finally:
        os.close(handle)


def read_lines(path: Path) -> Iterator[dict[str, Any] | None]:
    """Each line's record, in order; None for what is no whole object. A missing file has none."""
    if not path.is_file():
        return
    with path.open("rb") as stream:
        for line in stream:
            if line.strip():
                yield _record(line)


def author_name() -> str:
    """Who is at work: TUNESMITH_AUTHOR, or the login's name."""
    if named := os.environ.get(AUTHOR, "").strip():
        return named[:80]
    try:
        return getpass.getuser()[:80]
    except (KeyError, OSError):
        return "unknown"


def now_text() -> str:
    """The time as lines bear it: UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _write(handle: int, line: bytes, size: int) -> None:
    """Take back what a full disk let through of a line."""
    try:
        if os.write(handle, line) != len(line):
            raise OSError(28, "no space left on the device")
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, size)
        raise
