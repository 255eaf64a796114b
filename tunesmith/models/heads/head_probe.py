"""A model's own logits against the tiled loss -> whether its head may be computed in tiles.

Families write their last lines differently: a bias, a cap, a scale, or something of their
own. What `describe_head` knows is compared with `network(...).logits`, values and gradients,
before it is trusted.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn import functional
from transformers import PreTrainedModel

from tunesmith.models.heads.head import Head, Targets, describe_head
from tunesmith.models.heads.tiled_loss import shared_loss
from tunesmith.tokens.collate import Batch

_TOLERANCE = 1e-4  # relative L2, fp32
_SHARE = 0.125


def find_head(network: PreTrainedModel, batch: Batch) -> tuple[Head | None, str]:
    """Describe the output layer, and try the description on a batch.

    Args:
        network: Reads rows already.
        batch: A few short examples.

    Returns:
        The head and "equal to the model's own", or None and what speaks against it.
    """
    family = network.config.model_type
    head = describe_head(network)
    if head is None:
        return None, f"the output layer of {family} is no plain linear layer"
    with torch.enable_grad(), _held_states(network) as held:
        arguments: dict[str, Any] = {"position_ids": batch.positions[None], "spans": batch.spans}
        logits = network(
            input_ids=batch.ids[None],
            use_cache=False,
            logits_to_keep=batch.trained_positions,
            **arguments,
        ).logits[0]
        if not held:
            return None, f"the last states of {family} were not found"
        states = held[0][0].index_select(0, batch.trained_positions)
        own = functional.cross_entropy(logits, batch.targets, reduction="sum") * _SHARE
        targets = Targets(ids=batch.targets, places=batch.target_places)
        tiled = shared_loss(head, states, targets, share=_SHARE, dtype=logits.dtype)
        learns = [head.module.weight] if head.module.weight.requires_grad else []
        difference = _largest_difference(own, tiled, [held[0], *learns])
    if difference > _TOLERANCE:
        return None, f"the head of {family} computes something else (by {difference:.1e})"
    return head, "its loss and gradients in tiles equal the model's own"


@contextmanager
def _held_states(network: PreTrainedModel) -> Iterator[list[torch.Tensor]]:
    """Catch what the body hands to the head, cut off from the body's own graph."""
    held: list[torch.Tensor] = []

    def hold(module: torch.nn.Module, arguments: Any, output: Any) -> Any:
        states = output.last_hidden_state.detach().requires_grad_()
        held.append(states)
        output.last_hidden_state = states
        return output

    hook = network.base_model.register_forward_hook(hold)
    try:
        yield held
    finally:
        hook.remove()


def _largest_difference(
    own: torch.Tensor, tiled: torch.Tensor, inputs: list[torch.Tensor]
) -> float:
    """Relative L2 over the loss and its gradients; infinite where one is missing."""
    expected = [own, *torch.autograd.grad(own, inputs, allow_unused=True)]
    found = [tiled, *torch.autograd.grad(tiled, inputs, allow_unused=True)]
    if any(one is None for one in (*expected, *found)):
        return float("inf")
    pairs = [(a.detach(), b.detach()) for a, b in zip(expected, found, strict=True)]
    return max(float((a - b).norm() / a.norm().clamp_min(1e-12)) for a, b in pairs)
