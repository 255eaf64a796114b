"""Weights and AdamW's moments <-> named tensors of a checkpoint.

Only parameters that are trained are written, each under its name, tied weights once.
"""

from collections.abc import Mapping
from typing import Any

import torch

from tunesmith.errors import RefusedError
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.training.checkpoint import Checkpoint

_MOMENTS = ("step", "exp_avg", "exp_avg_sq")


def trainable(network: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    """The parameters that training changes, by name; a tied weight appears once."""
    return {name: p for name, p in network.named_parameters() if p.requires_grad}


def make_optimizer(network: torch.nn.Module, recipe: TrainingRecipe) -> torch.optim.Optimizer:
    """AdamW (arXiv 1711.05101); vectors (norms, biases) are not decayed."""
    parameters = trainable(network).values()
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": recipe.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    kinds = {"adamw": torch.optim.AdamW}
    return kinds[recipe.optimizer](
        [group for group in groups if group["params"]], lr=recipe.learning_rate, fused=True
    )


def write_state(
    network: torch.nn.Module,
    optimizer: torch.optim.Optimizer | None,
    *,
    state: Mapping[str, Any],
) -> Checkpoint:
    """Collect what a checkpoint holds; without an optimiser, the weights alone."""
    named = trainable(network)
    tensors: dict[str, Mapping[str, torch.Tensor]] = {"weights": dict(named)}
    if optimizer is not None:
        tensors["optimizer"] = {
            f"{name}.{moment}": optimizer.state[parameter][moment]
            for name, parameter in named.items()
            for moment in _MOMENTS
            if parameter in optimizer.state
        }
    return Checkpoint(tensors=tensors, state=state)


@torch.no_grad()
def read_state(
    checkpoint: Checkpoint, network: torch.nn.Module, optimizer: torch.optim.Optimizer | None
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
    saved = checkpoint.tensors["optimizer"]
    for name, parameter in named.items():
        if f"{name}.exp_avg" in saved:
            optimizer.state[parameter] = {
                moment: saved[f"{name}.{moment}"].to(parameter.device) for moment in _MOMENTS
            }
