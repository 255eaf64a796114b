"""A GGUF file -> whether an export of Tunesmith wrote it, by a field of its head."""

from pathlib import Path

MARK = "tunesmith.export"  # a field of our own, which runtimes pass over
_MAGIC = b"GGUF"
_HEAD_BYTES = 4096  # the mark is among the first fields


def is_our_gguf(path: Path) -> bool:
    """Whether a file is a GGUF file that bears the mark."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    return head.startswith(_MAGIC) and MARK.encode() in head
