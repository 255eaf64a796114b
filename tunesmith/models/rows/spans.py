"""Query, key and value of a row -> attention span by span, in torch's own operations.

What works on every device, for every term that a family may have; faster ways are compared
with it. D is the size of a head.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch.nn import functional

from tunesmith.tokens.collate import Span, path_of


def span_by_span(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    spans: Sequence[Span],
    options: Mapping[str, Any],
) -> torch.Tensor:
    """The same in torch's own operations: every device, and every term a family may have."""
    # One split and one cat: the backward of a slice would fill the whole row with zeros, once
    # an example, so that time would grow with the square of their number.
    lengths = [span.length for span in spans]
    queries, keys, values = (states.split(lengths, dim=2) for states in (query, key, value))
    outputs = []
    for index, queried in enumerate(queries):
        path = path_of(spans, index)
        seen_keys = torch.cat([keys[i] for i in path], dim=2)
        seen_values = torch.cat([values[i] for i in path], dim=2)
        outputs.append(causal_attention(queried, seen_keys, seen_values, options))
    return torch.cat(outputs, dim=2)


def causal_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, options: Mapping[str, Any]
) -> torch.Tensor:
    """Attention of one text, or of its last tokens: the queries stand at the end of the keys."""
    has_extras = options.get("softcap") is not None or options.get("s_aux") is not None
    attend = _explicit_attention if has_extras else _attention
    return attend(query, key, value, options)


def _attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, options: Mapping[str, Any]
) -> torch.Tensor:
    length, num_seen = query.shape[2], key.shape[2]
    window = options.get("sliding_window")
    is_whole = length == num_seen and (window is None or length <= window)
    attend = partial(
        functional.scaled_dot_product_attention,
        attn_mask=None if is_whole else _mask(length, num_seen, window, query.device),
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
    """Attention with terms that the fused kernels lack: capped scores and sinks."""
    repeats = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(repeats, dim=1), value.repeat_interleave(repeats, dim=1)
    scores = query @ key.transpose(-1, -2) * (options.get("scaling") or query.shape[-1] ** -0.5)
    mask = _mask(query.shape[2], key.shape[2], options.get("sliding_window"), query.device)
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


def _mask(length: int, num_seen: int, window: int | None, device: torch.device) -> torch.Tensor:
    """(length, num_seen) bool: True where one of the last `length` positions sees another."""
    place = torch.arange(num_seen, device=device)
    distance = place[-length:, None] - place[None, :]
    return (distance >= 0) & (distance < (window or num_seen))
