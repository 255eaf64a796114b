"""The C library's allocator -> one that keeps what was freed, so that every step finds it again.

In training, that is: glibc gives large blocks back to the system at once, and a step asks for
the same blocks again, each page of which the system must first clear: 120,000 page faults a
second in a small model's step. What many small blocks leave behind it keeps, however, long after
data are prepared. Only where that is glibc; elsewhere nothing happens.
"""

import ctypes
import os
import platform

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # names in malloc.h
_LARGEST_INT = 2**31 - 1
_PRODUCT_CACHES = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY")
_KINDS_OF_PRODUCTS = "64"  # more than one step has; each of the 1,024 by default holds memory


def keep_freed_memory() -> bool:
    """Serve large blocks from the heap and never shrink it; returns whether that was possible.

    Holds for the whole process from now on. The result of the arithmetic does not change.
    """
    if not _is_glibc():
        return False
    mallopt = ctypes.CDLL(None).mallopt
    settings = ((_MMAP_THRESHOLD, 1 << 30), (_TRIM_THRESHOLD, _LARGEST_INT), (_TOP_PAD, 64 << 20))
    return all(mallopt(name, value) == 1 for name, value in settings)


def return_freed_memory() -> bool:
    """Give the system what was freed since the process began; returns whether there was any.

    For between two parts of a long work, of which the later needs less, or forks: what
    many small blocks leave behind is else kept, and counts as taken.
    """
    return _is_glibc() and ctypes.CDLL(None).malloc_trim(0) == 1


def _is_glibc() -> bool:
    return platform.system() == "Linux" and platform.libc_ver()[0] == "glibc"


def bound_matmul_caches() -> None:
    """Let oneDNN and torch's bridge to it remember fewer prepared products.

    They prepare a product for each shape, and a row's length is a shape: with 1,024 kept in
    each of two caches, training takes up to hundreds of megabytes more with every step that is
    longer or shorter than those before. Read at their first product; what a user has set stays.
    """
    for name in _PRODUCT_CACHES:
        os.environ.setdefault(name, _KINDS_OF_PRODUCTS)
