"""A model, or one of its weights -> what of it is stored in four bits, by bitsandbytes."""

from typing import Any

import torch


def set_matmul_dtype(network: torch.nn.Module, dtype: torch.dtype) -> None:
    """In what 4-bit matrices are multiplied; others are left to autocast."""
    for module in network.modules():
        if is_in_four_bits(getattr(module, "weight", None)):
            setattr(module, "compute_dtype", dtype)  # noqa: B010 - of a type that is optional


def num_weights(parameter: torch.Tensor) -> int:
    """How many weights a parameter holds; in four bits two lie in a byte."""
    if is_in_four_bits(parameter):
        return int(torch.Size(parameter.quant_state.shape).numel())  # type: ignore[attr-defined]
    return parameter.numel()


def is_in_four_bits(weight: Any) -> bool:
    """Whether a layer's weight is stored in four bits."""
    return getattr(weight, "quant_state", None) is not None
