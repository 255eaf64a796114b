"""fp32 products stay fp32, whatever the processor does with less."""

import pytest
import torch

from tests.tiny import setting_of, tiny_network
from tunesmith.models.shortcuts import matmul_library
from tunesmith.models.shortcuts.matmul_library import use_matmul_library, why_not
from tunesmith.models.shortcuts.setting import TrainingSetting
from tunesmith.models.shorten import shorten

ONLY_THIS = {"matmul_library": matmul_library}


@pytest.fixture
def setting() -> TrainingSetting:
    return setting_of(tiny_network("llama"), torch.arange(9))


def precision() -> str:
    return str(torch.backends.mkldnn.matmul.fp32_precision)


def test_what_is_chosen_is_as_exact_as_fp32(setting: TrainingSetting) -> None:
    with use_matmul_library("standard"):
        shorten(setting, shortcuts=ONLY_THIS)
        assert matmul_library._largest_error() < 1e-5


def test_measuring_the_difference_changes_nothing_and_its_use_ends(
    setting: TrainingSetting,
) -> None:
    before = precision()
    matmul_library.difference(setting)
    assert precision() == before
    with use_matmul_library("standard"):
        matmul_library.apply(setting)
        matmul_library.apply(setting)
        assert precision() == "bf16"
    assert precision() == before


def test_a_processor_that_rounds_to_bf16_is_found_out(
    monkeypatch: pytest.MonkeyPatch, setting: TrainingSetting
) -> None:
    real = torch.Tensor.__matmul__

    def rounding(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        is_rounded = precision() == "bf16"
        if is_rounded and one.dtype == torch.float32:
            return real(one.bfloat16().float(), other.bfloat16().float())
        return real(one, other)

    monkeypatch.setattr(torch.Tensor, "__matmul__", rounding)
    before = precision()
    use = shorten(setting, shortcuts=ONLY_THIS)["matmul_library"]
    assert not use.is_used
    assert "differs from the plain way by" in use.reason
    assert use.difference is not None
    assert use.difference > 1e-4
    assert precision() == before


def test_other_devices_and_precisions_keep_their_own(setting: TrainingSetting) -> None:
    network, ids = setting.network, torch.arange(9)
    assert why_not(setting_of(network, ids, device="cuda")) == "there is no oneDNN here"
    assert why_not(setting_of(network, ids, precision="bf16")) == "products are made in bf16"
