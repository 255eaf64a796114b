"""A configuration -> settings of it that a GGUF file cannot say, which llama.cpp takes for granted.

Where they differ it computes something else without a word, in every type, so that they are
refused by name: a small file's numbers are too coarse to show it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

IsKnown = Callable[[Any, Any], bool]  # a configuration and the setting's value


def _one_of(*known: object) -> IsKnown:
    return lambda _, value: value in known


def _scaled_by_head(large: int) -> IsKnown:
    """Queries are scaled by a head's size; in the largest model of a family by the mean share."""

    def is_known(config: Any, value: Any) -> bool:
        share = config.hidden_size // config.num_attention_heads
        return bool(value == (share if config.num_hidden_layers == large else config.head_dim))

    return is_known


def _every(count: int) -> IsKnown:
    """Every so many layers one sees everything, the others a window."""

    def is_known(_: Any, value: Any) -> bool:
        kinds = ("full_attention", "sliding_attention")
        return list(value) == [kinds[bool((at + 1) % count)] for at in range(len(value))]

    return is_known


_SILU = {"hidden_act": _one_of("silu", "swish")}
_GELU = _one_of("gelu", "gelu_new", "gelu_pytorch_tanh", "gelu_fast")
_SETTINGS: Mapping[str, Mapping[str, IsKnown]] = {
    **dict.fromkeys(("llama", "mistral", "qwen2", "qwen3", "phi3"), _SILU),
    "gemma": {"hidden_act": _GELU},
    "gemma2": {
        "hidden_activation": _GELU,
        "query_pre_attn_scalar": _scaled_by_head(46),
        "layer_types": _every(2),
        "attn_logit_softcapping": lambda _, value: bool(value),
        "final_logit_softcapping": lambda _, value: bool(value),
    },
    "gemma3_text": {
        "hidden_activation": _GELU,
        "query_pre_attn_scalar": _scaled_by_head(62),
        "layer_types": _every(6),
        "attn_logit_softcapping": _one_of(None),
    },
    "gpt2": {
        "activation_function": _GELU,
        "scale_attn_weights": _one_of(True),
        "scale_attn_by_inverse_layer_idx": _one_of(False),
    },
    "gpt_neox": {"hidden_act": _GELU},
}


def odd_settings(config: Any) -> Iterator[str]:
    """Each such setting with its value, as `config.json` names it."""
    for name, is_known in _SETTINGS.get(config.model_type, {}).items():
        value = getattr(config, name, None)
        if not is_known(config, value):
            yield f"{name}: {value}"
