"""Freed memory is kept: under glibc a step finds the pages of the steps before it."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource
import torch
from tunesmith.training.allocator import keep_freed_memory
{call}
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for megabytes in (96, 40, 64, 48):
        torch.zeros(megabytes << 20, dtype=torch.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
for step in range(10):
    pages = faults()
print(pages)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")
def test_a_later_step_takes_no_new_pages() -> None:
    kept, given_back = (_faults(call) for call in ("assert keep_freed_memory()", ""))
    assert kept * 10 < given_back


def _faults(call: str) -> int:
    program = PROGRAM.format(call=call)
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    return int(done.stdout)
