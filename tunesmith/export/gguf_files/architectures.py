"""A causal language model of transformers -> the fields and tensors that llama.cpp expects of it.

Names of tensors are those of the `gguf` package; here stands what is not a matter of names: which
numbers of a configuration go where, and the few tensors that llama.cpp keeps in another order. None
of it is believed: what llama.cpp computes of the file is compared with the model.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt
import torch

from tunesmith.errors import RefusedError
from tunesmith.export.gguf_files.odd_settings import odd_settings

Array = npt.NDArray[np.float32]
Change = Callable[[str, Array, Any], Array]
Fields = Mapping[str, object]
_ROPE_KINDS = ("default", "linear", "llama3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """How one family of models lies in a GGUF file.

    Attributes:
        arch: As `gguf` knows it.
        change: What becomes of a tensor, by its name in transformers.
        fields: Further fields by their key behind the architecture's name.
        has_rms: Its norms have no mean and no bias.
    """

    arch: gguf.MODEL_ARCH
    change: Change
    fields: Callable[[Any], Fields] = lambda _: {}
    has_rms: bool = True

    @property
    def name(self) -> str:
        """As it stands in the file."""
        return gguf.MODEL_ARCH_NAMES[self.arch]


def architecture_of(config: Any) -> Architecture:
    """The architecture of a configuration.

    Raises:
        RefusedError: It is none of those that are known, stretches positions in another way, or
            has a setting that no file can say.
    """
    found = _ARCHITECTURES.get(config.model_type)
    if found is None:
        known = ", ".join(sorted(_ARCHITECTURES))
        problem = f"models of the kind {config.model_type} cannot be exported as GGUF"
        raise RefusedError(problem, where="--to gguf", cure=f"These can: {known}.")
    kind = str(_rope(config).get("rope_type", "default"))
    if kind not in _ROPE_KINDS:
        problem = f"positions that are stretched by {kind} cannot be exported as GGUF"
        raise RefusedError(problem, where="--to gguf", cure="Use --to safetensors.")
    if odd := next(odd_settings(config), None):
        problem = f"llama.cpp computes models of the kind {config.model_type} without {odd}"
        raise RefusedError(problem, where="--to gguf", cure="Use --to safetensors.")
    return found


def model_fields(config: Any) -> dict[str, object]:
    """All fields that describe the network, by their whole key."""
    found = architecture_of(config)
    epsilon = "layer_norm_rms_epsilon" if found.has_rms else "layer_norm_epsilon"
    fields: dict[str, object] = {
        "context_length": int(config.max_position_embeddings),
        "embedding_length": int(config.hidden_size),
        "block_count": int(config.num_hidden_layers),
        "feed_forward_length": _feed_forward(config),
        "attention.head_count": int(config.num_attention_heads),
        "attention.head_count_kv": _num_kv_heads(config),
        f"attention.{epsilon}": _epsilon(config),
        "attention.key_length": _head_size(config),
        "attention.value_length": _head_size(config),
        "vocab_size": int(config.vocab_size),
    }
    if "rope_theta" in _rope(config):
        fields |= _rope_fields(config)
    fields |= found.fields(config)
    return {f"{found.name}.{key}": value for key, value in fields.items()}


def offered_tokens(config: Any) -> int:
    """How long a text may be that llama.cpp computes as it was measured."""
    fields = model_fields(config)
    return int(str(fields[f"{architecture_of(config).name}.context_length"]))


def model_tensors(network: Any) -> Iterator[tuple[str, Array]]:
    """All tensors in fp32 by their names in the file, one at a time.

    Raises:
        RefusedError: One has no name there.
    """
    config = network.config
    found = architecture_of(config)
    names = gguf.get_tensor_name_map(found.arch, config.num_hidden_layers)
    is_tied = bool(config.tie_word_embeddings)
    for name, tensor in network.state_dict().items():
        if is_tied and name == "lm_head.weight":
            continue
        inside = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if inside is None:
            raise RefusedError(f"its tensor {name} has no place in GGUF", where="--to gguf")
        values = tensor.detach().to("cpu", torch.float32).numpy()
        yield inside, np.ascontiguousarray(found.change(name, values, config))
    if _rope(config).get("rope_type") == "llama3":
        yield "rope_freqs.weight", _stretched(_rope(config), _head_size(config))


def _rope(config: Any) -> Mapping[str, Any]:
    """How positions are encoded, of the layers that see everything."""
    found = getattr(config, "rope_parameters", None) or {}
    return dict(found.get("full_attention", found))


def _rope_fields(config: Any) -> Fields:
    rope = _rope(config)
    share = float(rope.get("partial_rotary_factor", 1.0))
    fields: dict[str, object] = {
        "rope.dimension_count": int(_head_size(config) * share),
        "rope.freq_base": float(rope["rope_theta"]),
    }
    if rope.get("rope_type") == "linear":
        fields |= {"rope.scaling.type": "linear", "rope.scaling.factor": float(rope["factor"])}
    return fields


def _stretched(rope: Mapping[str, Any], head_size: int) -> Array:
    """What each frequency is divided by in Llama 3.1 (`rope_type: llama3` of transformers)."""
    places = np.arange(0, head_size, 2, dtype=np.float32) / head_size
    lengths = 2 * math.pi * float(rope["rope_theta"]) ** places
    low, high = float(rope["low_freq_factor"]), float(rope["high_freq_factor"])
    share = (float(rope["original_max_position_embeddings"]) / lengths - low) / (high - low)
    kept = np.clip(share, 0.0, 1.0)
    return np.asarray(1 / ((1 - kept) / float(rope["factor"]) + kept), dtype=np.float32)


def _head_size(config: Any) -> int:
    size = getattr(config, "head_dim", None)
    return int(size or config.hidden_size // config.num_attention_heads)


def _num_kv_heads(config: Any) -> int:
    return int(getattr(config, "num_key_value_heads", None) or config.num_attention_heads)


def _feed_forward(config: Any) -> int:
    inner = getattr(config, "intermediate_size", None) or getattr(config, "n_inner", None)
    return int(inner or 4 * config.hidden_size)


def _epsilon(config: Any) -> float:
    names = ("rms_norm_eps", "layer_norm_epsilon", "layer_norm_eps")
    return float(next(value for name in names if (value := getattr(config, name, None))))


def _as_it_is(name: str, values: Array, config: Any) -> Array:
    del name, config
    return values


def _llama(name: str, values: Array, config: Any) -> Array:
    """The halves of each head's rotation lie beside each other in llama.cpp."""
    if ".q_proj." in name:
        return _interleaved(values, int(config.num_attention_heads))
    return _interleaved(values, _num_kv_heads(config)) if ".k_proj." in name else values


def _interleaved(values: Array, num_heads: int) -> Array:
    halves = values.reshape(num_heads, 2, values.shape[0] // num_heads // 2, *values.shape[1:])
    return halves.swapaxes(1, 2).reshape(values.shape)


def _gemma(name: str, values: Array, config: Any) -> Array:
    """Gemma's norms are kept as the difference to one."""
    del config
    return values + 1 if name.endswith("norm.weight") else values


def _gpt2(name: str, values: Array, config: Any) -> Array:
    """GPT-2 keeps its matrices by input."""
    del config
    by_input = (".attn.c_attn.weight", ".c_proj.weight", ".mlp.c_fc.weight")
    return values.T if name.endswith(by_input) else values


def _gptneox(name: str, values: Array, config: Any) -> Array:
    """Query, key and value lie head by head in transformers, one behind the other in the file."""
    if ".query_key_value." not in name:
        return values
    heads = values.reshape(config.num_attention_heads, 3, -1, *values.shape[1:])
    return heads.swapaxes(0, 1).reshape(values.shape)


def _within_window(config: Any) -> Fields:
    """Where llama.cpp knows no window, no more than it holds is offered: there it is exact."""
    kinds = getattr(config, "layer_types", None)
    has_window = kinds is None or "sliding_attention" in kinds
    window = getattr(config, "sliding_window", None) if has_window else None
    length = int(config.max_position_embeddings)
    return {"context_length": min(length, int(window))} if window else {}


def _gemma_fields(config: Any) -> Fields:
    fields: dict[str, object] = {}
    if window := getattr(config, "sliding_window", None):
        fields["attention.sliding_window"] = int(window)
    for name, key in (("attn", "attn_logit_softcapping"), ("final", "final_logit_softcapping")):
        if limit := getattr(config, f"{name}_logit_softcapping", None):
            fields[key] = float(limit)
    return fields


def _phi3_fields(config: Any) -> Fields:
    window = getattr(config, "sliding_window", None)
    return {"attention.sliding_window": int(window or 0), **_within_window(config)}


def _neox_fields(config: Any) -> Fields:
    return {"use_parallel_residual": bool(config.use_parallel_residual)}


_ARCHITECTURES = {
    "llama": Architecture(arch=gguf.MODEL_ARCH.LLAMA, change=_llama),
    "mistral": Architecture(arch=gguf.MODEL_ARCH.LLAMA, change=_llama, fields=_within_window),
    "qwen2": Architecture(arch=gguf.MODEL_ARCH.QWEN2, change=_as_it_is, fields=_within_window),
    "qwen3": Architecture(arch=gguf.MODEL_ARCH.QWEN3, change=_as_it_is, fields=_within_window),
    "phi3": Architecture(arch=gguf.MODEL_ARCH.PHI3, change=_as_it_is, fields=_phi3_fields),
    "gemma": Architecture(arch=gguf.MODEL_ARCH.GEMMA, change=_gemma),
    "gemma2": Architecture(arch=gguf.MODEL_ARCH.GEMMA2, change=_gemma, fields=_gemma_fields),
    "gemma3_text": Architecture(arch=gguf.MODEL_ARCH.GEMMA3, change=_gemma, fields=_gemma_fields),
    "gpt2": Architecture(arch=gguf.MODEL_ARCH.GPT2, change=_gpt2, has_rms=False),
    "gpt_neox": Architecture(
        arch=gguf.MODEL_ARCH.GPTNEOX, change=_gptneox, fields=_neox_fields, has_rms=False
    ),
}
