"""A model's name -> the same model with its matrices in four bits, for an adapter to learn beside.

QLoRA (arXiv 2305.14314): the frozen matrices are stored as 4-bit NormalFloat with quantised
scales, a quarter of bf16's memory, and are widened for each product. What is not a linear
layer (embeddings, norms) and the output layer keep fp32. By the library bitsandbytes.
"""

import warnings
from importlib.util import find_spec
from typing import Any

import torch
from transformers import BitsAndBytesConfig, PreTrainedModel

from tunesmith.errors import MissingError, RecipeError, TunesmithError
from tunesmith.models.four_bits import is_in_four_bits
from tunesmith.models.load import ModelPlace, load_network

_KEY = "training.method.lora.quantize"


def load_quantized(place: ModelPlace, *, device: str) -> PreTrainedModel:
    """Load a causal language model with 4-bit matrices, whose products are computed in fp32.

    Args:
        place: Where it lies; not an adapter, which could not be merged into four bits.
        device: Where the weights go; they cannot be moved as they are.

    Raises:
        MissingError: No such model, or the library is not installed.
        RecipeError: It is an adapter.
        RemoteError: The Hub did not answer.
        TunesmithError: The library would let nothing learn on this device.
    """
    if find_spec("bitsandbytes") is None:
        raise MissingError(
            "bitsandbytes is not installed, which stores weights in four bits",
            where=_KEY,
            cure="Install it: pip install 'tunesmith[quantized]'.",
        )
    if place.folder is not None and (place.folder / "adapter_config.json").is_file():
        raise RecipeError(
            f"{place.name} is an adapter, and an adapter is merged into whole weights only",
            where=_KEY,
            cure="Name its base model, or leave quantize out.",
        )
    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.float32,
    )
    network = load_network(place, quantization_config=config, device_map={"": device})
    layers = [m for m in network.modules() if is_in_four_bits(getattr(m, "weight", None))]
    for layer in layers:
        # On a CPU it else packs the weights anew when it predicts, and no gradient passes then.
        setattr(layer, "support_avx512bf16_for_cpu", False)  # noqa: B010
    if layers:
        _refuse_without_gradient(layers[0])
    return network


def _refuse_without_gradient(layer: torch.nn.Module) -> None:
    """After a prediction, the gradient of a layer's input has to be that of its wide weights.

    Raises:
        TunesmithError: It is another, so nothing below that layer would learn.
    """
    from bitsandbytes.functional import dequantize_4bit  # noqa: PLC0415 - not always installed

    weight: Any = layer.weight
    wide = dequantize_4bit(weight.data, weight.quant_state).to(torch.float32)  # (out, in)
    states = torch.linspace(-1, 1, 2 * wide.shape[1], device=wide.device).view(2, -1)
    with torch.no_grad():
        layer(states)
    found = None
    with torch.enable_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        states.requires_grad_()
        made = layer(states)
        if made.requires_grad:
            (found,) = torch.autograd.grad(made.sum(), states, allow_unused=True)
    expected = wide.sum(dim=0).expand_as(states)
    if found is None or not torch.allclose(found, expected, rtol=1e-3, atol=1e-3):
        raise TunesmithError(
            "bitsandbytes lets no gradient through its weights on this device",
            where=_KEY,
            cure="Leave quantize out, or install a version of it that does.",
        )
