"""fp32 products stay fp32, whatever the processor does with less."""

import pytest
import torch

from tunesmith.models.shortcuts import matmul_library as library
from tunesmith.models.shortcuts.matmul_library import choose_matmul_library, use_matmul_library


def test_what_is_chosen_is_as_exact_as_fp32() -> None:
    with use_matmul_library(choose_matmul_library("cpu")):
        assert library._largest_error() < 1e-5


def test_choosing_changes_nothing_yet() -> None:
    before = torch.backends.mkldnn.matmul.fp32_precision
    choose_matmul_library("cpu")
    assert torch.backends.mkldnn.matmul.fp32_precision == before


def test_a_processor_that_rounds_to_bf16_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    real = torch.Tensor.__matmul__

    def rounding(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        is_rounded = torch.backends.mkldnn.matmul.fp32_precision == "bf16"
        if is_rounded and one.dtype == torch.float32:
            return real(one.bfloat16().float(), other.bfloat16().float())
        return real(one, other)

    monkeypatch.setattr(torch.Tensor, "__matmul__", rounding)
    assert choose_matmul_library("cpu") == "standard"


def test_other_devices_keep_their_own() -> None:
    assert choose_matmul_library("cuda") == "standard"
