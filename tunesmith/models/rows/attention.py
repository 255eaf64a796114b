"""Attention for several examples in one row: each attends to itself and to what it continues.

Registered with transformers' `AttentionInterface`, so that every model family that goes
through it can read a row. The spans travel as a keyword argument of the model's forward,
which activation checkpointing repeats faithfully. No mask is built: transformers makes
none for an implementation that its mask interface does not know.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from transformers import AttentionInterface, PreTrainedModel

from tunesmith.models.rows.fused_rows import fused_row_attention
from tunesmith.models.rows.spans import span_by_span
from tunesmith.models.rows.varlen_rows import can_vary, varlen_row_attention
from tunesmith.tokens.collate import Span

ROWS = "tunesmith_rows"


class AttentionCache(Protocol):
    """What attention sees of a key-value cache (`rows.key_value_cache`)."""

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
        module: The attention layer; the key under which the cache keeps what it made.
        query: (1, heads, T, D).
        key: (1, key-value heads, T, D).
        value: (1, key-value heads, T, D).
        attention_mask: Always None here.
        options: `spans`, where each example stands, and the terms of the family's formula:
            `scaling`, `dropout`, `sliding_window` (tokens a position sees, itself
            included), `softcap` (Gemma 2), `s_aux` (gpt-oss's sinks, one a head). With
            `cache` instead of `spans` the row continues texts whose beginnings are kept there.

    Returns:
        (1, T, heads, D), and no weights.

    Raises:
        KeyError: The model lost the spans on the way here, so it cannot read a row.
    """
    cache: AttentionCache | None = options.get("key_value_cache")
    if cache is not None:
        return cache.attend(module, (query, key, value), options), None
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


def use_attention(model: PreTrainedModel, name: str) -> None:
    """Switch a model to one attention implementation, wherever its layers look it up."""
    model.set_attn_implementation(name)
