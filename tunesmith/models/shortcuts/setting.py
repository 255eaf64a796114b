"""A training -> what decides whether a shortcut may be used in it."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSetting:
    """A training as the shortcuts see it.

    Attributes:
        network: transformers' model; an adapter may lie in it, none around it.
        device: cpu, cuda or mps.
        precision: fp32 or bf16.
        is_full: Whether the model's own weights are trained, rather than an adapter's.
        read_ids: Finds every token that training reads, (R,) int64, ascending. Takes a while.
    """

    network: PreTrainedModel
    device: str
    precision: str
    is_full: bool
    read_ids: Callable[[], torch.Tensor]
