"""Attention for several examples in one row: each attends to itself and to what it continues.

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

from tunesmith.models.rows.fused_rows import fused_row_attention
from tunesmith.models.rows.varlen_rows import can_vary, varlen_row_attention
from tunesmith.tokens.collate import Span, path_of

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
    """Causal attention within each span of a row and the spans it continues.

    Args:
        module: The attention layer; the key under which slots keep what it made.
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
    scale, window = options.get("scaling"), options.get("sliding_window")
    is_plain = not any(options.get(term) is not None for term in ("softcap", "s_aux"))
    is_plain = is_plain and not options.get("dropout") and query.shape[3] == value.shape[3]
    is_whole = window is None or all(span.first + span.length <= window for span in spans)
    if is_plain and is_whole and query.device.type == "cpu":
        out = fused_row_attention(query, key, value, spans=spans, scale=scale)
    elif is_plain and can_vary(query):
        out = varlen_row_attention(
            query, key, value, spans=spans, scale=scale, window=None if is_whole else window
        )
    else:
        out = span_by_span(query, key, value, spans, options)
    return out.transpose(1, 2).contiguous(), None


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


def use_attention(model: PreTrainedModel, name: str) -> None:
    """Switch a model to one attention implementation, wherever its layers look it up."""
    model.set_attn_implementation(name)
