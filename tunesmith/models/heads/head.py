"""A model's output layer, as its family's code uses it, and the tiles it is computed in.

M places, H hidden, V vocabulary, N targets; a place may have several targets.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn
from transformers import PreTrainedModel

_TILE = {"cpu": 2**21, "cuda": 2**25, "mps": 2**24}  # logits at once; a CPU's fit its cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A model's output layer: logits = cap(scale x (W h + b)).

    Attributes:
        module: The layer itself; whoever replaces it or hooks into it gets the plain path.
        scale: Of the logits (Cohere multiplies, Granite divides).
        softcap: Logits are bent into (-softcap, softcap) by tanh (Gemma 2 and 3).
    """

    module: nn.Linear
    scale: float = 1.0
    softcap: float | None = None

    def logits(self, hidden: torch.Tensor, weight: torch.Tensor, columns: slice) -> torch.Tensor:
        """Some columns of the logits, whose rows of the layer's matrix are `weight`.

        (M, H) and (tile, H) -> (M, tile), in the dtype of both.
        """
        logits = hidden @ weight.T
        if self.module.bias is not None:
            logits += self.module.bias[columns].to(hidden.dtype)
        if self.scale != 1.0:
            logits *= self.scale
        if self.softcap is not None:
            logits = torch.tanh(logits / self.softcap) * self.softcap
        return logits

    def slopes(self, logits: torch.Tensor, dtype: torch.dtype) -> torch.Tensor | float:
        """How fast the logits grow with W h + b: one for all, or in `dtype` one for each."""
        if self.softcap is None:
            return self.scale
        return (1 - (logits.to(dtype) / self.softcap) ** 2) * self.scale


class Targets(NamedTuple):
    """What is to be predicted: `ids[i]` at row `places[i]` of the hidden states; (N,) int64."""

    ids: torch.Tensor
    places: torch.Tensor


def describe_head(network: PreTrainedModel) -> Head | None:
    """The output layer as its family's code uses it; None where it is no plain linear layer."""
    module = network.get_output_embeddings()
    config = network.config.get_text_config()
    if type(module) is not nn.Linear or _is_hooked(module):
        return None
    multiplied = getattr(network, "logit_scale", None)
    divided = getattr(config, "logits_scaling", None)
    scale = (multiplied if isinstance(multiplied, float) else 1.0) / (divided or 1.0)
    softcap = getattr(config, "final_logit_softcapping", None)
    return Head(module=module, scale=scale, softcap=softcap)


def is_untouched(head: Head, network: PreTrainedModel) -> bool:
    """Whether the layer is still the model's own: no adapter around it, no hook in it."""
    return network.get_output_embeddings() is head.module and not _is_hooked(head.module)


def _is_hooked(module: nn.Module) -> bool:
    hooks = (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks)
    return any(hooks)


def is_within(values: torch.Tensor, bounds: slice) -> torch.Tensor:
    """Which of some whole numbers lie in a slice."""
    inside: torch.Tensor = (values >= bounds.start) & (values < bounds.stop)
    return inside


def tiles(head: Head, hidden: torch.Tensor) -> list[slice]:
    """Columns of the logits, so many at once as are quickly dealt with for (M, H) `hidden`."""
    size = head.module.out_features
    width = max(1, _TILE[hidden.device.type] // max(1, len(hidden)))
    return [slice(start, min(start + width, size)) for start in range(0, size, width)]
