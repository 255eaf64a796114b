"""A file of lines and which of them go -> the same file without those, whole at every moment."""

import contextlib
from collections.abc import Iterator, Sequence
from itertools import compress
from pathlib import Path
from typing import IO

from tunesmith.files import atomic_file

_COPIED_BYTES = 1 << 20


class LineSieve:
    """Told of a file's lines in order; writes nothing until the first one goes.

    A file that loses no line is not written again, and none is held in memory.
    """

    def __init__(self, path: Path, stack: contextlib.ExitStack) -> None:
        """Watch a file; `stack` closes what is written in its place."""
        self._path = path
        self._stack = stack
        self._kept_bytes = 0  # at the file's beginning, as long as nothing went
        self._stream: IO[bytes] | None = None

    def sift(self, lines: Sequence[bytes], is_kept: Sequence[bool]) -> None:
        """Let the next lines pass, or only those of them that are kept."""
        if self._stream is None and all(is_kept):
            self._kept_bytes += sum(map(len, lines))
            return
        if self._stream is None:
            self._stream = self._copied()
        self._stream.writelines(compress(lines, is_kept))

    def _copied(self) -> IO[bytes]:
        """A new file that begins with the lines that passed before."""
        stream: IO[bytes] = self._stack.enter_context(atomic_file(self._path))
        with self._path.open("rb") as old:
            left = self._kept_bytes
            while left:
                left -= stream.write(old.read(min(left, _COPIED_BYTES)))
        return stream


@contextlib.contextmanager
def line_sieve(path: Path) -> Iterator[LineSieve]:
    """Take lines out of a file while another reads it; it changes when the block ends.

    An error in the block leaves the file as it was.

    Raises:
        DiskFullError: There is no space; the old file stands.
    """
    with contextlib.ExitStack() as stack:
        yield LineSieve(path, stack)
