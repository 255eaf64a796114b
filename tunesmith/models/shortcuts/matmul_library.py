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

from tunesmith.models.shortcuts.setting import TrainingSetting

MatmulLibrary = Literal["standard", "onednn"]
_SHAPES = ((256, 512, 768), (96, 1024, 64))


def why_not(setting: TrainingSetting) -> str | None:
    """Why oneDNN cannot multiply here; None: it can."""
    if setting.device != "cpu" or not torch.backends.mkldnn.is_available():
        return "there is no oneDNN here"
    if setting.precision != "fp32":
        return f"products are made in {setting.precision}"
    return None


def difference(setting: TrainingSetting) -> float:
    """Largest relative error of oneDNN's products; bf16 is off by 4e-3, fp32 by 1e-6."""
    del setting
    with use_matmul_library("onednn"):
        return _largest_error()


def apply(setting: TrainingSetting) -> None:
    """Let oneDNN multiply in the whole process, until an enclosing `use_matmul_library` ends."""
    del setting
    _choose("onednn")


@contextmanager
def use_matmul_library(library: MatmulLibrary) -> Iterator[None]:
    """Let fp32 products go that way, in the whole process, for a while."""
    before = _setting().fp32_precision
    _choose(library)
    try:
        yield
    finally:
        _setting().fp32_precision = before


def _choose(library: MatmulLibrary) -> None:
    _setting().fp32_precision = "bf16" if library == "onednn" else "none"


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
