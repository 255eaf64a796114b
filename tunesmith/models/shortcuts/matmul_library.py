"""The machine -> which library multiplies fp32 matrices on it, and whether that stays exact.

torch hands fp32 products to MKL. oneDNN is faster on some processors, and is reached only
by allowing it less precision (`fp32_precision = "bf16"`). Processors with AMX then round to
bf16; others have no faster way and compute in fp32 all the same. Which one this is, a few
products tell.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import torch

MatmulLibrary = Literal["standard", "onednn"]
_SHAPES = ((256, 512, 768), (96, 1024, 64))
_TOLERANCE = 1e-5  # relative; bf16 would be off by 4e-3, fp32 is by 1e-6


def choose_matmul_library(device: str) -> MatmulLibrary:
    """Take oneDNN on a CPU where its products are as exact as fp32, else torch's own choice."""
    if device != "cpu" or not torch.backends.mkldnn.is_available():
        return "standard"
    with use_matmul_library("onednn"):
        return "onednn" if _largest_error() < _TOLERANCE else "standard"


@contextmanager
def use_matmul_library(library: MatmulLibrary) -> Iterator[None]:
    """Let fp32 products go that way, in the whole process, for a while."""
    before = _setting().fp32_precision
    _setting().fp32_precision = "bf16" if library == "onednn" else "none"
    try:
        yield
    finally:
        _setting().fp32_precision = before


def _setting() -> Any:
    return torch.backends.mkldnn.matmul  # type: ignore[attr-defined]  # which torch does not type


def _largest_error() -> float:
    generator = torch.Generator().manual_seed(0)
    errors = []
    for rows, inner, columns in _SHAPES:
        one = torch.randn(rows, inner, generator=generator)
        other = torch.randn(inner, columns, generator=generator)
        exact = one.double() @ other.double()
        errors.append(float(((one @ other).double() - exact).abs().max() / exact.abs().max()))
    return max(errors)
