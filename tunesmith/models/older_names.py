"""A `config.json` of transformers 5 -> the same, with the names by which older readers know it.

MLX, TGI and transformers 4 read `rope_theta` and `rope_scaling`; where these are missing they take
defaults without a word, and compute something else (mlx-lm 0.32: Llama 3 turns at 10,000 instead of
500,000).
"""

from collections.abc import Mapping
from typing import Any

_OTHERS = {  # by kind of model: the older name, and what it is called now
    "gpt2": {"n_ctx": "n_positions"},
    "gemma3_text": {"sliding_window_pattern": "_sliding_window_pattern"},
}


def with_older_names(found: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a `config.json` with older names beside the new ones; none is replaced."""
    kind = str(found.get("model_type"))
    older = {name: found[new] for name, new in _OTHERS.get(kind, {}).items() if new in found}
    rope = found.get("rope_parameters") or {}
    whole = rope.get("full_attention", rope)
    if "rope_theta" in whole:
        older |= _turning(whole, kind)
    if "sliding_attention" in rope:
        older["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
    return {**older, **found}


def _turning(rope: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """How positions are encoded, by older names."""
    if kind == "gpt_neox":
        share = rope.get("partial_rotary_factor", 1.0)
        return {"rotary_emb_base": rope["rope_theta"], "rotary_pct": share}
    told = {"rope_theta": rope["rope_theta"]}
    if "partial_rotary_factor" in rope:
        told["partial_rotary_factor"] = rope["partial_rotary_factor"]
    if rope.get("rope_type", "default") == "default":
        return told
    own = ("rope_theta", "partial_rotary_factor")
    return {**told, "rope_scaling": {key: rope[key] for key in rope if key not in own}}
