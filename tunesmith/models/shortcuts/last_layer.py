"""The last layer of a model -> what works on each place alone, computed only where it is read.

Nothing attends to what the last layer writes: of its places, those that nobody predicts from are
thrown away. Attention needs the keys and values of them all; its output projection and the MLP,
three quarters of the layer's products, do not. T places in the row, R of them read, H hidden.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Self

import torch
from torch import nn
from transformers import PreTrainedModel

READ_PLACES = "read_places"  # the keyword argument of a model's forward: (R,) int64
_PLACEWISE = ("mlp", "self_attn.o_proj", "self_attn.dense", "attention.dense", "attn.c_proj")
_LARGEST_SHARE = 0.9  # of the places; above it moving them costs what it saves

Forward = Callable[[torch.Tensor], torch.Tensor]


class PartialLayer:
    """A layer whose placewise modules run where `READ_PLACES` tells, and give 0 elsewhere.

    Whether a family's modules are what their names say is for the caller to find out.
    """

    def __init__(self, layer: nn.Module) -> None:
        self._places: torch.Tensor | None = None  # None: all
        self._modules = _placewise(layer)
        for module in self._modules:
            setattr(module, "forward", partial(self._forward, module.forward))  # noqa: B010
        self._hook = layer.register_forward_pre_hook(self._note, with_kwargs=True)

    @classmethod
    def of(cls, network: PreTrainedModel) -> Self | None:
        """Change the last layer of a model in place; None where none is found, or nothing in it."""
        count = getattr(network.config.get_text_config(), "num_hidden_layers", None)
        stacks = [m for m in network.modules() if isinstance(m, nn.ModuleList) and len(m) == count]
        if len(stacks) != 1 or not _placewise(stacks[0][-1]):
            return None
        return cls(stacks[0][-1])

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A copy of a module (peft makes one of what it trains whole) reads the same places."""
        del memo
        return self

    def restore(self) -> None:
        """Let all places be computed again."""
        self._hook.remove()
        for module in self._modules:
            del module.forward

    def _note(self, layer: nn.Module, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        """Before the layer runs, and once more where its activations are computed again."""
        del layer
        places: torch.Tensor | None = named.get(READ_PLACES)
        states: torch.Tensor = arguments[0] if arguments else named["hidden_states"]
        is_worth = places is not None and len(places) <= _LARGEST_SHARE * states.shape[1]
        self._places = places if is_worth else None

    def _forward(self, own: Forward, states: torch.Tensor) -> torch.Tensor:
        if self._places is None:
            return own(states)
        some = own(states.index_select(1, self._places))
        shape = (*states.shape[:2], some.shape[2])
        return some.new_zeros(shape).index_copy(1, self._places, some)


def _placewise(layer: nn.Module) -> list[nn.Module]:
    return [module for name, module in layer.named_modules() if name in _PLACEWISE]
