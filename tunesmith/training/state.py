"""Weights and the optimiser's moments <-> named tensors of a checkpoint.

Only parameters that are trained are written, each under its name, tied weights once.
"""

from collections.abc import Mapping
from typing import Any

import torch

from tunesmith.errors import RefusedError
from tunesmith.training.checkpoint import Checkpoint
from tunesmith.training.optimizer import Optimizer, trainable


def write_state(
    network: torch.nn.Module,
    optimizer: Optimizer | None,
    *,
    state: Mapping[str, Any],
) -> Checkpoint:
    """Collect what a checkpoint holds; without an optimiser, the weights alone."""
    named = trainable(network)
    tensors: dict[str, Mapping[str, torch.Tensor]] = {"weights": dict(named)}
    if optimizer is not None:
        tensors["optimizer"] = {
            f"{name}.{moment}": tensor
            for name, parameter in named.items()
            for moment, tensor in optimizer.moments(parameter).items()
        }
    return Checkpoint(tensors=tensors, state=state)


@torch.no_grad()
def read_state(
    checkpoint: Checkpoint, network: torch.nn.Module, optimizer: Optimizer | None
) -> None:
    """Put a checkpoint's tensors back where they came from.

    Raises:
        RefusedError: They are of another shape: an adapter of another rank, another method.
    """
    named = trainable(network)
    weights = checkpoint.tensors["weights"]
    if {k: p.shape for k, p in named.items()} != {k: t.shape for k, t in weights.items()}:
        raise RefusedError(
            "the checkpoint holds other weights than this training changes",
            cure="Train with the method and adapter it was made with.",
        )
    for name, tensor in weights.items():
        named[name].copy_(tensor)
    if optimizer is None:
        return
    moments: dict[str, dict[str, torch.Tensor]] = {}
    for key, tensor in checkpoint.tensors["optimizer"].items():
        name, _, moment = key.rpartition(".")
        moments.setdefault(name, {})[moment] = tensor.to(named[name].device)
    for name, saved in moments.items():
        optimizer.set_moments(named[name], saved)
