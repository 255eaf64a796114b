"""The C library's allocator -> one that keeps what was freed, so that every step finds it again.

glibc gives large blocks back to the system at once, and a training step asks for the same
blocks again, each page of which the system must first clear: 120,000 page faults a second
in a small model's step. Only where that is glibc; elsewhere nothing happens.
"""

import ctypes
import platform

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # names in malloc.h
_LARGEST_INT = 2**31 - 1


def keep_freed_memory() -> bool:
    """Serve large blocks from the heap and never shrink it; returns whether that was possible.

    Holds for the whole process from now on. The result of the arithmetic does not change.
    """
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    settings = ((_MMAP_THRESHOLD, 1 << 30), (_TRIM_THRESHOLD, _LARGEST_INT), (_TOP_PAD, 64 << 20))
    return all(mallopt(name, value) == 1 for name, value in settings)
