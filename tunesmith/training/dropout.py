"""A model -> the same model with one dropout everywhere, whatever its family calls it."""

import torch
from transformers import PreTrainedModel


def set_dropout(network: PreTrainedModel, share: float) -> None:
    """Set every dropout layer, and the shares that attention layers hold as numbers.

    Args:
        network: Changed in place.
        share: Of the activations that are dropped while training, 0 to 1.
    """
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = share
        for name in ("attention_dropout", "attn_dropout"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, share)
