"""Freed memory is kept: under glibc a step finds the pages of the steps before it."""

import json
import os
import platform
import subprocess
import sys

import pytest
import torch

from tests.forks import ran
from tunesmith.training.resources.allocator import bound_matmul_caches

PROGRAM = """
import resource
import torch
from tunesmith.training.resources.allocator import keep_freed_memory
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


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has malloc_trim")
def test_what_small_blocks_leave_behind_is_given_back() -> None:
    left, given_back = json.loads(ran(["-c", LEFT_BEHIND]))
    assert left > 100
    assert given_back < left / 4


def _faults(call: str) -> int:
    return int(ran(["-c", PROGRAM.format(call=call)]))


LEFT_BEHIND = """
import numpy, psutil
from tunesmith.training.resources.allocator import return_freed_memory
def held():
    return psutil.Process().memory_info().rss >> 20
before = held()
blocks = [numpy.ones(4096, dtype=numpy.uint8) for _ in range(50_000)]
last = numpy.ones(4096, dtype=numpy.uint8)  # above the others, so that they stay
del blocks
left = held() - before
assert return_freed_memory()
print([left, held() - before])
"""

# torch asks for the limits once in a process, so this is one that has made no product yet; its
# child sets them, it does not.
GROWTH = """
import os
import resource
import torch
from tunesmith.training.resources.allocator import bound_matmul_caches
is_child = os.fork() == 0
if is_child:
    bound_matmul_caches()
else:
    os.wait()
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
torch.set_num_threads(1)
torch.backends.mkldnn.matmul.fp32_precision = "bf16"
weight = torch.randn(256, 256)
def products(lengths):
    for length in lengths:
        torch.randn(length, 256) @ weight
products([900])
before = peak()
products(range(100, 900))
print(peak() - before, flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="torch without oneDNN")
def test_rows_of_many_lengths_take_no_memory_each() -> None:
    program = [sys.executable, "-c", GROWTH]
    done = subprocess.run(program, check=True, capture_output=True, text=True, timeout=60)
    bounded, unbounded = map(int, done.stdout.split())
    if unbounded < 40:
        pytest.skip("products are not prepared by oneDNN here")
    assert bounded < unbounded / 2


def test_what_a_user_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LRU_CACHE_CAPACITY", "7")
    monkeypatch.delenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", raising=False)
    bound_matmul_caches()
    assert os.environ["LRU_CACHE_CAPACITY"] == "7"
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == "64"
    monkeypatch.delenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY")
