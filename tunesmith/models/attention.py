"""Attention for several examples in one row: each example attends to itself alone.

Registered with transformers' `AttentionInterface`, so that every model family that goes
through it can read a row. The spans travel as a keyword argument of the model's forward,
which activation checkpointing repeats faithfully. No mask is built: transformers makes
none for an implementation that its mask interface does not know.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import torch
from torch.nn import functional
from transformers import AttentionInterface, PreTrainedModel

from tunesmith.tokens.collate import Span

ROWS = "tunesmith_rows"


class Slots(Protocol):
    """Keys and values of texts that are being written (`models.slots`)."""

    def attend(
        self,
        module: torch.nn.Module,
        states: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
        options: Mapping[str, Any],
    ) -> torch.Tensor:
        """Query, key and value of new tokens -> what each sees of its text, (1, T, heads, D)."""
        ...


def register() -> None:
    """Make `ROWS` known to transformers; doing it again changes nothing."""
    AttentionInterface.register(ROWS, row_attention)


def row_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Causal attention within each span of a row.

    Args:
        module: The attention layer; unused, part of the interface.
        query: (1, heads, T, D).
        key: (1, key-value heads, T, D).
        value: (1, key-value heads, T, D).
        attention_mask: Always None here.
        options: `spans`, where each example stands, and the terms of the family's formula:
            `scaling`, `dropout`, `sliding_window` (tokens a position sees, itself
            included), `softcap` (Gemma 2), `s_aux` (gpt-oss's sinks, one a head). With
            `slots` instead of `spans` the row continues texts whose beginnings are kept there.

    Returns:
        (1, T, heads, D), and no weights.

    Raises:
        KeyError: The model lost the spans on the way here, so it cannot read a row.
    """
    slots: Slots | None = options.get("slots")
    if slots is not None:
        return slots.attend(module, (query, key, value), options), None
    spans: Sequence[Span] = options["spans"]
    # One split and one cat: the backward of a slice would fill the whole row with zeros, once
    # an example, so that time would grow with the square of their number.
    lengths = [span.length for span in spans]
    parts = zip(*(states.split(lengths, dim=2) for states in (query, key, value)), strict=True)
    outputs = [causal_attention(q, k, v, options) for q, k, v in parts]
    return torch.cat(outputs, dim=2).transpose(1, 2).contiguous(), None


def causal_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, options: Mapping[str, Any]
) -> torch.Tensor:
    """Attention of one text, or of its last tokens: the queries stand at the end of the keys."""
    is_fused = options.get("softcap") is None and options.get("s_aux") is None
    attend = _fused_attention if is_fused else _explicit_attention
    return attend(query, key, value, options)


def _fused_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, options: Mapping[str, Any]
) -> torch.Tensor:
    window = options.get("sliding_window")
    is_whole = query.shape[2] == key.shape[2] and (window is None or key.shape[2] <= window)
    attend = partial(
        functional.scaled_dot_product_attention,
        attn_mask=None if is_whole else _window_mask(query, key, window),
        dropout_p=options.get("dropout", 0.0),
        is_causal=is_whole,
        scale=options.get("scaling"),
        enable_gqa=query.shape[1] != key.shape[1],
    )
    if query.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
        return attend(query, key, value)
    # On the CPU the backward of torch 2.13's bf16 kernel takes four times as long as fp32's.
    with torch.autocast("cpu", enabled=False):
        return attend(query.float(), key.float(), value.float()).to(value.dtype)


def _explicit_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, options: Mapping[str, Any]
) -> torch.Tensor:
    """Attention with terms that the fused kernel lacks: capped scores and sinks."""
    repeats = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(repeats, dim=1), value.repeat_interleave(repeats, dim=1)
    mask = _window_mask(query, key, options.get("sliding_window"))
    scores = query @ key.transpose(-1, -2) * (options.get("scaling") or query.shape[-1] ** -0.5)
    weights = attention_weights(scores, mask, options)
    return functional.dropout(weights, options.get("dropout", 0.0)) @ value


def attention_weights(
    scores: torch.Tensor, mask: torch.Tensor, options: Mapping[str, Any]
) -> torch.Tensor:
    """Scores of queries and keys -> weights, with the terms that a family may add.

    Args:
        scores: (B, heads, queries, keys), scaled.
        mask: True where a query sees a key; of a shape that broadcasts.
        options: As in `row_attention`.
    """
    softcap, sinks = options.get("softcap"), options.get("s_aux")
    if softcap is not None:
        scores = torch.tanh(scores / softcap) * softcap
    scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    if sinks is not None:
        sink = sinks.reshape(1, -1, 1, 1).expand(len(scores), -1, scores.shape[2], 1)
        scores = torch.cat([scores, sink], dim=-1)
    weights = functional.softmax(scores, dim=-1, dtype=torch.float32).to(scores.dtype)
    return weights if sinks is None else weights[..., :-1]


def _window_mask(query: torch.Tensor, key: torch.Tensor, window: int | None) -> torch.Tensor:
    """(queries, keys) bool: True where a position sees another."""
    num_queries, num_keys = query.shape[2], key.shape[2]
    place = torch.arange(num_keys, device=query.device)
    distance = place[num_keys - num_queries :, None] - place[None, :]
    return (distance >= 0) & (distance < (window or num_keys))


def use_attention(model: PreTrainedModel, name: str) -> None:
    """Switch a model to one attention implementation, wherever its layers look it up."""
    model.set_attn_implementation(name)
